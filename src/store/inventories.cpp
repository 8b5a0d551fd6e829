#include "store/inventories.h"

#include "store/tables.h"

namespace ferrite::store::inventories {

using model::NodeInventory;

void put(Sql& db, NodeInventory& inventory) {
    Query old(db, "DELETE FROM node_inventory WHERE node_uuid=?");
    old.bind(0, std::string_view(inventory.node_uuid)).run();
    inventory.created_at = now_seconds();
    insert_row(db, node_inventory_table(), inventory);
}

std::optional<NodeInventory> find(Sql& db, std::string_view node_uuid) {
    return find_row(db, node_inventory_table(), "node_uuid", std::string(node_uuid));
}

}  // namespace ferrite::store::inventories
