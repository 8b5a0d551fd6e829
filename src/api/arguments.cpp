#include "api/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/core.h>

#include "api/text.h"
#include "base/error.h"
#include "base/uuid.h"
#include "model/node.h"
#include "model/port.h"

namespace ferrite::api {
namespace {

/// Values in errors are cut: a client may have sent megabytes.
std::string shown(const Json& value) {
    auto text = value.is_string() ? std::string(value.get_string()) : to_text(value);
    if (text.size() > 100) text = text.substr(0, 100) + "...";
    return text;
}

/// An argument that is given twice is a list of its values.
void merge(JsonObject& values, std::string_view name, Json value) {
    auto* present = values.if_contains(name);
    if (!present) {
        values.emplace(name, std::move(value));
        return;
    }
    if (!present->is_array()) *present = JsonArray{std::move(*present)};
    present->get_array().push_back(std::move(value));
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

Arguments::Arguments(const Call& call) : lists_may_repeat_(call.parts->manners.lists_may_repeat) {
    bool readable = true;
    query_ = parse_query(call.http.query, &readable);
    if (!readable)
        throw InvalidValue("The query string has a '%' that is not followed by two hex digits.");
    for (const auto& [name, value] : query_) merge(values_, name, Json(value));
}

Arguments Arguments::of_query(const Call& call) {
    Arguments arguments(call);
    // DELETE takes its arguments from the query only, but a body with some is not overlooked.
    if (call.http.method == "DELETE" && call.http.body.starts_with('{')) arguments.add_body(call);
    return arguments;
}

Arguments Arguments::of_query_and_body(const Call& call) {
    Arguments arguments(call);
    arguments.add_body(call);
    return arguments;
}

void Arguments::add_body(const Call& call) {
    const auto& type = call.http.headers.get("Content-Type");
    if (type.starts_with("application/x-www-form-urlencoded")) {
        for (const auto& [name, value] : parse_query(call.http.body))
            merge(values_, name, Json(value));
        return;
    }
    if (type.find("json") == type.npos) return;
    try {
        auto body = call.document();
        if (!body.is_object()) return;
        for (auto& member : body.get_object())
            merge(values_, member.key(), std::move(member.value()));
    } catch (const InvalidValue&) {
        // A body that is no JSON holds no arguments: the missing one will be named.
    }
}

bool Arguments::given(std::string_view name) const {
    return values_.contains(name);
}

Json Arguments::take(std::string_view name) {
    asked_.emplace(name);
    auto* value = values_.if_contains(name);
    return value ? *value : Json();
}

void Arguments::refuse(std::string_view name, const Json& value, std::string_view expected) const {
    throw InvalidValue(
        fmt::format("Argument {} must be {}, and '{}' is not.", name, expected, shown(value)));
}

std::optional<std::string> Arguments::text(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    if (!value.is_string()) refuse(name, value, "one text");
    return std::string(value.get_string());
}

void Arguments::require(std::string_view name) const {
    if (!given(name)) throw InvalidValue(fmt::format("Argument {} is missing: give one.", name));
}

std::optional<std::string> Arguments::required_text(std::string_view name) {
    require(name);
    return text(name);
}

std::optional<bool> Arguments::required_flag(std::string_view name) {
    require(name);
    return flag(name);
}

std::optional<bool> Arguments::flag(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    if (value.is_bool()) return value.get_bool();
    std::optional<bool> flag;
    if (value.is_string()) flag = boolean_word(value.get_string());
    if (value.is_int64() && (value.get_int64() == 0 || value.get_int64() == 1))
        flag = value.get_int64() == 1;
    if (!flag) refuse(name, value, "one of 0, 1, f, false, n, no, off, on, t, true, y, yes");
    return flag;
}

std::optional<std::int64_t> Arguments::integer(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    std::optional<std::int64_t> number;
    if (value.is_int64()) number = value.get_int64();
    if (value.is_string()) number = whole_number(value.get_string());
    if (value.is_double() && std::fabs(value.get_double()) < 1e15)
        number = static_cast<std::int64_t>(value.get_double());
    if (!number) refuse(name, value, "a whole number");
    return number;
}

std::optional<std::string> Arguments::uuid(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    std::optional<std::string> uuid;
    if (value.is_string()) uuid = normalised_uuid(value.get_string());
    if (!uuid) refuse(name, value, "a UUID");
    return uuid;
}

std::optional<std::string> Arguments::ident(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    if (!value.is_string() ||
        (!normalised_uuid(value.get_string()) && !model::is_logical_name(value.get_string())))
        refuse(name, value, "a UUID or a name of letters, digits, '-', '.', '_' and '~'");
    return std::string(value.get_string());
}

std::optional<std::string> Arguments::mac(std::string_view name) {
    auto value = take(name);
    if (value.is_null()) return std::nullopt;
    std::optional<std::string> mac;
    if (value.is_string()) mac = model::normalised_mac(value.get_string());
    if (!mac) refuse(name, value, "a MAC address such as 52:54:00:12:34:56");
    return mac;
}

std::optional<std::vector<std::string>> Arguments::words(std::string_view name) {
    auto value = take(name);
    if (value.is_string()) return comma_separated(lower_case(value.get_string()));
    return list(name, value);
}

std::optional<std::vector<std::string>> Arguments::texts(std::string_view name) {
    auto value = take(name);
    if (value.is_string()) return comma_separated(value.get_string());
    return list(name, value);
}

/// An argument that was given several times.
std::optional<std::vector<std::string>> Arguments::list(std::string_view name,
                                                        const Json& value) const {
    if (value.is_null()) return std::nullopt;
    if (!lists_may_repeat_ || !value.is_array()) refuse(name, value, "one comma-separated text");
    std::vector<std::string> words;
    for (const auto& element : value.get_array()) {
        if (!element.is_string()) refuse(name, value, "comma-separated text");
        words.emplace_back(element.get_string());
    }
    return words;
}

Json Arguments::json(std::string_view name) {
    return take(name);
}

void Arguments::finish() const {
    std::vector<std::string> unexpected;
    for (const auto& value : values_)
        if (!asked_.contains(value.key())) unexpected.emplace_back(value.key());
    if (unexpected.empty()) return;
    throw InvalidValue(
        fmt::format("Unexpected arguments: {}. This request takes none of that name.",
                    shown(Json(joined(unexpected, ", ")))));
}

}  // namespace ferrite::api
