#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/micro_version.h"

/// The provision state machine as data (reference: conductor.md section 1, api.md section 10).
/// States, events and verbs are the words of the API, so they are kept as text.
namespace ferrite::model::states {

inline constexpr std::string_view enroll = "enroll";
inline constexpr std::string_view verifying = "verifying";
inline constexpr std::string_view manageable = "manageable";
inline constexpr std::string_view available = "available";
inline constexpr std::string_view active = "active";
inline constexpr std::string_view error = "error";
inline constexpr std::string_view rescue = "rescue";
inline constexpr std::string_view deploying = "deploying";
inline constexpr std::string_view deploy_wait = "wait call-back";
inline constexpr std::string_view deploy_failed = "deploy failed";
inline constexpr std::string_view deploy_hold = "deploy hold";
inline constexpr std::string_view deleting = "deleting";
inline constexpr std::string_view cleaning = "cleaning";
inline constexpr std::string_view clean_wait = "clean wait";
inline constexpr std::string_view clean_failed = "clean failed";
inline constexpr std::string_view clean_hold = "clean hold";
inline constexpr std::string_view inspecting = "inspecting";
inline constexpr std::string_view inspect_wait = "inspect wait";
inline constexpr std::string_view inspect_failed = "inspect failed";
inline constexpr std::string_view adopting = "adopting";
inline constexpr std::string_view adopt_failed = "adopt failed";
inline constexpr std::string_view rescuing = "rescuing";
inline constexpr std::string_view rescue_wait = "rescue wait";
inline constexpr std::string_view rescue_failed = "rescue failed";
inline constexpr std::string_view unrescuing = "unrescuing";
inline constexpr std::string_view unrescue_failed = "unrescue failed";
inline constexpr std::string_view servicing = "servicing";
inline constexpr std::string_view service_wait = "service wait";
inline constexpr std::string_view service_failed = "service failed";
inline constexpr std::string_view service_hold = "service hold";

/// What is to be known of a state; the reference's table 1.1, a row each.
struct State {
    std::string_view name;
    std::string_view target;      ///< target_provision_state on entering; empty: none.
    bool stable = false;          ///< Nothing is under way.
    bool unstable = false;        ///< Boot mode and secure boot requests are refused.
    bool update_allowed = false;  ///< PATCH is allowed although a target is set.
    bool lookup_allowed = false;  ///< An agent may look its node up.
    bool fast_track_lookup = false;
};
std::span<const State> all();
const State* find(std::string_view name);

/// One edge of the machine: 93 of them.
struct Transition {
    std::string_view from;
    std::string_view event;
    std::string_view to;
};
std::span<const Transition> transitions();

/// The state that `event` leads to from `from`; nothing when the machine has no such edge.
std::optional<std::string_view> next(std::string_view from, std::string_view event);

/// A word that `PUT states/provision` takes.
struct Verb {
    std::string_view name;   ///< "active", "deleted", ...
    std::string_view event;  ///< What it is to the machine.
    MicroVersion since{1};
};
std::span<const Verb> verbs();
const Verb* find_verb(std::string_view name);

/// True when a node in `state` may be deleted without maintenance.
bool deletable(std::string_view state, bool allow_available);

/// True for states that end in "failed", and for `error`.
bool is_failure(std::string_view state);

}  // namespace ferrite::model::states

/// The power states of the API and the actions that lead to them.
namespace ferrite::model::power {

inline constexpr std::string_view on = "power on";
inline constexpr std::string_view off = "power off";
inline constexpr std::string_view reboot = "rebooting";
inline constexpr std::string_view soft_reboot = "soft rebooting";
inline constexpr std::string_view soft_off = "soft power off";
inline constexpr std::string_view error = "error";

bool is_action(std::string_view target);

}  // namespace ferrite::model::power

namespace ferrite::model::faults {

inline constexpr std::string_view power_failure = "power failure";
inline constexpr std::string_view clean_failure = "clean failure";
inline constexpr std::string_view rescue_abort_failure = "rescue abort failure";
inline constexpr std::string_view service_failure = "service failure";

bool known(std::string_view fault);

}  // namespace ferrite::model::faults
