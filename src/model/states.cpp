#include "model/states.h"

#include <algorithm>
#include <array>

namespace ferrite::model::states {
namespace {

constexpr State kStates[] = {
    // clang-format off
    // name, target, stable, unstable, update allowed, lookup allowed, lookup with fast track
    {enroll,          "",         true,  false, false, false, true},
    {verifying,       manageable, false, true,  true,  false, false},
    {manageable,      "",         true,  false, false, false, true},
    {available,       "",         true,  false, false, false, true},
    {active,          "",         true,  false, false, false, false},
    {error,           "",         true,  false, true,  false, false},
    {rescue,          "",         true,  false, false, false, false},
    {deploying,       active,     false, true,  false, true,  true},
    {deploy_wait,     active,     false, true,  false, true,  true},
    {deploy_failed,   active,     false, false, true,  false, false},
    {deploy_hold,     active,     false, false, false, false, false},
    {deleting,        available,  false, true,  false, false, false},
    {cleaning,        available,  false, true,  false, true,  true},
    {clean_wait,      available,  false, true,  false, true,  true},
    {clean_failed,    available,  false, false, true,  false, false},
    {clean_hold,      available,  false, false, false, false, false},
    {inspecting,      manageable, false, true,  true,  true,  true},
    {inspect_wait,    manageable, false, true,  true,  true,  true},
    {inspect_failed,  manageable, false, false, true,  false, false},
    {adopting,        active,     false, true,  false, false, false},
    {adopt_failed,    active,     false, false, true,  false, false},
    {rescuing,        rescue,     false, true,  false, true,  true},
    {rescue_wait,     rescue,     false, true,  false, true,  true},
    {rescue_failed,   rescue,     false, false, true,  false, false},
    {unrescuing,      active,     false, true,  false, false, false},
    {unrescue_failed, active,     false, false, true,  false, false},
    {servicing,       active,     false, true,  false, false, true},
    {service_wait,    active,     false, true,  false, true,  true},
    {service_failed,  active,     false, false, true,  false, false},
    {service_hold,    active,     false, false, true,  false, true},
    // clang-format on
};

constexpr Transition kTransitions[] = {
    {enroll, "manage", verifying},
    {verifying, "done", manageable},
    {verifying, "fail", enroll},
    {manageable, "provide", cleaning},
    {manageable, "clean", cleaning},
    {manageable, "inspect", inspecting},
    {manageable, "adopt", adopting},
    {available, "deploy", deploying},
    {available, "manage", manageable},
    {deploying, "fail", deploy_failed},
    {deploying, "wait", deploy_wait},
    {deploying, "hold", deploy_hold},
    {deploying, "done", active},
    {deploy_wait, "resume", deploying},
    {deploy_wait, "fail", deploy_failed},
    {deploy_wait, "abort", deploy_failed},
    {deploy_wait, "hold", deploy_hold},
    {deploy_wait, "delete", deleting},
    {deploy_hold, "unhold", deploy_wait},
    {deploy_hold, "abort", deploy_failed},
    {deploy_failed, "rebuild", deploying},
    {deploy_failed, "deploy", deploying},
    {deploy_failed, "delete", deleting},
    {active, "rebuild", deploying},
    {active, "delete", deleting},
    {active, "rescue", rescuing},
    {active, "service", servicing},
    {deleting, "clean", cleaning},
    {deleting, "fail", error},
    {error, "rebuild", deploying},
    {error, "delete", deleting},
    {cleaning, "done", available},
    {cleaning, "manage", manageable},
    {cleaning, "fail", clean_failed},
    {cleaning, "wait", clean_wait},
    {cleaning, "hold", clean_hold},
    {clean_wait, "resume", cleaning},
    {clean_wait, "fail", clean_failed},
    {clean_wait, "abort", clean_failed},
    {clean_wait, "hold", clean_hold},
    {clean_hold, "unhold", clean_wait},
    {clean_hold, "abort", clean_failed},
    {clean_failed, "manage", manageable},
    {inspecting, "done", manageable},
    {inspecting, "fail", inspect_failed},
    {inspecting, "wait", inspect_wait},
    {inspect_wait, "done", manageable},
    {inspect_wait, "fail", inspect_failed},
    {inspect_wait, "abort", inspect_failed},
    {inspect_wait, "resume", inspecting},
    {inspect_failed, "manage", manageable},
    {inspect_failed, "inspect", inspecting},
    {adopting, "done", active},
    {adopting, "fail", adopt_failed},
    {adopt_failed, "adopt", adopting},
    {adopt_failed, "manage", manageable},
    {rescuing, "done", rescue},
    {rescuing, "wait", rescue_wait},
    {rescuing, "fail", rescue_failed},
    {rescue_wait, "resume", rescuing},
    {rescue_wait, "fail", rescue_failed},
    {rescue_wait, "abort", rescue_failed},
    {rescue_wait, "delete", deleting},
    {rescue, "rescue", rescuing},
    {rescue, "unrescue", unrescuing},
    {rescue, "delete", deleting},
    {rescue_failed, "rescue", rescuing},
    {rescue_failed, "unrescue", unrescuing},
    {rescue_failed, "delete", deleting},
    {unrescuing, "done", active},
    {unrescuing, "fail", unrescue_failed},
    {unrescue_failed, "rescue", rescuing},
    {unrescue_failed, "unrescue", unrescuing},
    {unrescue_failed, "delete", deleting},
    {servicing, "done", active},
    {servicing, "fail", service_failed},
    {servicing, "wait", service_wait},
    {servicing, "hold", service_hold},
    {service_wait, "resume", servicing},
    {service_wait, "fail", service_failed},
    {service_wait, "abort", service_failed},
    {service_wait, "hold", service_hold},
    {service_wait, "delete", deleting},
    {service_hold, "service", servicing},
    {service_hold, "unhold", service_wait},
    {service_hold, "fail", service_failed},
    {service_hold, "abort", service_failed},
    {service_failed, "service", servicing},
    {service_failed, "rescue", rescuing},
    {service_failed, "wait", service_wait},
    {service_failed, "hold", service_hold},
    {service_failed, "delete", deleting},
    {service_failed, "abort", active},
};

constexpr Verb kVerbs[] = {
    {"active", "deploy"},
    {"deploy", "deploy", since(1, 73)},
    {"rebuild", "rebuild"},
    {"deleted", "delete"},
    {"undeploy", "delete", since(1, 73)},
    {"manage", "manage", since(1, 4)},
    {"provide", "provide", since(1, 4)},
    {"inspect", "inspect", since(1, 6)},
    {"abort", "abort", since(1, 13)},
    {"clean", "clean", since(1, 15)},
    {"adopt", "adopt", since(1, 17)},
    {"rescue", "rescue", since(1, 38)},
    {"unrescue", "unrescue", since(1, 38)},
    {"unhold", "unhold", since(1, 85)},
    {"service", "service", since(1, 87)},
};

}  // namespace

std::span<const State> all() {
    return kStates;
}

const State* find(std::string_view name) {
    auto row = std::ranges::find(kStates, name, &State::name);
    return row == std::end(kStates) ? nullptr : &*row;
}

std::span<const Transition> transitions() {
    return kTransitions;
}

std::optional<std::string_view> next(std::string_view from, std::string_view event) {
    for (const auto& edge : kTransitions)
        if (edge.from == from && edge.event == event) return edge.to;
    return std::nullopt;
}

std::span<const Verb> verbs() {
    return kVerbs;
}

const Verb* find_verb(std::string_view name) {
    auto row = std::ranges::find(kVerbs, name, &Verb::name);
    return row == std::end(kVerbs) ? nullptr : &*row;
}

bool deletable(std::string_view state, bool allow_available) {
    return state == manageable || state == enroll || state == adopt_failed ||
           (allow_available && state == available);
}

bool is_failure(std::string_view state) {
    return state.ends_with("failed") || state == error;
}

}  // namespace ferrite::model::states

namespace ferrite::model::power {

bool is_action(std::string_view target) {
    return target == on || target == off || target == reboot || target == soft_reboot ||
           target == soft_off;
}

}  // namespace ferrite::model::power

namespace ferrite::model::faults {

bool known(std::string_view fault) {
    return fault == power_failure || fault == clean_failure || fault == rescue_abort_failure ||
           fault == service_failure;
}

}  // namespace ferrite::model::faults
