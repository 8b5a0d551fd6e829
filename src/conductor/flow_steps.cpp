#include "conductor/flow_steps.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/runtime.h"
#include "hardware/power_action.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace power = model::power;

constexpr std::string_view kHold = "hold";
constexpr std::string_view kWait = "wait";

struct PowerStep {
    std::string_view name;
    std::string_view action;
};
constexpr PowerStep kPowerSteps[] = {
    {"power_on", power::on}, {"power_off", power::off}, {"reboot", power::reboot}};

const PowerStep* find_power_step(std::string_view name) {
    auto found = std::ranges::find(kPowerSteps, name, &PowerStep::name);
    return found == std::end(kPowerSteps) ? nullptr : &*found;
}

/// How long a `wait` step waits; nothing when it is for the agent to report.
std::optional<std::chrono::seconds> seconds_of(const Step& step) {
    const auto* value = step.args.if_contains("seconds");
    if (!value) return std::nullopt;
    if (!value->is_int64() || value->get_int64() < 0)
        throw InvalidValue(
            fmt::format("Step {}: seconds must be a whole number, 0 or more.", step.id()));
    return std::chrono::seconds(value->get_int64());
}

}  // namespace

bool is_flow_step(const Step& step) {
    return step.name == kHold || step.name == kWait || find_power_step(step.name);
}

void settle_flow_step(Step& step) {
    for (const auto& arg : step.args)
        if (step.name != kWait || arg.key() != "seconds")
            throw InvalidValue(fmt::format("Step {} takes no argument '{}'.", step.id(),
                                           std::string_view(arg.key())));
    step.abortable = true;
    // Without the ramdisk there is nobody who could report.
    step.requires_ramdisk = step.name == kWait && !seconds_of(step);
}

Task<StepsResult> run_flow_step(NodeSession* session, Step step) {
    const auto& options = session->services().options;
    if (step.name == kHold) co_return StepsResult::held;
    if (step.name == kWait) {
        auto seconds = seconds_of(step);
        if (!seconds) co_return StepsResult::waiting;
        co_await sleep_for(std::min(*seconds, options.max_wait_step));
        co_return StepsResult::finished;
    }
    const auto* action = find_power_step(step.name);
    co_await hardware::power_action(session, std::string(action->action), options.power);
    co_return StepsResult::finished;
}

}  // namespace ferrite::conductor
