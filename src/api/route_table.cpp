#include "api/handlers.h"
#include "api/routes.h"

/// The API, a row an endpoint (reference: api.md section 7).
namespace ferrite::api {

using model::since;

namespace {

constexpr Route kRoutes[] = {
    // clang-format off
    {"GET",    "nodes",                                            "node:list",                 list_nodes},
    {"POST",   "nodes",                                            "node:create",               create_node},
    {"PATCH",  "nodes",                                            "",                          missing_ident},
    {"DELETE", "nodes",                                            "",                          missing_ident},
    {"GET",    "nodes/detail",                                     "node:list",                 list_nodes_detail},
    {"GET",    "nodes/states",                                     "",                          missing_ident},
    {"GET",    "nodes/validate",                                   "node:validate",             validate_named_node},
    {"GET",    "nodes/{node}",                                     "node:get",                  show_node},
    {"PATCH",  "nodes/{node}",                                     "node:update",               patch_node},
    {"DELETE", "nodes/{node}",                                     "node:delete",               delete_node},
    {"POST",   "nodes/{node}",                                     "",                          create_node_below},
    {"GET",    "nodes/{node}/states",                              "node:get_states",           show_node_states},
    {"PUT",    "nodes/{node}/states/power",                        "node:set_power_state",      set_node_power},
    {"PUT",    "nodes/{node}/states/provision",                    "node:set_provision_state",  set_node_provision},
    {"GET",    "nodes/{node}/states/console",                      "node:get_console",          show_node_console},
    {"PUT",    "nodes/{node}/maintenance",                         "node:set_maintenance",      set_node_maintenance},
    {"DELETE", "nodes/{node}/maintenance",                         "node:clear_maintenance",    clear_node_maintenance},
    {"GET",    "nodes/{node}/validate",                            "node:validate",             validate_node},
    {"GET",    "nodes/{node}/management/boot_device",              "node:get_boot_device",      show_boot_device},
    {"PUT",    "nodes/{node}/management/boot_device",              "node:set_boot_device",      set_boot_device},
    {"GET",    "nodes/{node}/management/boot_device/supported",    "node:get_boot_device",      show_supported_boot_devices},
    {"GET",    "nodes/{node}/traits",                              "node:traits:list",          show_node_traits, since(1, 37), TooOld::fault_406},
    {"GET",    "nodes/{node}/children",                            "node:list",                 list_node_children, since(1, 83), TooOld::router_404},
    {"GET",    "nodes/{node}/history",                             "node:history:get",          list_node_history, since(1, 78), TooOld::router_404},
    {"GET",    "nodes/{node}/history/{event}",                     "node:history:get",          show_node_history, since(1, 78), TooOld::router_404},
    {"GET",    "nodes/{node}/ports",                               "port:list",                 list_node_ports},
    {"POST",   "nodes/{node}/ports",                               "",                          create_port_below},
    {"GET",    "nodes/{node}/ports/detail",                        "port:list",                 list_node_ports_detail},
    {"GET",    "nodes/{node}/ports/*",                             "",                          refuse_below_nested_list},
    {"POST",   "nodes/{node}/ports/*",                             "",                          refuse_below_nested_list},
    {"PATCH",  "nodes/{node}/ports/*",                             "",                          refuse_below_nested_list},
    {"DELETE", "nodes/{node}/ports/*",                             "",                          refuse_below_nested_list},
    {"GET",    "nodes/{node}/portgroups",                          "portgroup:list",            list_node_portgroups, since(1, 24), TooOld::router_404},
    {"GET",    "nodes/{node}/portgroups/detail",                   "portgroup:list",            list_node_portgroups_detail, since(1, 24), TooOld::router_404},
    {"POST",   "nodes/{node}/portgroups",                          "",                          create_portgroup_below, since(1, 24), TooOld::router_404},
    {"GET",    "nodes/{node}/portgroups/{portgroup}/ports",        "",                          refuse_portgroup_ports_below_node, since(1, 24), TooOld::router_404},
    {"GET",    "nodes/{node}/portgroups/*",                        "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"POST",   "nodes/{node}/portgroups/*",                        "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"PATCH",  "nodes/{node}/portgroups/*",                        "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"DELETE", "nodes/{node}/portgroups/*",                        "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"GET",    "nodes/{node}/volume",                              "volume:get",                show_node_volume, since(1, 32)},
    {"GET",    "nodes/{node}/volume/connectors",                   "volume:list",               list_node_volume_connectors, since(1, 32), TooOld::router_404},
    {"POST",   "nodes/{node}/volume/connectors",                   "",                          create_volume_below, since(1, 32), TooOld::router_404},
    {"GET",    "nodes/{node}/volume/connectors/*",                 "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"POST",   "nodes/{node}/volume/connectors/*",                 "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"PATCH",  "nodes/{node}/volume/connectors/*",                 "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"DELETE", "nodes/{node}/volume/connectors/*",                 "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"GET",    "nodes/{node}/volume/targets",                      "volume:list",               list_node_volume_targets, since(1, 32), TooOld::router_404},
    {"POST",   "nodes/{node}/volume/targets",                      "",                          create_volume_below, since(1, 32), TooOld::router_404},
    {"GET",    "nodes/{node}/volume/targets/*",                    "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"POST",   "nodes/{node}/volume/targets/*",                    "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"PATCH",  "nodes/{node}/volume/targets/*",                    "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"DELETE", "nodes/{node}/volume/targets/*",                    "",                          refuse_below_nested_list, since(1, 32), TooOld::router_404},
    {"GET",    "nodes/{node}/detail",                              "",                          refuse_node_detail},
    {"GET",    "nodes/{node}/{field}",                             "node:get",                  show_node_field},
    {"DELETE", "nodes/{node}/*",                                   "",                          nothing_here},

    {"GET",    "ports",                                            "port:list",                 list_ports},
    {"POST",   "ports",                                            "port:create",               create_port},
    {"PATCH",  "ports",                                            "",                          missing_ident},
    {"DELETE", "ports",                                            "",                          missing_ident},
    {"GET",    "ports/detail",                                     "port:list",                 list_ports_detail},
    {"GET",    "ports/{port}",                                     "port:get",                  show_port},
    {"PATCH",  "ports/{port}",                                     "port:update",               patch_port},
    {"DELETE", "ports/{port}",                                     "port:delete",               delete_port},
    {"POST",   "ports/{port}",                                     "",                          create_port_below},
    {"GET",    "ports/{port}/detail",                              "",                          nothing_here},
    {"GET",    "ports/{port}/{field}",                             "port:get",                  show_port_field},

    {"GET",    "portgroups",                                       "portgroup:list",            list_portgroups, since(1, 23)},
    {"POST",   "portgroups",                                       "portgroup:create",          create_portgroup, since(1, 23)},
    {"PATCH",  "portgroups",                                       "",                          missing_ident, since(1, 23)},
    {"DELETE", "portgroups",                                       "",                          missing_ident, since(1, 23)},
    {"GET",    "portgroups/detail",                                "portgroup:list",            list_portgroups_detail, since(1, 23), TooOld::hidden_404},
    {"GET",    "portgroups/{portgroup}",                           "portgroup:get",             show_portgroup, since(1, 23), TooOld::hidden_404},
    {"PATCH",  "portgroups/{portgroup}",                           "portgroup:update",          patch_portgroup, since(1, 23), TooOld::hidden_404},
    {"DELETE", "portgroups/{portgroup}",                           "portgroup:delete",          delete_portgroup, since(1, 23), TooOld::hidden_404},
    {"POST",   "portgroups/{portgroup}",                           "",                          create_portgroup_below, since(1, 23), TooOld::hidden_404},
    {"GET",    "portgroups/{portgroup}/ports",                     "port:list",                 list_portgroup_ports, since(1, 24), TooOld::router_404},
    {"POST",   "portgroups/{portgroup}/ports",                     "",                          create_port_below, since(1, 24), TooOld::router_404},
    {"GET",    "portgroups/{portgroup}/ports/detail",              "port:list",                 list_portgroup_ports_detail, since(1, 24), TooOld::router_404},
    {"GET",    "portgroups/{portgroup}/ports/*",                   "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"POST",   "portgroups/{portgroup}/ports/*",                   "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"PATCH",  "portgroups/{portgroup}/ports/*",                   "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"DELETE", "portgroups/{portgroup}/ports/*",                   "",                          refuse_below_nested_list, since(1, 24), TooOld::router_404},
    {"GET",    "portgroups/{portgroup}/*",                         "",                          nothing_here, since(1, 23), TooOld::hidden_404},

    {"GET",    "volume",                                           "volume:get",                show_volume, since(1, 32)},
    {"GET",    "volume/connectors",                                "volume:list",               list_volume_connectors, since(1, 32), TooOld::router_404},
    {"POST",   "volume/connectors",                                "volume:create",             create_volume_connector, since(1, 32), TooOld::router_404},
    {"PATCH",  "volume/connectors",                                "",                          missing_ident, since(1, 32), TooOld::router_404},
    {"DELETE", "volume/connectors",                                "",                          missing_ident, since(1, 32), TooOld::router_404},
    {"GET",    "volume/connectors/{connector}",                    "volume:get",                show_volume_connector, since(1, 32), TooOld::router_404},
    {"PATCH",  "volume/connectors/{connector}",                    "volume:update",             patch_volume_connector, since(1, 32), TooOld::router_404},
    {"DELETE", "volume/connectors/{connector}",                    "volume:delete",             delete_volume_connector, since(1, 32), TooOld::router_404},
    {"POST",   "volume/connectors/{connector}",                    "",                          create_volume_below, since(1, 32), TooOld::router_404},
    {"GET",    "volume/targets",                                   "volume:list",               list_volume_targets, since(1, 32), TooOld::router_404},
    {"POST",   "volume/targets",                                   "volume:create",             create_volume_target, since(1, 32), TooOld::router_404},
    {"PATCH",  "volume/targets",                                   "",                          missing_ident, since(1, 32), TooOld::router_404},
    {"DELETE", "volume/targets",                                   "",                          missing_ident, since(1, 32), TooOld::router_404},
    {"GET",    "volume/targets/{target}",                          "volume:get",                show_volume_target, since(1, 32), TooOld::router_404},
    {"PATCH",  "volume/targets/{target}",                          "volume:update",             patch_volume_target, since(1, 32), TooOld::router_404},
    {"DELETE", "volume/targets/{target}",                          "volume:delete",             delete_volume_target, since(1, 32), TooOld::router_404},
    {"POST",   "volume/targets/{target}",                          "",                          create_volume_below, since(1, 32), TooOld::router_404},
    {"GET",    "volume/*",                                         "",                          nothing_here, since(1, 32), TooOld::router_404},

    {"GET",    "chassis",                                          "chassis:get",               list_chassis},
    {"POST",   "chassis",                                          "chassis:create",            create_chassis},
    {"PATCH",  "chassis",                                          "",                          missing_ident},
    {"DELETE", "chassis",                                          "",                          missing_ident},
    {"GET",    "chassis/detail",                                   "chassis:get",               list_chassis_detail},
    {"GET",    "chassis/nodes",                                    "",                          missing_ident},
    {"GET",    "chassis/{chassis}",                                "chassis:get",               show_chassis},
    {"PATCH",  "chassis/{chassis}",                                "chassis:update",            patch_chassis},
    {"DELETE", "chassis/{chassis}",                                "chassis:delete",            delete_chassis},
    {"GET",    "chassis/{chassis}/nodes",                          "node:list",                 list_chassis_nodes},
    {"GET",    "chassis/{chassis}/nodes/detail",                   "node:list",                 list_chassis_nodes_detail},
    {"GET",    "chassis/{chassis}/nodes/*",                        "",                          refuse_below_chassis_nodes},
    {"POST",   "chassis/{chassis}/nodes",                          "",                          refuse_below_chassis_nodes},
    {"PATCH",  "chassis/{chassis}/nodes/*",                        "",                          refuse_below_chassis_nodes},
    {"DELETE", "chassis/{chassis}/nodes/*",                        "",                          nothing_here},

    {"GET",    "drivers",                                          "driver:get",                list_drivers},
    {"GET",    "drivers/properties",                               "driver:get_properties",     show_named_driver_properties},
    {"GET",    "drivers/{driver}",                                 "driver:get",                show_driver},
    {"GET",    "drivers/{driver}/properties",                      "driver:get_properties",     show_driver_properties},
    {"GET",    "drivers/{driver}/{field}",                         "driver:get",                show_driver_field},

    {"GET",    "conductors",                                       "conductor:get",             list_conductors, since(1, 49)},
    {"GET",    "conductors/{host}",                                "conductor:get",             show_conductor, since(1, 49)},

    {"GET",    "shards",                                           "shards:get",                list_shards, since(1, 82), TooOld::hidden_404},
    {"GET",    "shards/*",                                         "",                          nothing_here, since(1, 82), TooOld::hidden_404},

    {"GET",    "lookup",                                           "driver:ipa_lookup",         look_up_node},
    {"POST",   "heartbeat",                                        "",                          missing_ident},
    {"POST",   "heartbeat/{node}",                                 "node:ipa_heartbeat",        receive_heartbeat},
    // clang-format on
};

constexpr Allowed kAllowed[] = {
    {"nodes/{node}/states", "GET"},
    {"nodes/{node}/maintenance", "DELETE, PUT"},
    {"nodes/{node}/management", ""},
    {"nodes/{node}/traits", "GET"},
    {"nodes/{node}/history", "GET"},
    {"nodes/{node}/children", "GET"},
    {"nodes/{node}/portgroups", "DELETE, GET, PATCH, POST"},
    {"nodes/{node}/volume/connectors", "DELETE, GET, PATCH, POST"},
    {"nodes/{node}/volume/targets", "DELETE, GET, PATCH, POST"},
    {"nodes/{node}/volume", "GET"},
    {"nodes", "DELETE, GET, PATCH, POST"},
    {"ports", "DELETE, GET, PATCH, POST"},
    {"portgroups", "DELETE, GET, PATCH, POST"},
    {"volume/connectors", "DELETE, GET, PATCH, POST"},
    {"volume/targets", "DELETE, GET, PATCH, POST"},
    {"volume", "GET"},
    {"chassis", "DELETE, GET, PATCH, POST"},
    {"drivers", "GET"},
    {"conductors", "GET"},
    {"shards", "GET"},
    {"lookup", "GET"},
    {"heartbeat", "POST"},
};

constexpr std::string_view kAbsent[] = {
    "nodes/{node}/allocation",
    "nodes/{node}/bios",
    "nodes/{node}/firmware",
    "nodes/{node}/inventory",
    "nodes/{node}/vendor_passthru",
    "nodes/{node}/vifs",
    "nodes/{node}/vmedia",
    "nodes/{node}/states/boot_mode",
    "nodes/{node}/states/raid",
    "nodes/{node}/states/secure_boot",
    "nodes/{node}/management/indicators",
    "nodes/{node}/management/inject_nmi",
    "drivers/{driver}/raid",
    "drivers/{driver}/vendor_passthru",
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::span<const Allowed> allowed_methods() {
    return kAllowed;
}

std::span<const std::string_view> absent_parts() {
    return kAbsent;
}

}  // namespace ferrite::api
