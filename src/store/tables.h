#pragma once

// The tables of the database, each made from its field table.

#include "model/allocation.h"
#include "model/bios_setting.h"
#include "model/chassis.h"
#include "model/conductor.h"
#include "model/deploy_template.h"
#include "model/firmware_component.h"
#include "model/inspection_rule.h"
#include "model/node.h"
#include "model/node_history.h"
#include "model/node_inventory.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/runbook.h"
#include "model/volume.h"
#include "store/table.h"
#include "store/table_impl.h"

namespace ferrite::store {

inline Table<model::Node> node_table() {
    return {"nodes", model::node_fields()};
}
inline Table<model::Port> port_table() {
    return {"ports", model::port_fields()};
}
inline Table<model::Portgroup> portgroup_table() {
    return {"portgroups", model::portgroup_fields()};
}
inline Table<model::VolumeConnector> volume_connector_table() {
    return {
        "volume_connectors", model::volume_connector_fields(), "uuid", {"type", "connector_id"}};
}
inline Table<model::VolumeTarget> volume_target_table() {
    return {"volume_targets", model::volume_target_fields(), "uuid", {"node_uuid", "boot_index"}};
}
inline Table<model::Allocation> allocation_table() {
    return {"allocations", model::allocation_fields()};
}
inline Table<model::Chassis> chassis_table() {
    return {"chassis", model::chassis_fields()};
}
inline Table<model::Conductor> conductor_table() {
    return {"conductors", model::conductor_fields(), "hostname"};
}
inline Table<model::NodeHistory> node_history_table() {
    return {"node_history", model::node_history_fields()};
}
inline Table<model::NodeInventory> node_inventory_table() {
    return {"node_inventory", model::node_inventory_fields(), "node_uuid"};
}
inline Table<model::BiosSetting> bios_setting_table() {
    return {"bios_settings", model::bios_setting_fields(), "name"};
}
inline Table<model::FirmwareComponent> firmware_component_table() {
    return {"firmware_components", model::firmware_component_fields(), "component"};
}
inline Table<model::DeployTemplate> deploy_template_table() {
    return {"deploy_templates", model::deploy_template_fields()};
}
inline Table<model::Runbook> runbook_table() {
    return {"runbooks", model::runbook_fields()};
}
inline Table<model::InspectionRule> inspection_rule_table() {
    return {"inspection_rules", model::inspection_rule_fields()};
}

}  // namespace ferrite::store
