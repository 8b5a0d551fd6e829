#include "model/conductor.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Conductor> kFields[] = {
    // clang-format off
    field("hostname", text, &Conductor::hostname, since(1, 49), brief, unique),
    field("created_at", timestamp, &Conductor::created_at, since(1, 49)),
    field("updated_at", timestamp, &Conductor::updated_at, since(1, 49)),
    field("conductor_group", text, &Conductor::conductor_group, since(1, 49), brief),
    field("drivers", list, &Conductor::drivers, since(1, 49)),
    field("online", boolean, &Conductor::online, since(1, 49), hidden),
    field("entered", boolean, &Conductor::entered, since(1, 49), hidden),
    field("incarnation", text, &Conductor::incarnation, since(1, 49), hidden),
    field("rpc_endpoint", text, &Conductor::rpc_endpoint, since(1, 49), hidden, unsortable),
    field("offers", list, &Conductor::offers, since(1, 49), hidden),
    computed<Conductor>("alive", boolean, since(1, 49), brief),
    computed<Conductor>("links", list, since(1, 49), brief, unselectable),
    // clang-format on
};

}  // namespace

std::span<const Field<Conductor>> conductor_fields() {
    return kFields;
}

}  // namespace ferrite::model
