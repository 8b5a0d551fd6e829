#include "model/node_inventory.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<NodeInventory> kFields[] = {
    // clang-format off
    field("node_uuid", uuid, &NodeInventory::node_uuid, since(1, 81), hidden, unique),
    field("created_at", timestamp, &NodeInventory::created_at, since(1, 81), hidden),
    field("inventory_data", object, &NodeInventory::inventory_data, since(1, 81)),
    field("plugin_data", object, &NodeInventory::plugin_data, since(1, 81)),
    // clang-format on
};

}  // namespace

std::span<const Field<NodeInventory>> node_inventory_fields() {
    return kFields;
}

}  // namespace ferrite::model
