#include "store/bios_settings.h"

#include "store/hardware_parts.h"
#include "store/tables.h"

namespace ferrite::store::bios_settings {

using model::BiosSetting;

std::vector<BiosSetting> of_node(Sql& db, std::string_view node_uuid) {
    return parts_of_node(db, bios_setting_table(), node_uuid);
}

std::optional<BiosSetting> find(Sql& db, std::string_view node_uuid, std::string_view name) {
    auto settings = of_node(db, node_uuid);
    auto found = std::ranges::find(settings, name, &BiosSetting::name);
    if (found == settings.end()) return std::nullopt;
    return std::move(*found);
}

void put(Sql& db, std::string_view node_uuid, std::vector<BiosSetting> settings) {
    put_parts(db, bios_setting_table(), node_uuid, &BiosSetting::name, std::move(settings));
}

}  // namespace ferrite::store::bios_settings
