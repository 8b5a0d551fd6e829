#pragma once

#include <string_view>
#include <vector>

#include "model/firmware_component.h"
#include "store/sql.h"

/// Firmware components of nodes in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::firmware_components {

/// All of one node, by component.
std::vector<model::FirmwareComponent> of_node(Sql& db, std::string_view node_uuid);

/// Makes `components` the node's only ones. Their current versions count: initial_version and
/// last_version_flashed follow from those and from what was there before.
void put(Sql& db, std::string_view node_uuid, std::vector<model::FirmwareComponent> components);

}  // namespace ferrite::store::firmware_components
