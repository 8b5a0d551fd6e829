#include "api/routes.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/handlers.h"
#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {

using model::since;

HttpResponse nothing_here(const Call& call) {
    throw NotFound(fmt::format("There is nothing at {}.", call.http.path.substr(0, 200)));
}

HttpResponse missing_ident(const Call& call) {
    throw InvalidValue(fmt::format("{} needs the identifier of one thing, behind {}/.",
                                   call.http.method, call.http.path.substr(0, 200)));
}

namespace {

constexpr Route kRoutes[] = {
    // clang-format off
    {"GET",    "nodes",                 list_nodes},
    {"POST",   "nodes",                 create_node},
    {"PATCH",  "nodes",                 missing_ident},
    {"DELETE", "nodes",                 missing_ident},
    {"GET",    "nodes/detail",          list_nodes_detail},
    {"GET",    "nodes/validate",        validate_named_node},
    {"GET",    "nodes/{node}",          show_node},
    {"PATCH",  "nodes/{node}",          patch_node},
    {"DELETE", "nodes/{node}",          delete_node},
    {"POST",   "nodes/{node}",          create_node_below},
    {"GET",    "nodes/{node}/states",             show_node_states},
    {"PUT",    "nodes/{node}/states/power",       set_node_power},
    {"PUT",    "nodes/{node}/states/provision",   set_node_provision},
    {"GET",    "nodes/{node}/states/console",     show_node_console},
    {"PUT",    "nodes/{node}/maintenance",        set_node_maintenance},
    {"DELETE", "nodes/{node}/maintenance",        clear_node_maintenance},
    {"GET",    "nodes/{node}/validate",           validate_node},
    {"GET",    "nodes/{node}/management/boot_device",           show_boot_device},
    {"PUT",    "nodes/{node}/management/boot_device",           set_boot_device},
    {"GET",    "nodes/{node}/management/boot_device/supported", show_supported_boot_devices},
    {"GET",    "nodes/{node}/traits",             show_node_traits,   since(1, 37), TooOld::fault_406},
    {"GET",    "nodes/{node}/children",           list_node_children, since(1, 83)},
    {"GET",    "nodes/{node}/history",            list_node_history,  since(1, 78), TooOld::router_404},
    {"GET",    "nodes/{node}/history/{event}",    show_node_history,  since(1, 78), TooOld::router_404},
    {"GET",    "nodes/{node}/ports",              list_node_ports},
    {"POST",   "nodes/{node}/ports",              create_port_below},
    {"GET",    "nodes/{node}/ports/detail",       list_node_ports_detail},
    {"GET",    "nodes/{node}/ports/*",            refuse_below_node_ports},
    {"POST",   "nodes/{node}/ports/*",            refuse_below_node_ports},
    {"PATCH",  "nodes/{node}/ports/*",            refuse_below_node_ports},
    {"DELETE", "nodes/{node}/ports/*",            refuse_below_node_ports},
    {"GET",    "nodes/{node}/{field}",            show_node_field},
    {"DELETE", "nodes/{node}/*",                  nothing_here},

    {"GET",    "ports",                 list_ports},
    {"POST",   "ports",                 create_port},
    {"PATCH",  "ports",                 missing_ident},
    {"DELETE", "ports",                 missing_ident},
    {"GET",    "ports/detail",          list_ports_detail},
    {"GET",    "ports/{port}",          show_port},
    {"PATCH",  "ports/{port}",          patch_port},
    {"DELETE", "ports/{port}",          delete_port},
    {"POST",   "ports/{port}",          create_port_below},
    {"GET",    "ports/{port}/detail",   nothing_here},
    {"GET",    "ports/{port}/{field}",  show_port_field},

    {"GET",    "chassis",               list_chassis},
    {"POST",   "chassis",               create_chassis},
    {"PATCH",  "chassis",               missing_ident},
    {"DELETE", "chassis",               missing_ident},
    {"GET",    "chassis/detail",        list_chassis_detail},
    {"GET",    "chassis/nodes",         missing_ident},
    {"GET",    "chassis/{chassis}",     show_chassis},
    {"PATCH",  "chassis/{chassis}",     patch_chassis},
    {"DELETE", "chassis/{chassis}",     delete_chassis},
    {"GET",    "chassis/{chassis}/nodes",         list_chassis_nodes},
    {"GET",    "chassis/{chassis}/nodes/detail",  list_chassis_nodes_detail},
    {"GET",    "chassis/{chassis}/nodes/*",       refuse_below_chassis_nodes},
    {"POST",   "chassis/{chassis}/nodes",         refuse_below_chassis_nodes},
    {"PATCH",  "chassis/{chassis}/nodes/*",       refuse_below_chassis_nodes},
    {"DELETE", "chassis/{chassis}/nodes/*",       nothing_here},

    {"GET",    "drivers",               list_drivers},
    {"GET",    "drivers/properties",    show_named_driver_properties},
    {"GET",    "drivers/{driver}",      show_driver},
    {"GET",    "drivers/{driver}/properties",     show_driver_properties},
    {"GET",    "drivers/{driver}/{field}",        show_driver_field},

    {"GET",    "conductors",            list_conductors, since(1, 49)},
    {"GET",    "conductors/{host}",     show_conductor,  since(1, 49)},

    {"GET",    "shards",                list_shards,     since(1, 82), TooOld::router_404},
    {"GET",    "shards/*",              nothing_here,    since(1, 82), TooOld::router_404},

    {"GET",    "lookup",                look_up_node},
    {"POST",   "heartbeat",             missing_ident},
    {"POST",   "heartbeat/{node}",      receive_heartbeat},
    // clang-format on
};

/// Which methods the `Allow` header of a 405 names: they belong to the collection, not to the one
/// path. The first pattern that fits the beginning of the path wins.
struct Allowed {
    std::string_view pattern;
    std::string_view methods;
};
constexpr Allowed kAllowed[] = {
    {"nodes/{node}/states", "GET"},
    {"nodes/{node}/maintenance", "DELETE, PUT"},
    {"nodes/{node}/management", ""},
    {"nodes/{node}/traits", "GET"},
    {"nodes/{node}/history", "GET"},
    {"nodes/{node}/children", "GET"},
    {"nodes", "DELETE, GET, PATCH, POST"},
    {"ports", "DELETE, GET, PATCH, POST"},
    {"chassis", "DELETE, GET, PATCH, POST"},
    {"drivers", "GET"},
    {"conductors", "GET"},
    {"shards", "GET"},
    {"lookup", "GET"},
    {"heartbeat", "POST"},
};

/// Parts of the API that this service does not have yet, and all below them: a clean 404, where the
/// patterns around them would make a field or a wrong method of it.
constexpr std::string_view kAbsent[] = {
    "nodes/{node}/allocation",
    "nodes/{node}/bios",
    "nodes/{node}/firmware",
    "nodes/{node}/inventory",
    "nodes/{node}/portgroups",
    "nodes/{node}/vendor_passthru",
    "nodes/{node}/vifs",
    "nodes/{node}/vmedia",
    "nodes/{node}/volume",
    "nodes/{node}/states/boot_mode",
    "nodes/{node}/states/raid",
    "nodes/{node}/states/secure_boot",
    "nodes/{node}/management/indicators",
    "nodes/{node}/management/inject_nmi",
    "drivers/{driver}/raid",
    "drivers/{driver}/vendor_passthru",
};

enum class Fit { none, beginning, whole };

/// Compares words with a pattern; on a whole fit `captured` has what stood for its variable words.
Fit fit(std::string_view pattern, const std::vector<std::string>& words,
        std::vector<std::string>* captured) {
    std::size_t at = 0;
    for (auto expected : split(pattern, '/')) {
        if (at == words.size()) return Fit::none;
        if (expected == "*") return Fit::whole;
        if (expected.starts_with('{')) {
            if (captured) captured->push_back(words[at]);
        } else if (expected != words[at]) {
            return Fit::none;
        }
        ++at;
    }
    return at == words.size() ? Fit::whole : Fit::beginning;
}

bool is_absent(const std::vector<std::string>& words) {
    return std::ranges::any_of(kAbsent, [&](std::string_view pattern) {
        return fit(pattern, words, nullptr) != Fit::none;
    });
}

/// True for words that name a part of a node, as `maintenance` does: not a field of that name.
bool names_a_part(const std::vector<std::string>& words) {
    return std::ranges::any_of(kAllowed, [&](const Allowed& row) {
        return row.pattern.starts_with("nodes/{node}/") &&
               fit(row.pattern, words, nullptr) != Fit::none;
    });
}

RouterRefusal refuse_method(const std::vector<std::string>& words) {
    for (const auto& [pattern, methods] : kAllowed)
        if (fit(pattern, words, nullptr) != Fit::none)
            return {.status = 405, .allow = std::string(methods), .with_allow = true};
    return {.status = 404};
}

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::optional<std::vector<std::string>> path_words(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path == "v1" || path == "v1/") return std::vector<std::string>();
    if (path.starts_with("v1/")) path.remove_prefix(3);
    if (path.ends_with('/')) path.remove_suffix(1);
    std::vector<std::string> words;
    for (auto word : split(path, '/')) {
        if (word.empty()) return std::nullopt;
        words.emplace_back(word);
    }
    return words;
}

RouteMatch find_route(std::string_view method, const std::vector<std::string>& words) {
    RouteMatch match;
    if (is_absent(words)) return match;
    for (const auto& route : kRoutes) {
        if (route.method != method) continue;
        match.words.clear();
        if (fit(route.pattern, words, &match.words) != Fit::whole) continue;
        if (route.pattern.ends_with("{field}") && names_a_part(words)) continue;
        match.route = &route;
        return match;
    }
    match.refusal = refuse_method(words);
    return match;
}

}  // namespace ferrite::api
