#include "conductor/rule_conditions.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/regex.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "base/ip_address.h"
#include "conductor/rule_values.h"
#include "model/inspection_rule.h"

namespace ferrite::conductor {
namespace {

/// What it costs to match a regular expression may grow with the square of this.
constexpr std::size_t kLongestMatched = 4096;

std::optional<double> number_in(const Json& value) {
    if (value.is_number()) return value.to_number<double>();
    if (!value.is_string()) return std::nullopt;
    std::string_view text = value.get_string();
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// As numbers when one of them is a number and the other reads as one.
std::partial_ordering order(const Json& a, const Json& b, bool as_text) {
    if (!as_text && (a.is_number() || b.is_number()))
        if (auto x = number_in(a), y = number_in(b); x && y) return *x <=> *y;
    return plain_text(a).compare(plain_text(b)) <=> 0;
}

/// Whether all neighbours in the list are in the order that `wanted` accepts.
template <class Wanted>
bool all_neighbours(const JsonObject& args, Wanted wanted) {
    const auto* values = args.if_contains("values");
    if (!values || !values->is_array())
        throw InvalidValue("A condition compares values, which must be a list.");
    const auto& list = values->get_array();
    const auto* forced = args.if_contains("force_strings");
    bool as_text = forced && *forced == Json(true);
    for (std::size_t i = 1; i < list.size(); ++i)
        if (!wanted(order(list[i - 1], list[i], as_text))) return false;
    return true;
}

bool is_empty(const Json& value) {
    return value.is_null() || (value.is_string() && value.get_string().empty()) ||
           (value.is_array() && value.get_array().empty()) ||
           (value.is_object() && value.get_object().empty());
}

bool is_word(const Json& value, std::initializer_list<std::string_view> words) {
    auto text = plain_text(value);
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return std::ranges::find(words, text) != words.end();
}

std::string text_of(const JsonObject& args, std::string_view name) {
    const auto* value = args.if_contains(name);
    return value ? plain_text(*value) : std::string();
}

const Json& value_of(const JsonObject& args, std::string_view name = "value") {
    static const Json kNothing;
    const auto* value = args.if_contains(name);
    return value ? *value : kNothing;
}

bool in_network(const std::string& address_text, const std::string& network) {
    auto slash = network.find('/');
    auto address = IpAddress::parse(address_text);
    auto base = IpAddress::parse(network.substr(0, slash));
    if (!base) throw InvalidValue(fmt::format("The subnet '{}' of a rule is none.", network));
    if (!address || address->is_v4() != base->is_v4()) return false;
    unsigned bits = base->is_v4() ? 32 : 128;
    if (slash != network.npos) {
        auto digits = network.substr(slash + 1);
        bool number = !digits.empty() && digits.size() <= 3 &&
                      digits.find_first_not_of("0123456789") == digits.npos;
        if (!number || std::stoul(digits) > bits)
            throw InvalidValue(fmt::format("The subnet '{}' of a rule is none.", network));
        bits = static_cast<unsigned>(std::stoul(digits));
    }
    for (unsigned bit = 0; bit < bits; ++bit) {
        auto mask = 0x80U >> bit % 8;
        if ((address->bytes()[bit / 8] & mask) != (base->bytes()[bit / 8] & mask)) return false;
    }
    return true;
}

enum class Extent { whole, part };
bool fits_regex(const JsonObject& args, Extent extent) {
    auto text = text_of(args, "value");
    if (text.size() > kLongestMatched)
        throw InvalidValue(
            fmt::format("A rule matches a text of {} characters against a regular expression, and "
                        "{} is the limit: name a smaller part of the data.",
                        text.size(), kLongestMatched));
    auto pattern = text_of(args, "regex");
    try {
        boost::regex regex(pattern);
        return extent == Extent::whole ? boost::regex_match(text, regex)
                                       : boost::regex_search(text, regex);
    } catch (const std::runtime_error& problem) {
        // Of the pattern, or of the attempts that it takes, which the library bounds.
        throw InvalidValue(fmt::format("The regular expression '{}' of a rule can not be used: {}",
                                       pattern.substr(0, 200), problem.what()));
    }
}

bool is_one_of(const JsonObject& args) {
    const auto& values = value_of(args, "values");
    return values.is_array() && std::ranges::any_of(values.get_array(), [&](const Json& one) {
               return order(value_of(args), one, false) == 0;
           });
}

struct ConditionRow {
    std::string_view op;
    bool (*holds)(const JsonObject& args);
};
constexpr ConditionRow kConditions[] = {
    {"eq", [](const JsonObject& a) { return all_neighbours(a, [](auto o) { return o == 0; }); }},
    {"lt", [](const JsonObject& a) { return all_neighbours(a, [](auto o) { return o < 0; }); }},
    {"gt", [](const JsonObject& a) { return all_neighbours(a, [](auto o) { return o > 0; }); }},
    {"is-empty", [](const JsonObject& a) { return is_empty(value_of(a)); }},
    {"in-net",
     [](const JsonObject& a) { return in_network(text_of(a, "address"), text_of(a, "subnet")); }},
    {"matches", [](const JsonObject& a) { return fits_regex(a, Extent::whole); }},
    {"contains", [](const JsonObject& a) { return fits_regex(a, Extent::part); }},
    {"one-of", is_one_of},
    {"is-none", [](const JsonObject& a) { return is_word(value_of(a), {"null", "none"}); }},
    {"is-true", [](const JsonObject& a) { return is_word(value_of(a), {"true", "yes"}); }},
    {"is-false",
     [](const JsonObject& a) { return is_word(value_of(a), {"false", "no", "null", "none"}); }},
};

bool holds_once(std::string_view op, const Json& args, const JsonObject& scope) {
    for (const auto& row : kConditions) {
        if (row.op != op) continue;
        auto known = std::ranges::find(model::rule_conditions(), op, &model::RuleOperation::name);
        auto named =
            arguments_by_name(args, known == model::rule_conditions().end()
                                        ? std::string()
                                        : fmt::format("{},{}", known->needs, known->takes));
        // What is not there is empty, while other conditions look at the text as it stands.
        std::optional<Json> missing;
        if (op == "is-empty" || op == "is-none") missing = Json();
        return row.holds(filled_in(named, scope, missing).get_object());
    }
    throw InvalidValue(fmt::format("There is no condition '{}'.", op.substr(0, 100)));
}

bool holds_for(std::string_view op, const Json& condition, const JsonObject& scope) {
    const auto& loop = member(condition, "loop");
    const auto& args = member(condition, "args");
    if (loop.is_null()) return holds_once(op, args, scope);
    std::vector<bool> results;
    auto try_with = [&](const Json& item) {
        auto inner = scope;
        inner["item"] = item;
        results.push_back(holds_once(op, args, inner));
    };
    auto items = filled_in(loop, scope);
    if (items.is_array())
        for (const auto& item : items.get_array()) try_with(item);
    if (items.is_object())
        for (const auto& entry : items.get_object()) try_with(entry.value());
    if (results.empty()) return false;
    auto multiple = string_member(condition, "multiple", "any");
    if (multiple == "first") return results.front();
    if (multiple == "last") return results.back();
    bool all = multiple == "all";
    return std::ranges::find(results, !all) == results.end() ? all : !all;
}

}  // namespace

JsonObject arguments_by_name(const Json& args, std::string_view names) {
    if (args.is_object()) return args.get_object();
    JsonObject named;
    if (!args.is_array()) return named;
    for (const auto& value : args.get_array()) {
        auto comma = names.find(',');
        if (auto name = names.substr(0, comma); !name.empty()) named[name] = value;
        names = comma == names.npos ? std::string_view() : names.substr(comma + 1);
    }
    return named;
}

bool condition_holds(const Json& condition, const JsonObject& scope) {
    auto text = string_member(condition, "op");
    std::string_view op = text;
    bool inverted = op.starts_with('!');
    if (inverted) op.remove_prefix(1);
    while (op.starts_with(' ')) op.remove_prefix(1);
    return holds_for(op, condition, scope) != inverted;
}

}  // namespace ferrite::conductor
