#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "hardware/interfaces.h"

namespace ferrite::hardware {

/// How long power changes may take when nobody says otherwise (`[conductor]` options).
struct PowerTimeouts {
    std::chrono::seconds change{60};     ///< power_state_change_timeout
    std::chrono::seconds soft_off{600};  ///< soft_power_off_timeout
};

/// Puts the node into the power state that `action` ("power on", "rebooting", "soft power off",
/// ...) asks for, and keeps the node's fields in step: nothing is sent when it is there already, a
/// failure leaves `target_power_state` clear (reference: conductor.md section 2.10).
///
/// Throws Error that names the action and the cause.
Task<> power_action(NodeContext* context, std::string action, PowerTimeouts timeouts,
                    std::optional<std::chrono::seconds> timeout = std::nullopt);

/// Forgets what is known of an agent that is no longer running: URL, token, certificate, steps.
void forget_agent(model::Node& node);

}  // namespace ferrite::hardware
