#include "api/steps.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <set>
#include <utility>

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
constexpr std::array<std::string_view, 1> kRunbookKeys = {"order"};

/// What orders the steps of a kind among each other.
constexpr std::string_view rank_key(StepKind kind) {
    return kind == StepKind::deploy ? "priority" : "order";
}

struct Place {
    std::string_view argument;
    std::size_t index;

    [[noreturn]] void refuse(std::string_view why) const {
        throw InvalidValue(fmt::format("Step {} of {}: {}.", index, argument, why));
    }
};

/// A whole number of 0 or more, also when it is written as a text of digits.
std::optional<std::int64_t> rank_of(const Json& value) {
    std::int64_t number = -1;
    if (value.is_int64()) number = value.get_int64();
    if (value.is_string()) {
        std::string_view text = value.get_string();
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    }
    if (number < 0 || number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    return number;
}

bool is_rank(const Json& value) {
    return rank_of(value).has_value();
}

void check_keys(const Place& place, StepKind kind, const JsonObject& step) {
    std::span<const std::string_view> more = kCleanKeys;
    if (kind == StepKind::deploy) more = kDeployKeys;
    if (kind == StepKind::runbook) more = kRunbookKeys;
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
    const auto* args = step.if_contains("args");
    if (args && !args->is_object()) place.refuse("args must be an object");
    if (!args && kind == StepKind::deploy) place.refuse("it needs args: an object, maybe empty");
    check_children(place, step);
    auto key = rank_key(kind);
    const auto* rank = step.if_contains(key);
    bool needed = kind == StepKind::deploy || kind == StepKind::runbook;
    if (!rank && needed) place.refuse(fmt::format("it needs {}: a whole number, 0 or more", key));
    if (rank && !is_rank(*rank))
        place.refuse(fmt::format("{} must be a whole number, 0 or more", key));
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

JsonArray kept_steps(StepKind kind, const JsonArray& steps) {
    if (steps.empty()) throw InvalidValue("The field steps needs one step at least.");
    check_steps("steps", kind, steps, {});
    std::set<std::pair<std::string, std::string>> seen;
    JsonArray kept = steps;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        auto& step = kept[i];
        if (!seen.emplace(string_member(step, "interface"), string_member(step, "step")).second)
            Place{"steps", i}.refuse(fmt::format("{}.{} is there twice",
                                                 string_member(step, "interface"),
                                                 string_member(step, "step")));
        auto& rank = step.as_object()[rank_key(kind)];
        rank = *rank_of(rank);
    }
    return kept;
}

}  // namespace ferrite::api
