#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "model/port.h"

/// What other services tell of the network (reference: api.md section 17). It is only logged.
namespace ferrite::api {
namespace {

using model::since;

bool is_text(const Json& value) {
    return value.is_string();
}
bool is_kind(const Json& value) {
    constexpr std::array<std::string_view, 3> kKinds = {"network.bind_port", "network.unbind_port",
                                                        "network.delete_port"};
    return is_text(value) &&
           std::ranges::find(kKinds, std::string_view(value.get_string())) != kKinds.end();
}
bool is_uuid(const Json& value) {
    return is_text(value) && normalised_uuid(value.get_string());
}
bool is_uuid_or_null(const Json& value) {
    return value.is_null() || is_uuid(value);
}
bool is_text_or_null(const Json& value) {
    return value.is_null() || is_text(value);
}
bool is_mac(const Json& value) {
    return is_text(value) && model::normalised_mac(value.get_string());
}

/// A member of an event.
struct Part {
    std::string_view name;
    bool (*fits)(const Json&);
    std::string_view expected;
    bool required = true;
};
constexpr std::string_view kUuid = "a UUID";
constexpr Part kParts[] = {
    {"event", is_kind, "network.bind_port, network.unbind_port or network.delete_port"},
    {"port_id", is_uuid, kUuid},
    {"mac_address", is_mac, "a MAC address"},
    {"status", is_text, "a text"},
    {"device_id", is_uuid_or_null, kUuid, false},
    {"binding:host_id", is_uuid_or_null, kUuid, false},
    {"binding:vnic_type", is_text_or_null, "a text", false},
};

void check_event(const Json& event) {
    if (!event.is_object()) throw InvalidValue("Each of the events must be an object.");
    const auto& members = event.get_object();
    for (const auto& part : kParts) {
        const auto* value = members.if_contains(part.name);
        if (!value && part.required)
            throw InvalidValue(fmt::format("An event needs {}: add it.", part.name));
        if (value && !part.fits(*value))
            throw InvalidValue(fmt::format("{} of an event must be {}.", part.name, part.expected));
    }
    for (const auto& entry : members)
        if (std::ranges::find(kParts, std::string_view(entry.key()), &Part::name) ==
            std::end(kParts))
            throw InvalidValue(
                fmt::format("An event has no '{}'.", std::string_view(entry.key()).substr(0, 100)));
}

}  // namespace

HttpResponse post_events(const Call& call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto events = arguments.json("events");
    arguments.finish();
    if (!events.is_array() || events.get_array().empty())
        throw InvalidValue("The body must be {\"events\": [...]}, with at least one event.");
    for (const auto& event : events.get_array()) check_event(event);
    if (!call.has(since(1, 54))) throw NotFound("Events are part of the API since version 1.54.");
    for (const auto& event : events.get_array())
        log_info("EVENT_RECEIVED", "event={} port={} mac={} status={}",
                 string_member(event, "event"), string_member(event, "port_id"),
                 string_member(event, "mac_address"), to_text(member(event, "status")));
    return empty_reply(204);
}

}  // namespace ferrite::api
