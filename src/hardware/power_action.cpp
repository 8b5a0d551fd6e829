#include "hardware/power_action.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;

/// The state that the machine is in when `action` has worked.
std::string_view result_of(std::string_view action) {
    return action == power::off || action == power::soft_off ? power::off : power::on;
}

bool is_reboot(std::string_view action) {
    return action == power::reboot || action == power::soft_reboot;
}

Task<> send(NodeContext* context, std::string action, std::chrono::seconds timeout) {
    if (is_reboot(action))
        co_await context->driver.power->reboot(context, action == power::soft_reboot, timeout);
    else
        co_await context->driver.power->set_power_state(context, action, timeout);
}

}  // namespace

void forget_agent(model::Node& node) {
    auto& info = node.driver_internal_info;
    bool pregenerated = info.get("agent_secret_token_pregenerated") == Json(true);
    info.erase({"agent_url", "agent_cached_clean_steps", "agent_cached_clean_steps_refreshed",
                "agent_cached_deploy_steps", "agent_cached_deploy_steps_refreshed",
                "agent_cached_service_steps", "agent_cached_service_steps_refreshed",
                "agent_verify_ca", "agent_start_attempted"});
    if (!pregenerated) info.erase({"agent_secret_token", "agent_token_issuer"});
}

Task<> power_action(NodeContext* context, std::string action, PowerTimeouts timeouts,
                    std::optional<std::chrono::seconds> timeout) {
    auto& node = context->node;
    context->on_power_action("start", result_of(action));
    auto limit = timeout.value_or(action.starts_with("soft") ? timeouts.soft_off : timeouts.change);
    if (node.disable_power_off && result_of(action) == power::off) {
        node.target_power_state.reset();
        context->on_power_action("error", result_of(action));
        throw Conflict(
            fmt::format("Node {} has disable_power_off set: it is never powered off.", node.uuid));
    }
    try {
        if (!is_reboot(action)) {
            auto present = co_await context->driver.power->power_state(context);
            if (present == result_of(action)) {
                node.power_state = present;
                node.target_power_state.reset();
                context->on_power_action("end", result_of(action));
                co_return;
            }
        }
        node.target_power_state = result_of(action);
        co_await send(context, action, limit);
    } catch (Error& error) {
        node.target_power_state.reset();
        context->on_power_action("error", result_of(action));
        error.within(
            fmt::format("Failed to change power state to '{}' by '{}'", result_of(action), action));
        throw;
    } catch (...) {
        node.target_power_state.reset();
        context->on_power_action("error", result_of(action));
        throw;
    }
    node.power_state = result_of(action);
    node.target_power_state.reset();
    if (action != power::on) forget_agent(node);
    node.driver_internal_info.set("last_power_state_change", Json(ferrite::to_text(now_seconds())));
    context->on_power_action("end", result_of(action));
}

}  // namespace ferrite::hardware
