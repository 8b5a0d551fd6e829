#pragma once

#include <optional>
#include <string_view>

#include "model/node_inventory.h"
#include "store/sql.h"

/// Inventories of nodes in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::inventories {

/// Keeps `inventory` as the node's only one and stamps `created_at`.
void put(Sql& db, model::NodeInventory& inventory);

std::optional<model::NodeInventory> find(Sql& db, std::string_view node_uuid);

}  // namespace ferrite::store::inventories
