#include "model/chassis.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Chassis> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Chassis::uuid, since(1, 1), brief, always, unique),
    field("created_at", timestamp, &Chassis::created_at, since(1, 1)),
    field("updated_at", timestamp, &Chassis::updated_at, since(1, 1)),
    field("description", text, &Chassis::description, since(1, 1), brief, always, at_most(255)),
    field("extra", object, &Chassis::extra, since(1, 1), always),
    computed<Chassis>("links", list, since(1, 1), brief),
    computed<Chassis>("nodes", list, since(1, 1)),
    // clang-format on
};

}  // namespace

std::span<const Field<Chassis>> chassis_fields() {
    return kFields;
}

}  // namespace ferrite::model
