#include "model/runbook.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Runbook> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Runbook::uuid, since(1, 92), brief, on_create, unique),
    field("name", text, &Runbook::name, since(1, 92), brief, always, required, unique, at_most(255)),
    field("steps", list, &Runbook::steps, since(1, 92), always, required, masked),
    field("disable_ramdisk", boolean, &Runbook::disable_ramdisk, since(1, 92), always),
    field("extra", object, &Runbook::extra, since(1, 92), always),
    field("public", boolean, &Runbook::is_public, since(1, 92), always),
    field("owner", text, &Runbook::owner, since(1, 92), always, indexed, at_most(255)),
    field("description", text, &Runbook::description, since(1, 112), always, at_most(255)),
    field("traits", list, &Runbook::traits, since(1, 112)),
    field("created_at", timestamp, &Runbook::created_at, since(1, 92)),
    field("updated_at", timestamp, &Runbook::updated_at, since(1, 92)),
    computed<Runbook>("links", list, since(1, 92), brief),
    // clang-format on
};

}  // namespace

std::span<const Field<Runbook>> runbook_fields() {
    return kFields;
}

}  // namespace ferrite::model
