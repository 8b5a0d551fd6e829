#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conductor/client.h"
#include "conductor/services.h"

/// What the API asks of a node's hardware beside verbs and power (reference: api.md sections 10.8
/// to 10.11 and 11.2 to 11.4). All of them throw as conductor::Client says.
namespace ferrite::conductor {

Task<BootDevice> read_boot_device(Services* services, std::string uuid);
Task<> write_boot_device(Services* services, std::string uuid, std::string device, bool persistent);

/// These three return when the request was accepted. A failure afterwards is told in last_error.
Task<> begin_boot_mode(Services* services, std::string uuid, std::string mode);
Task<> begin_secure_boot(Services* services, std::string uuid, bool on);
Task<> begin_console(Services* services, std::string uuid, bool enabled);

/// Nothing while the console is not enabled.
Task<std::optional<JsonObject>> console_access(Services* services, std::string uuid);

Task<> inject_nmi(Services* services, std::string uuid);

Task<std::vector<Indicator>> list_indicators(Services* services, std::string uuid);
Task<std::string> read_indicator(Services* services, std::string uuid, std::string component,
                                 std::string id);
Task<> write_indicator(Services* services, std::string uuid, std::string component, std::string id,
                       std::string state);

Task<> store_target_raid_config(Services* services, std::string uuid, JsonObject config);

}  // namespace ferrite::conductor
