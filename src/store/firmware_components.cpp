#include "store/firmware_components.h"

#include "store/hardware_parts.h"
#include "store/tables.h"

namespace ferrite::store::firmware_components {

using model::FirmwareComponent;

std::vector<FirmwareComponent> of_node(Sql& db, std::string_view node_uuid) {
    return parts_of_node(db, firmware_component_table(), node_uuid);
}

void put(Sql& db, std::string_view node_uuid, std::vector<FirmwareComponent> components) {
    auto old = of_node(db, node_uuid);
    for (auto& part : components) {
        auto before = std::ranges::find(old, part.component, &FirmwareComponent::component);
        if (before == old.end()) {
            part.initial_version = part.current_version.value_or("");
            continue;
        }
        part.initial_version = before->initial_version;
        part.last_version_flashed = part.current_version == before->current_version
                                        ? before->last_version_flashed
                                        : part.current_version;
    }
    put_parts(db, firmware_component_table(), node_uuid, &FirmwareComponent::component,
              std::move(components));
}

}  // namespace ferrite::store::firmware_components
