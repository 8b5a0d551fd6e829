#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/core.h>

#include "api/ports.h"
#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {
namespace {

using model::since;

constexpr std::array<std::string_view, 7> kKeys = {
    "port_id",      "switch_id",           "switch_info",         "hostname",
    "network_type", "vtep-logical-switch", "vtep-physical-switch"};

/// One of the forms that a connection may have.
struct Form {
    std::initializer_list<std::string_view> required;
    std::initializer_list<std::string_view> optional;
};

bool has_form(const JsonObject& link, const Form& form) {
    for (auto key : form.required)
        if (!link.contains(key)) return false;
    for (const auto& entry : link) {
        std::string_view key = entry.key();
        if (std::ranges::find(form.required, key) == form.required.end() &&
            std::ranges::find(form.optional, key) == form.optional.end())
            return false;
    }
    return true;
}

bool has_known_form(const JsonObject& link) {
    return link.empty() ||
           has_form(link,
                    {{"port_id", "switch_id"}, {"switch_info", "hostname", "network_type"}}) ||
           has_form(link, {{"port_id", "hostname"}, {"switch_info", "network_type"}}) ||
           has_form(link, {{"network_type"}, {}}) ||
           has_form(link, {{"port_id", "vtep-logical-switch", "vtep-physical-switch"}, {}});
}

/// A MAC address or an OpenFlow datapath id, in lower case; nothing for anything else.
std::optional<std::string> switch_id(std::string_view text) {
    if (auto mac = model::normalised_mac(text)) return mac;
    auto lower = lower_case(text);
    if (lower.size() != 23) return std::nullopt;
    for (std::size_t i = 0; i < lower.size(); ++i) {
        char c = lower[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (i % 3 == 2 ? c != ':' : !hex) return std::nullopt;
    }
    return lower;
}

void check_network_type(const Call& call, const JsonObject& link) {
    const auto* type = link.if_contains("network_type");
    if (!type) return;
    require_version(call, since(1, 64), "network_type in local_link_connection");
    std::string_view word = type->get_string();
    if (word != "managed" && word != "unmanaged")
        throw InvalidValue("network_type in local_link_connection must be managed or unmanaged.");
    if (link.size() == 1 && word == "managed")
        throw InvalidValue(
            "local_link_connection with the network_type managed needs port_id and switch_id.");
}

}  // namespace

Json checked_local_link(const Call& call, const Json& sent) {
    if (sent.is_null()) return JsonObject();
    if (!sent.is_object()) throw InvalidValue("local_link_connection must be an object.");
    auto link = sent.get_object();
    for (const auto& entry : link) {
        std::string_view key = entry.key();
        if (std::ranges::find(kKeys, key) == kKeys.end() || !entry.value().is_string())
            throw InvalidValue(fmt::format(
                "'{}' in local_link_connection: it takes texts for {}.", key.substr(0, 100),
                "port_id, switch_id, switch_info, hostname and network_type"));
    }
    if (!has_known_form(link))
        throw InvalidValue(
            "local_link_connection must have port_id with switch_id or hostname, or be only "
            "{\"network_type\": \"unmanaged\"}, or be empty.");
    check_network_type(call, link);
    if (link.contains("vtep-logical-switch") &&
        (!call.has(since(1, 90)) || call.has(since(1, 105))))
        throw Error(406, "not_acceptable",
                    "vtep keys in local_link_connection are part of the API from version 1.90 to "
                    "1.104 only.");
    if (auto* id = link.if_contains("switch_id")) {
        auto normal = switch_id(id->get_string());
        if (!normal)
            throw InvalidValue(
                "switch_id in local_link_connection must be a MAC address or an OpenFlow datapath "
                "id of eight hex pairs.");
        *id = *normal;
    }
    return link;
}

}  // namespace ferrite::api
