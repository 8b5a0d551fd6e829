#include "model/deploy_template.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<DeployTemplate> kFields[] = {
    // clang-format off
    field("uuid", uuid, &DeployTemplate::uuid, since(1, 55), brief, on_create, unique),
    field("name", text, &DeployTemplate::name, since(1, 55), brief, always, required, unique, at_most(255)),
    field("steps", list, &DeployTemplate::steps, since(1, 55), always, required, masked),
    field("extra", object, &DeployTemplate::extra, since(1, 55), always),
    field("created_at", timestamp, &DeployTemplate::created_at, since(1, 55)),
    field("updated_at", timestamp, &DeployTemplate::updated_at, since(1, 55)),
    computed<DeployTemplate>("links", list, since(1, 55), brief),
    // clang-format on
};

}  // namespace

std::span<const Field<DeployTemplate>> deploy_template_fields() {
    return kFields;
}

}  // namespace ferrite::model
