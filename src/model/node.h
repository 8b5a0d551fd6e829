#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/field.h"
#include "model/json_text.h"

namespace ferrite::model {

/// A machine under management: what is stored of it (reference: api.md section 8.1, conductor.md
/// section 1.6).
struct Node {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;

    std::optional<std::string> name;
    std::string driver;
    JsonText driver_info;
    JsonText driver_internal_info;
    JsonText properties;
    JsonText instance_info;
    JsonText extra;
    std::optional<std::string> instance_uuid;
    std::optional<std::string> instance_name;
    std::optional<std::string> chassis_uuid;
    std::optional<std::string> parent_node;
    std::optional<std::string> owner;
    std::optional<std::string> lessee;
    std::optional<std::string> shard;
    std::string conductor_group;
    std::optional<std::string> resource_class;
    std::optional<std::string> description;
    JsonText network_data;
    JsonText traits;  ///< Sorted list of names.

    std::optional<std::string> provision_state;
    std::optional<std::string> target_provision_state;
    std::optional<Timestamp> provision_updated_at;
    /// Not stored: the event of the state machine that last moved this copy.
    std::string provision_event;
    std::optional<std::string> power_state;
    std::optional<std::string> target_power_state;
    std::optional<std::string> reservation;
    /// Counts who took the lock, by whatever means: the fencing number of a lease.
    std::int64_t reservation_generation = 0;
    std::optional<std::string> last_error;
    std::optional<std::string> fault;
    bool maintenance = false;
    std::optional<std::string> maintenance_reason;
    bool is_protected = false;
    std::optional<std::string> protected_reason;
    bool retired = false;
    std::optional<std::string> retired_reason;
    bool console_enabled = false;
    bool disable_power_off = false;
    std::optional<bool> automated_clean;
    std::optional<std::string> boot_mode;
    std::optional<bool> secure_boot;
    std::optional<std::string> health;
    std::optional<Timestamp> inspection_started_at;
    std::optional<Timestamp> inspection_finished_at;
    JsonText clean_step;
    JsonText deploy_step;
    JsonText service_step;
    JsonText raid_config;
    JsonText target_raid_config;
    std::optional<std::string> allocation_uuid;
    std::optional<std::string> conductor_affinity;  ///< Host name of the conductor in charge.

    std::optional<std::string> bios_interface;
    std::optional<std::string> boot_interface;
    std::optional<std::string> console_interface;
    std::optional<std::string> deploy_interface;
    std::optional<std::string> firmware_interface;
    std::optional<std::string> inspect_interface;
    std::optional<std::string> management_interface;
    std::optional<std::string> network_interface;
    std::optional<std::string> power_interface;
    std::optional<std::string> raid_interface;
    std::optional<std::string> rescue_interface;
    std::optional<std::string> storage_interface;
    std::optional<std::string> vendor_interface;

    /// The name when there is one, else the UUID: how log lines and errors call it.
    const std::string& label() const { return name ? *name : uuid; }
    bool in_state(std::string_view state) const { return provision_state == state; }
};

/// The field table of nodes.
std::span<const Field<Node>> node_fields();

/// The kinds of hardware interface, in the order of the reference, each with its node field.
struct InterfaceKind {
    std::string_view name;  ///< "bios", "boot", ...
    std::optional<std::string> Node::* field;
};
std::span<const InterfaceKind> interface_kinds();

/// Throws InvalidValue unless `name` may be a node's name at `version` (reference: api.md 8.6).
void check_node_name(std::string_view name, MicroVersion version);

/// True for 1 to 255 RFC 3986 unreserved characters that are no UUID.
bool is_logical_name(std::string_view name);

}  // namespace ferrite::model
