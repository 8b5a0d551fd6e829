#include "model/allocation.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Allocation> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Allocation::uuid, since(1, 52), on_create, unique),
    field("created_at", timestamp, &Allocation::created_at, since(1, 52)),
    field("updated_at", timestamp, &Allocation::updated_at, since(1, 52)),
    field("name", text, &Allocation::name, since(1, 52), always, unique, at_most(255)),
    field("resource_class", text, &Allocation::resource_class, since(1, 52), on_create, indexed, at_most(80)),
    field("candidate_nodes", list, &Allocation::candidate_nodes, since(1, 52), on_create),
    field("traits", list, &Allocation::traits, since(1, 52), on_create),
    field("extra", object, &Allocation::extra, since(1, 52), always),
    field("owner", text, &Allocation::owner, since(1, 60), on_create, indexed, at_most(255)),
    field("node_uuid", uuid, &Allocation::node_uuid, since(1, 52), indexed, unsortable),
    field("state", text, &Allocation::state, since(1, 52), indexed),
    field("last_error", text, &Allocation::last_error, since(1, 52)),
    field("conductor_affinity", text, &Allocation::conductor_affinity, since(1, 52), hidden, unsortable),
    computed<Allocation>("links", list, since(1, 52)),
    // clang-format on
};

}  // namespace

std::span<const Field<Allocation>> allocation_fields() {
    return kFields;
}

}  // namespace ferrite::model
