#pragma once

#include "api/call.h"

/// The functions behind the route table (routes.cpp), one group per source file. Each reads its
/// arguments, checks in the order of the reference, and returns the answer or throws Error.
namespace ferrite::api {

// discovery.cpp
HttpResponse show_root(const Call& call);
HttpResponse show_v1(const Call& call);
/// False for a part of the API, by the first word of its paths, that the release to which the
/// service is pinned does not have at any version.
bool offers_part(const Call& call, std::string_view word);

// node_list.cpp
HttpResponse list_nodes(const Call& call);
HttpResponse list_nodes_detail(const Call& call);
HttpResponse list_chassis_nodes(const Call& call);
HttpResponse list_chassis_nodes_detail(const Call& call);
HttpResponse list_node_children(const Call& call);

// node_show.cpp
HttpResponse show_node(const Call& call);
HttpResponse show_node_field(const Call& call);
HttpResponse refuse_node_detail(const Call& call);
HttpResponse show_node_states(const Call& call);

// node_create.cpp, node_patch.cpp
Task<HttpResponse> create_node(Call call);
HttpResponse create_node_below(const Call& call);
Task<HttpResponse> patch_node(Call call);
Task<HttpResponse> delete_node(Call call);

// node_power.cpp, node_provision.cpp, node_maintenance.cpp, node_validate.cpp, node_management.cpp
Task<HttpResponse> set_node_power(Call call);
Task<HttpResponse> set_node_provision(Call call);
Task<HttpResponse> set_node_maintenance(Call call);
Task<HttpResponse> clear_node_maintenance(Call call);
Task<HttpResponse> validate_node(Call call);
Task<HttpResponse> validate_named_node(Call call);
Task<HttpResponse> show_boot_device(Call call);
Task<HttpResponse> show_supported_boot_devices(Call call);
Task<HttpResponse> set_boot_device(Call call);
Task<HttpResponse> inject_node_nmi(Call call);
Task<HttpResponse> list_node_indicators(Call call);
Task<HttpResponse> show_node_indicator(Call call);
Task<HttpResponse> set_node_indicator(Call call);

// node_states.cpp
Task<HttpResponse> set_node_boot_mode(Call call);
Task<HttpResponse> set_node_secure_boot(Call call);
Task<HttpResponse> show_node_console(Call call);
Task<HttpResponse> set_node_console(Call call);
Task<HttpResponse> set_node_raid(Call call);

// node_bios.cpp, node_firmware.cpp, node_inventory.cpp
HttpResponse list_node_bios(const Call& call);
HttpResponse show_node_bios(const Call& call);
HttpResponse list_node_firmware(const Call& call);
HttpResponse show_node_inventory(const Call& call);

// node_traits.cpp, node_vifs.cpp, node_virtual_media.cpp
HttpResponse show_node_traits(const Call& call);
Task<HttpResponse> set_node_traits(Call call);
Task<HttpResponse> add_node_trait(Call call);
Task<HttpResponse> delete_node_traits(Call call);
Task<HttpResponse> delete_node_trait(Call call);
Task<HttpResponse> list_node_vifs(Call call);
Task<HttpResponse> attach_node_vif(Call call);
Task<HttpResponse> detach_node_vif(Call call);
Task<HttpResponse> show_virtual_media(Call call);
Task<HttpResponse> attach_virtual_media(Call call);
Task<HttpResponse> detach_virtual_media(Call call);

// vendor_passthru.cpp
Task<HttpResponse> list_vendor_methods(Call call);
Task<HttpResponse> call_vendor_method(Call call);
HttpResponse list_driver_vendor_methods(const Call& call);
HttpResponse call_driver_vendor_method(const Call& call);

// node_history.cpp
HttpResponse list_node_history(const Call& call);
HttpResponse show_node_history(const Call& call);

// ports.cpp, port_write.cpp
HttpResponse list_ports(const Call& call);
HttpResponse list_ports_detail(const Call& call);
HttpResponse list_node_ports(const Call& call);
HttpResponse list_node_ports_detail(const Call& call);
HttpResponse list_portgroup_ports(const Call& call);
HttpResponse list_portgroup_ports_detail(const Call& call);
HttpResponse show_port(const Call& call);
HttpResponse show_port_field(const Call& call);
HttpResponse refuse_below_nested_list(const Call& call);
Task<HttpResponse> create_port(Call call);
HttpResponse create_port_below(const Call& call);
Task<HttpResponse> patch_port(Call call);
Task<HttpResponse> delete_port(Call call);

// portgroups.cpp
HttpResponse list_portgroups(const Call& call);
HttpResponse list_portgroups_detail(const Call& call);
HttpResponse list_node_portgroups(const Call& call);
HttpResponse list_node_portgroups_detail(const Call& call);
HttpResponse show_portgroup(const Call& call);
HttpResponse refuse_portgroup_ports_below_node(const Call& call);
Task<HttpResponse> create_portgroup(Call call);
HttpResponse create_portgroup_below(const Call& call);
Task<HttpResponse> patch_portgroup(Call call);
Task<HttpResponse> delete_portgroup(Call call);

// volumes.cpp
HttpResponse show_volume(const Call& call);
HttpResponse show_node_volume(const Call& call);
HttpResponse list_volume_connectors(const Call& call);
HttpResponse list_node_volume_connectors(const Call& call);
HttpResponse show_volume_connector(const Call& call);
Task<HttpResponse> create_volume_connector(Call call);
Task<HttpResponse> patch_volume_connector(Call call);
Task<HttpResponse> delete_volume_connector(Call call);
HttpResponse list_volume_targets(const Call& call);
HttpResponse list_node_volume_targets(const Call& call);
HttpResponse show_volume_target(const Call& call);
Task<HttpResponse> create_volume_target(Call call);
Task<HttpResponse> patch_volume_target(Call call);
Task<HttpResponse> delete_volume_target(Call call);
HttpResponse create_volume_below(const Call& call);

// chassis.cpp
HttpResponse list_chassis(const Call& call);
HttpResponse list_chassis_detail(const Call& call);
HttpResponse show_chassis(const Call& call);
HttpResponse refuse_below_chassis_nodes(const Call& call);
Task<HttpResponse> create_chassis(Call call);
Task<HttpResponse> patch_chassis(Call call);
Task<HttpResponse> delete_chassis(Call call);

// allocations.cpp
HttpResponse list_allocations(const Call& call);
HttpResponse show_allocation(const Call& call);
Task<HttpResponse> create_allocation(Call call);
Task<HttpResponse> patch_allocation(Call call);
Task<HttpResponse> delete_allocation(Call call);
HttpResponse show_node_allocation(const Call& call);
Task<HttpResponse> delete_node_allocation(Call call);

// drivers.cpp
HttpResponse list_drivers(const Call& call);
HttpResponse show_driver(const Call& call);
HttpResponse show_driver_field(const Call& call);
HttpResponse show_driver_properties(const Call& call);
HttpResponse show_named_driver_properties(const Call& call);
HttpResponse show_logical_disk_properties(const Call& call);

// conductors.cpp, shards.cpp
HttpResponse list_conductors(const Call& call);
HttpResponse show_conductor(const Call& call);
HttpResponse list_shards(const Call& call);

// events.cpp
HttpResponse post_events(const Call& call);

// deploy_templates.cpp
HttpResponse list_deploy_templates(const Call& call);
HttpResponse show_deploy_template(const Call& call);
Task<HttpResponse> create_deploy_template(Call call);
Task<HttpResponse> patch_deploy_template(Call call);
Task<HttpResponse> delete_deploy_template(Call call);

// runbooks.cpp, runbook_traits.cpp
HttpResponse list_runbooks(const Call& call);
HttpResponse show_runbook(const Call& call);
HttpResponse show_runbook_field(const Call& call);
Task<HttpResponse> create_runbook(Call call);
Task<HttpResponse> patch_runbook(Call call);
Task<HttpResponse> delete_runbook(Call call);
HttpResponse show_runbook_traits(const Call& call);
Task<HttpResponse> set_runbook_traits(Call call);
Task<HttpResponse> add_runbook_trait(Call call);
Task<HttpResponse> delete_runbook_traits(Call call);
Task<HttpResponse> delete_runbook_trait(Call call);

// inspection_rules.cpp
HttpResponse list_inspection_rules(const Call& call);
HttpResponse show_inspection_rule(const Call& call);
Task<HttpResponse> create_inspection_rule(Call call);
Task<HttpResponse> patch_inspection_rule(Call call);
Task<HttpResponse> delete_inspection_rule(Call call);

// lookup.cpp, heartbeat.cpp, continue_inspection.cpp
Task<HttpResponse> continue_inspection(Call call);
Task<HttpResponse> look_up_node(Call call);
Task<HttpResponse> receive_heartbeat(Call call);

// openapi.cpp
HttpResponse show_openapi(const Call& call);

// routes.cpp
HttpResponse nothing_here(const Call& call);
HttpResponse missing_ident(const Call& call);

}  // namespace ferrite::api
