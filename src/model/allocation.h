#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// A request for some node that fits, and what became of it (reference: api.md section 18). Its
/// UUID is the `instance_uuid` of the node it got.
struct Allocation {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::optional<std::string> name;
    std::optional<std::string> resource_class;
    JsonText candidate_nodes;  ///< UUIDs; empty: any node will do.
    JsonText traits;           ///< All of which the node must have.
    JsonText extra;
    std::optional<std::string> owner;
    std::optional<std::string> node_uuid;
    std::string state = "allocating";
    std::optional<std::string> last_error;
    std::optional<std::string> conductor_affinity;  ///< Host that looks for the node.

    bool in_state(std::string_view word) const { return state == word; }
};

/// The states of an allocation, as the API says them.
namespace allocation_states {
inline constexpr std::string_view allocating = "allocating";
inline constexpr std::string_view active = "active";
inline constexpr std::string_view error = "error";
}  // namespace allocation_states

std::span<const Field<Allocation>> allocation_fields();

}  // namespace ferrite::model
