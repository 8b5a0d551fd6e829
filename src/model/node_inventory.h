#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// What the last inspection found out about a node (reference: api.md section 11.10, conductor.md
/// section 10.5). One per node.
struct NodeInventory {
    std::int64_t id = 0;
    std::string node_uuid;
    std::optional<Timestamp> created_at;
    JsonText inventory_data;  ///< The machine's parts, as agent or BMC tell them.
    JsonText plugin_data;     ///< What else came along; never the agent's logs.
};

std::span<const Field<NodeInventory>> node_inventory_fields();

}  // namespace ferrite::model
