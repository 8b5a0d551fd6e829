#include "api/config_drive.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::api {
namespace {

using model::since;

bool is_base64_or_url(std::string_view text) {
    if (text.find("://") != text.npos) return true;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/' || c == '=' || c == '\r' || c == '\n' || c == '\t' || c == ' ';
    });
}

void check_member(std::string_view key, const Json& value) {
    bool data = key == "meta_data" || key == "network_data" || key == "vendor_data";
    if (!data && key != "user_data")
        throw InvalidValue(fmt::format(
            "'{}' is no part of a config drive: it has meta_data, network_data, user_data and "
            "vendor_data.",
            key.substr(0, 100)));
    if (data && !value.is_object())
        throw InvalidValue(fmt::format("{} of a config drive must be an object.", key));
    bool user_data = value.is_object() || value.is_array() || value.is_string() || value.is_null();
    if (!data && !user_data)
        throw InvalidValue("user_data of a config drive must be an object, a list or a text.");
}

void check_object(const Call& call, const JsonObject& drive) {
    if (!call.has(since(1, 56)))
        throw InvalidValue(
            "A config drive as a JSON object is part of the API since version 1.56: send base64 "
            "text or a newer version.");
    for (const auto& entry : drive) check_member(entry.key(), entry.value());
    if (drive.contains("vendor_data") && !call.has(since(1, 59)))
        throw InvalidValue("vendor_data in a config drive is part of the API since version 1.59.");
}

}  // namespace

Json read_config_drive(const Json& value) {
    if (value.is_string()) return value.get_string().empty() ? Json() : value;
    if (value.is_object()) return value.get_object().empty() ? Json() : value;
    if (value.is_null()) return value;
    throw InvalidValue("configdrive must be text (base64 or a URL) or an object.");
}

void check_config_drive(const Call& call, std::string_view target, const Json& drive) {
    if (drive.is_null()) return;
    bool rebuild = target == "rebuild" && call.has(since(1, 35));
    if (target != "active" && !rebuild)
        throw InvalidValue(
            "A configdrive goes with the target active, and since version 1.35 with rebuild.");
    if (drive.is_object()) return check_object(call, drive.get_object());
    if (!is_base64_or_url(drive.get_string()))
        throw InvalidValue("The configdrive is neither a URL nor base64 text.");
}

}  // namespace ferrite::api
