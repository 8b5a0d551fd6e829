#include "conductor/state_change.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "hardware/power_action.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

/// A clean that an operator asked for ends in manageable, whatever happens on the way.
bool is_cleaning_state(std::string_view state) {
    return state == states::cleaning || state == states::clean_wait ||
           state == states::clean_failed || state == states::clean_hold;
}

}  // namespace

void change_state(model::Node& node, std::string_view event, Follows follows,
                  std::optional<std::string_view> target) {
    auto from = node.provision_state.value_or(std::string(states::available));
    auto to = states::next(from, event);
    if (!to)
        throw InvalidValue(
            fmt::format("The action '{}' can not be done while node {} is in the state '{}'.",
                        event, node.uuid, from));
    const auto* state = states::find(*to);
    bool keeps_target = is_cleaning_state(from) && is_cleaning_state(*to) &&
                        node.target_provision_state.has_value();
    if (follows == Follows::work || !state->stable) {
        if (target)
            node.target_provision_state = *target;
        else if (!keeps_target)
            node.target_provision_state =
                state->target.empty() ? std::nullopt : std::optional<std::string>(state->target);
    } else {
        node.target_provision_state.reset();
    }
    if (follows == Follows::work) node.last_error.reset();
    node.provision_state = *to;
    node.provision_event = event;
    log_info("NODE_STATE", "node={} from=\"{}\" event={} to=\"{}\"", node.uuid, from, event, *to);
}

void forget_operation(model::Node& node, Forget what) {
    auto& info = node.driver_internal_info;
    JsonObject members = info.object();
    for (const char* kind : {"clean", "deploy", "service"}) {
        members.erase(fmt::format("{}_step_index", kind));
        members.erase(fmt::format("skip_current_{}_step", kind));
    }
    for (auto key : {"cleaning_reboot", "deployment_reboot", "servicing_reboot", "cleaning_polling",
                     "deployment_polling", "servicing_polling", "steps_validated",
                     "user_deploy_steps", "declarative_cleaning", "cleaning_disable_ramdisk",
                     "service_disable_ramdisk", "step_attempts"})
        members.erase(key);
    info = model::JsonText(Json(std::move(members)));
    if (what == Forget::steps_and_agent) {
        info.erase({"agent_secret_token", "agent_secret_token_pregenerated", "agent_token_issuer"});
        hardware::forget_agent(node);
    }
}

}  // namespace ferrite::conductor
