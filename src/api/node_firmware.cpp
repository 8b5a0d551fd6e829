#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "model/firmware_component.h"
#include "store/firmware_components.h"

/// Versions of the firmware of a node's parts, as they were last read (reference: api.md section
/// 11.8).
namespace ferrite::api {
namespace {

using model::FirmwareComponent;

const Resource<FirmwareComponent>& firmware_resource() {
    static const Resource<FirmwareComponent> resource{
        .noun = "firmware component",
        .collection = "firmware",
        .fields = model::firmware_component_fields(),
        .views = {},
        .brief_names = "",
        .key_field = "component",
        .key = &FirmwareComponent::component,
    };
    return resource;
}

/// Unlike elsewhere, a field that the version does not have yet is a 400.
void check_field_versions(const Call& call, const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto* field = find_field(firmware_resource().fields, std::string_view(name));
        if (field && !call.has(field->since))
            throw InvalidValue(fmt::format(
                "The field {} of firmware components is there since version {}, and the request "
                "asks for version {}.",
                name, field->since.text(), call.version.text()));
    }
}

}  // namespace

HttpResponse list_node_firmware(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    auto detail = arguments.flag("detail");
    arguments.finish();
    if (fields) check_field_versions(call, *fields);
    auto document = part_list_document(firmware_resource(), call, fields, detail.value_or(false));
    auto node = find_node(call, call.words[0]);
    auto components = call.store().read(
        [&](store::Sql& db) { return store::firmware_components::of_node(db, node.uuid); });
    return part_list_reply(firmware_resource(), call, document, components);
}

}  // namespace ferrite::api
