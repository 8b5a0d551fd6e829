#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "conductor/services.h"

namespace ferrite::conductor {

/// One look at the sensors of one node, which are told as a notification
/// `hardware.<driver>.metrics` (reference: conductor.md section 14.9). A node that is in
/// maintenance, or in no state that is asked for, is passed over; it is looked at again all the
/// same. Returns after how long; zero: it is gone.
Task<std::chrono::milliseconds> send_sensor_data(Services* services, std::string uuid);

/// The payload of that notification for what the hardware said; `types` is `[sensor_data]
/// data_types`. Nothing when none of it is wanted.
std::optional<JsonObject> sensor_payload(const model::Node& node, JsonObject sensors,
                                         const std::vector<std::string>& types);

}  // namespace ferrite::conductor
