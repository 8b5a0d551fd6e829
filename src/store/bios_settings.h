#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/bios_setting.h"
#include "store/sql.h"

/// BIOS settings of nodes in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::bios_settings {

/// All of one node, by name.
std::vector<model::BiosSetting> of_node(Sql& db, std::string_view node_uuid);
std::optional<model::BiosSetting> find(Sql& db, std::string_view node_uuid, std::string_view name);

/// Makes `settings` the node's only ones; those whose names stay keep their created_at.
void put(Sql& db, std::string_view node_uuid, std::vector<model::BiosSetting> settings);

}  // namespace ferrite::store::bios_settings
