#include "api/steps.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"

namespace ferrite::api {
namespace {

constexpr std::array<std::string_view, 7> kInterfaces = {
    "vendor", "power", "management", "firmware", "deploy", "bios", "raid"};

/// Which keys a step may have beside interface, step and args.
constexpr std::array<std::string_view, 3> kCleanKeys = {"order", "execute_on_child_nodes",
                                                        "limit_child_node_execution"};
constexpr std::array<std::string_view, 1> kDeployKeys = {"priority"};

struct Place {
    std::string_view argument;
    std::size_t index;

    [[noreturn]] void refuse(std::string_view why) const {
        throw InvalidValue(fmt::format("Step {} of {}: {}.", index, argument, why));
    }
};

/// A whole number of 0 or more, or digits that make one.
bool is_rank(const Json& value) {
    if (value.is_int64()) return value.get_int64() >= 0;
    if (!value.is_string()) return false;
    std::string_view text = value.get_string();
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

void check_keys(const Place& place, StepKind kind, const JsonObject& step) {
    std::span<const std::string_view> more = kCleanKeys;
    if (kind == StepKind::deploy) more = kDeployKeys;
    for (const auto& entry : step) {
        std::string_view key = entry.key();
        if (key != "interface" && key != "step" && key != "args" &&
            std::ranges::find(more, key) == more.end())
            place.refuse(fmt::format("'{}' has no meaning in a step", key.substr(0, 100)));
    }
}

void check_children(const Place& place, const JsonObject& step) {
    if (const auto* flag = step.if_contains("execute_on_child_nodes"); flag && !flag->is_bool())
        place.refuse("execute_on_child_nodes must be true or false");
    const auto* children = step.if_contains("limit_child_node_execution");
    if (!children) return;
    bool good = children->is_array() && std::ranges::all_of(children->get_array(), [](auto& c) {
                    return c.is_string() && normalised_uuid(c.get_string()).has_value();
                });
    if (!good) place.refuse("limit_child_node_execution must be a list of node UUIDs");
}

void check_step(const Place& place, StepKind kind, const Json& value) {
    if (!value.is_object()) place.refuse("it must be an object");
    const auto& step = value.get_object();
    auto interface = string_member(value, "interface");
    if (std::ranges::find(kInterfaces, interface) == kInterfaces.end())
        place.refuse(
            "it needs an interface: vendor, power, management, firmware, deploy, bios or raid");
    if (string_member(value, "step").empty()) place.refuse("it needs a step: its name");
    check_keys(place, kind, step);
    if (const auto* args = step.if_contains("args"); args && !args->is_object())
        place.refuse("args must be an object");
    if (const auto* order = step.if_contains("order"); order && !is_rank(*order))
        place.refuse("order must be a whole number, 0 or more");
    check_children(place, step);
    if (kind != StepKind::deploy) return;
    const auto* priority = step.if_contains("priority");
    if (!priority || !is_rank(*priority))
        place.refuse("it needs a priority: a whole number, 0 or more");
}

}  // namespace

JsonArray read_step_list(std::string_view argument, const Json& value) {
    if (value.is_null()) return {};
    if (!value.is_array()) throw InvalidValue(fmt::format("{} must be a list.", argument));
    return value.get_array();
}

void check_steps(std::string_view argument, StepKind kind, const JsonArray& steps,
                 std::span<const std::string> disallowed) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        Place place{argument, i};
        check_step(place, kind, steps[i]);
        auto name = fmt::format("{}.{}", string_member(steps[i], "interface"),
                                string_member(steps[i], "step"));
        if (std::ranges::find(disallowed, name) != disallowed.end())
            place.refuse(fmt::format("this service does not allow {} to be asked for", name));
    }
}

}  // namespace ferrite::api
