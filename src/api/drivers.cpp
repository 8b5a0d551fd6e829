#include <algorithm>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/selection.h"
#include "base/error.h"

/// Hardware types (reference: api.md section 16). They are not stored: the conductors offer them.
namespace ferrite::api {
namespace {

using conductor::DriverInfo;
using model::since;

/// The kinds of interface of which a driver tells its default and what is enabled.
struct InterfaceRow {
    std::string_view kind;
    model::MicroVersion since;
};
constexpr InterfaceRow kInterfaces[] = {
    {"boot", since(1, 30)},     {"console", since(1, 30)},    {"deploy", since(1, 30)},
    {"inspect", since(1, 30)},  {"management", since(1, 30)}, {"network", since(1, 30)},
    {"power", since(1, 30)},    {"raid", since(1, 30)},       {"vendor", since(1, 30)},
    {"storage", since(1, 33)},  {"rescue", since(1, 38)},     {"bios", since(1, 40)},
    {"firmware", since(1, 86)},
};

JsonArray driver_links(const Call& call, std::string_view name, std::string_view below = "") {
    return {JsonObject{{"href", fmt::format("{}/v1/drivers/{}{}", call.base, name, below)},
                       {"rel", "self"}},
            JsonObject{{"href", fmt::format("{}/drivers/{}{}", call.base, name, below)},
                       {"rel", "bookmark"}}};
}

void add_interfaces(const Call& call, const DriverInfo& driver, JsonObject& body) {
    for (const auto& [kind, first] : kInterfaces) {
        if (!call.has(first)) continue;
        auto chosen = driver.defaults.find(kind);
        body[fmt::format("default_{}_interface", kind)] =
            chosen == driver.defaults.end() ? Json() : Json(chosen->second);
        JsonArray enabled;
        if (auto found = driver.enabled.find(kind); found != driver.enabled.end()) {
            auto names = found->second;
            std::ranges::sort(names);
            enabled = JsonArray(names.begin(), names.end());
        }
        body[fmt::format("enabled_{}_interfaces", kind)] = std::move(enabled);
    }
}

JsonObject driver_object(const Call& call, const DriverInfo& driver, bool detailed) {
    JsonObject body;
    body["name"] = driver.name;
    body["hosts"] = JsonArray(driver.hosts.begin(), driver.hosts.end());
    body["links"] = driver_links(call, driver.name);
    if (call.has(since(1, 14))) body["properties"] = driver_links(call, driver.name, "/properties");
    if (!call.has(since(1, 30))) return body;
    body["type"] = "dynamic";
    if (detailed) add_interfaces(call, driver, body);
    return body;
}

/// Only the members that `fields` names, and links. Throws InvalidValue for another name.
JsonObject selected(const JsonObject& body, const std::vector<std::string>& fields) {
    JsonObject part;
    for (const auto& name : fields) {
        const auto* value = body.if_contains(name);
        if (!value || name == "links")
            throw InvalidValue(fmt::format(
                "'{}' is no field of a driver that can be selected here.", name.substr(0, 100)));
        part[name] = *value;
    }
    part["links"] = body.at("links");
    return part;
}

DriverInfo find_driver(const Call& call, std::string_view name) {
    auto drivers = call.conductor().drivers();
    auto found = std::ranges::find(drivers, name, &DriverInfo::name);
    if (found == drivers.end())
        throw NotFound(fmt::format("No live conductor offers a driver '{}'.", name.substr(0, 100)));
    return std::move(*found);
}

void require_selection(const Call& call, const std::optional<std::vector<std::string>>& fields) {
    if (fields) require_version(call, since(1, 77), "Selecting fields of drivers");
}

HttpResponse show(const Call& call, const std::optional<std::vector<std::string>>& fields) {
    require_selection(call, fields);
    auto object = driver_object(call, find_driver(call, call.words[0]), true);
    if (fields) object = selected(object, *fields);
    return json_reply(200, to_text(Json(std::move(object))));
}

/// Names and what they mean.
HttpResponse glossary(const std::map<std::string, std::string, std::less<>>& meanings) {
    JsonObject body;
    for (const auto& [name, meaning] : meanings) body[name] = meaning;
    return json_reply(200, to_text(Json(std::move(body))));
}

}  // namespace

HttpResponse list_drivers(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto type = arguments.text("type");
    auto detail = arguments.flag("detail");
    auto fields = arguments.words("fields");
    arguments.finish();
    if (type || detail) require_version(call, since(1, 30), "Filtering and detailing drivers");
    require_selection(call, fields);
    if (type && *type != "classic" && *type != "dynamic")
        throw InvalidValue("The filter type must be classic or dynamic.");
    if (detail.value_or(false) && fields)
        throw InvalidValue("detail=true and fields= exclude each other: leave one out.");
    if (fields) selected(driver_object(call, DriverInfo{}, false), *fields);
    JsonArray drivers;
    if (type != "classic")
        for (const auto& driver : call.conductor().drivers()) {
            auto object = driver_object(call, driver, detail.value_or(false));
            drivers.emplace_back(fields ? selected(object, *fields) : std::move(object));
        }
    return json_reply(200, to_text(Json(JsonObject{{"drivers", std::move(drivers)}})));
}

HttpResponse show_driver(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    return show(call, fields);
}

HttpResponse show_driver_field(const Call& call) {
    Arguments::of_query(call).finish();
    return show(call, comma_separated(call.words[1]));
}

HttpResponse show_driver_properties(const Call& call) {
    Arguments::of_query(call).finish();
    return glossary(find_driver(call, call.words[0]).properties);
}

HttpResponse show_named_driver_properties(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto name = arguments.required_text("driver_name");
    arguments.finish();
    return glossary(find_driver(call, name.value_or("")).properties);
}

HttpResponse show_logical_disk_properties(const Call& call) {
    Arguments::of_query(call).finish();
    return glossary(find_driver(call, call.words[0]).logical_disk_properties);
}

}  // namespace ferrite::api
