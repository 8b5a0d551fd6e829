#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "conductor/failure.h"
#include "conductor/operations.h"
#include "hardware/power_action.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace power = model::power;

/// driver_internal_info: what was asked for, of which target_power_state tells but the end.
constexpr std::string_view kAction = "power_action";

Task<> change_power(NodeSession* session, std::string action,
                    std::optional<std::chrono::seconds> timeout) {
    const auto& timeouts = session->services().options.power;
    auto failure = co_await failure_of(hardware::power_action(session, action, timeouts, timeout));
    if (failure) session->record_error("conductor", *failure);
    session->node.driver_internal_info.erase({kAction});
}

Task<> read_power(NodeSession* session, std::optional<std::string>* now) {
    *now = co_await session->driver.power->power_state(session);
}

bool is_reboot(std::string_view action) {
    return action == power::reboot || action == power::soft_reboot;
}

}  // namespace

Task<> power_off_failed(NodeSession* session) {
    auto& node = session->node;
    if (node.disable_power_off) co_return;
    auto failure = co_await failure_of(hardware::power_action(session, std::string(power::off),
                                                              session->services().options.power));
    if (failure)
        node.last_error = fmt::format("{} Also failed to power it off: {}",
                                      node.last_error.value_or(""), *failure);
}

Work begin_power(NodeSession& session, std::string action,
                 std::optional<std::chrono::seconds> timeout) {
    auto& node = session.node;
    session.driver.power->validate(session);
    auto supported = session.driver.power->supported_power_states();
    if (std::ranges::find(supported, action) == supported.end())
        throw InvalidValue(
            fmt::format("The power interface of node {} can not do '{}'.", node.uuid, action));
    bool goes_off = action == power::off || action == power::soft_off;
    node.target_power_state = goes_off ? power::off : power::on;
    node.driver_internal_info.set(kAction, Json(action));
    // In a failed state last_error tells why, and is kept until that is over.
    if (!model::states::is_failure(node.provision_state.value_or(""))) node.last_error.reset();
    return [action = std::move(action), timeout](Services*, NodeSession* held) {
        return change_power(held, action, timeout);
    };
}

Task<> resume_power(Services*, NodeSession* session) {
    auto& node = session->node;
    auto action = node.driver_internal_info.get_text(kAction);
    if (action.empty()) action = node.target_power_state.value_or(std::string(power::on));
    if (is_reboot(action)) {
        // A machine that is off has half of it behind it.
        std::optional<std::string> now;
        auto failure = co_await failure_of(read_power(session, &now));
        if (!failure && now == power::off) action = power::on;
    }
    co_await change_power(session, std::move(action), std::nullopt);
}

}  // namespace ferrite::conductor
