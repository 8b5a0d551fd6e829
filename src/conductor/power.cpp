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

Task<> change_power(NodeSession* session, std::string action,
                    std::optional<std::chrono::seconds> timeout) {
    const auto& timeouts = session->services().options.power;
    auto failure = co_await failure_of(hardware::power_action(session, action, timeouts, timeout));
    if (failure) session->record_error("conductor", *failure);
}

}  // namespace

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
    // In a failed state last_error tells why, and is kept until that is over.
    if (!model::states::is_failure(node.provision_state.value_or(""))) node.last_error.reset();
    return [action = std::move(action), timeout](Services*, NodeSession* held) {
        return change_power(held, action, timeout);
    };
}

}  // namespace ferrite::conductor
