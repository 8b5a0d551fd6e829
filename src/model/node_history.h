#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// Something that happened to a node and that its operator should find again (reference:
/// conductor.md section 16.2).
struct NodeHistory {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::string node_uuid;
    std::optional<std::string> conductor;
    std::optional<std::string> user;
    std::optional<std::string> project;
    std::string severity = "ERROR";  ///< "ERROR" or "INFO".
    std::string event;               ///< What happened, in words.
    std::string event_type;          ///< "verify", "cleaning", "deploying", "monitoring", ...
    std::optional<std::string> state;
    std::optional<std::string> target_provision_state;
    std::optional<std::int64_t> duration_seconds;
};

std::span<const Field<NodeHistory>> node_history_fields();

}  // namespace ferrite::model
