#include "api/rule_operations.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include <fmt/core.h>

#include "api/text.h"
#include "base/error.h"
#include "model/inspection_rule.h"

namespace ferrite::api {
namespace {

using model::RuleOperation;

struct Place {
    std::string_view list;  ///< "action" or "condition".
    std::size_t index;

    [[noreturn]] void refuse(std::string_view why) const {
        throw InvalidValue(fmt::format("The {} number {} of the rule: {}.", list, index, why));
    }
};

std::vector<std::string_view> names(std::string_view comma_separated) {
    if (comma_separated.empty()) return {};
    return split(comma_separated, ',');
}

const RuleOperation& find_operation(const Place& place, std::span<const RuleOperation> known,
                                    std::string_view op) {
    auto found = std::ranges::find(known, op, &RuleOperation::name);
    if (found != known.end()) return *found;
    std::string all;
    for (const auto& row : known) all += fmt::format("{}{}", all.empty() ? "" : ", ", row.name);
    place.refuse(fmt::format("its op must be one of {}", all));
}

void check_named(const Place& place, const RuleOperation& operation, const JsonObject& args) {
    auto needed = names(operation.needs), more = names(operation.takes);
    for (auto name : needed)
        if (!args.contains(name))
            place.refuse(fmt::format("{} needs the argument {}", operation.name, name));
    for (const auto& entry : args)
        if (std::string_view key = entry.key(); std::ranges::find(needed, key) == needed.end() &&
                                                std::ranges::find(more, key) == more.end())
            place.refuse(
                fmt::format("{} takes no argument '{}'", operation.name, key.substr(0, 100)));
}

void check_listed(const Place& place, const RuleOperation& operation, const JsonArray& args) {
    auto least = names(operation.needs).size();
    auto most = least + names(operation.takes).size();
    if (args.size() < least || args.size() > most)
        place.refuse(fmt::format("{} takes the arguments {}{}{}", operation.name, operation.needs,
                                 operation.takes.empty() ? "" : " and maybe ", operation.takes));
}

/// An element as it is kept, without `multiple`. `op` is without what inverts it.
JsonObject kept(const Place& place, std::span<const RuleOperation> known, const Json& element,
                std::string_view op) {
    const auto& operation = find_operation(place, known, op);
    const auto& args = member(element, "args");
    if (args.is_object())
        check_named(place, operation, args.get_object());
    else if (args.is_array())
        check_listed(place, operation, args.get_array());
    else
        place.refuse("it needs args: an object of arguments by name");
    JsonObject result{{"op", member(element, "op")}, {"args", args}};
    const auto& loop = member(element, "loop");
    if (!loop.is_null() && !loop.is_object() && !loop.is_array())
        place.refuse("its loop must be a list or an object");
    if (!loop.is_null()) result["loop"] = loop;
    return result;
}

void keep_multiple(const Place& place, const Json& element, JsonObject& result) {
    constexpr std::array<std::string_view, 4> kWords = {"any", "all", "first", "last"};
    const auto& multiple = member(element, "multiple");
    if (multiple.is_null()) return;
    if (!multiple.is_string() ||
        std::ranges::find(kWords, std::string_view(multiple.get_string())) == kWords.end())
        place.refuse("multiple must be any, all, first or last");
    if (result.contains("loop")) result["multiple"] = multiple;
}

}  // namespace

model::JsonText kept_actions(const JsonArray& actions) {
    JsonArray list;
    for (std::size_t i = 0; i < actions.size(); ++i)
        list.emplace_back(kept({"action", i}, model::rule_actions(), actions[i],
                               string_member(actions[i], "op")));
    return model::JsonText(Json(std::move(list)));
}

model::JsonText kept_conditions(const JsonArray& conditions) {
    JsonArray list;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        Place place{"condition", i};
        auto op = string_member(conditions[i], "op");
        std::string_view plain = op;
        if (plain.starts_with('!')) plain = trimmed(plain.substr(1));
        auto result = kept(place, model::rule_conditions(), conditions[i], plain);
        keep_multiple(place, conditions[i], result);
        list.emplace_back(std::move(result));
    }
    return model::JsonText(Json(std::move(list)));
}

}  // namespace ferrite::api
