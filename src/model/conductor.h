#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// A conductor process as the cluster knows it (reference: api.md section 17).
struct Conductor {
    std::int64_t id = 0;
    std::string hostname;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;  ///< Last heartbeat.
    std::string conductor_group;
    JsonText drivers;    ///< List of hardware type names.
    bool online = true;  ///< Takes nodes.
    /// May hold locks: not yet given up for dead. One that drains has not left, and is not online.
    bool entered = true;
    std::string incarnation;   ///< Tells its process from earlier ones of that name.
    std::string rpc_endpoint;  ///< URL at which it takes calls of other processes; or empty.
    JsonText offers;           ///< What it offers of each driver; see conductor/offers.h.
};

std::span<const Field<Conductor>> conductor_fields();

}  // namespace ferrite::model
