#include "model/node.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Node> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Node::uuid, since(1, 1), brief, on_create, unique),
    field("created_at", timestamp, &Node::created_at, since(1, 1), unselectable),
    field("updated_at", timestamp, &Node::updated_at, since(1, 1), unselectable),
    field("automated_clean", boolean, &Node::automated_clean, since(1, 47), always),
    field("boot_mode", text, &Node::boot_mode, since(1, 75), on_create, at_most(16)),
    field("clean_step", object, &Node::clean_step, since(1, 7)),
    field("conductor_group", text, &Node::conductor_group, since(1, 46), always, indexed, at_most(255)),
    field("console_enabled", boolean, &Node::console_enabled, since(1, 1), on_create),
    field("disable_power_off", boolean, &Node::disable_power_off, since(1, 95), always),
    field("deploy_step", object, &Node::deploy_step, since(1, 44)),
    field("description", text, &Node::description, since(1, 51), always, at_most(4096)),
    field("driver", text, &Node::driver, since(1, 1), always, required, indexed, at_most(255)),
    field("driver_info", object, &Node::driver_info, since(1, 1), always, masked),
    field("driver_internal_info", object, &Node::driver_internal_info, since(1, 3), masked),
    field("extra", object, &Node::extra, since(1, 1), always),
    field("fault", text, &Node::fault, since(1, 42), indexed),
    field("health", text, &Node::health, since(1, 109)),
    field("inspection_finished_at", timestamp, &Node::inspection_finished_at, since(1, 6)),
    field("inspection_started_at", timestamp, &Node::inspection_started_at, since(1, 6)),
    field("instance_info", object, &Node::instance_info, since(1, 1), always, masked),
    field("instance_name", text, &Node::instance_name, since(1, 104), always, indexed, at_most(255)),
    field("instance_uuid", uuid, &Node::instance_uuid, since(1, 1), brief, always, unique),
    field("last_error", text, &Node::last_error, since(1, 1)),
    field("lessee", text, &Node::lessee, since(1, 65), always, indexed, at_most(255)),
    field("maintenance", boolean, &Node::maintenance, since(1, 1), brief, always),
    field("maintenance_reason", text, &Node::maintenance_reason, since(1, 1)),
    field("name", text, &Node::name, since(1, 5), brief, always, unique, ordered,
          ordered_within("provision_state"), at_most(255)),
    field("network_data", object, &Node::network_data, since(1, 66), always),
    field("owner", text, &Node::owner, since(1, 50), always, indexed, at_most(255)),
    field("parent_node", text, &Node::parent_node, since(1, 83), always, indexed, at_most(36)),
    field("power_state", text, &Node::power_state, since(1, 1), brief),
    field("properties", object, &Node::properties, since(1, 1), always),
    field("protected", boolean, &Node::is_protected, since(1, 48), on_patch),
    field("protected_reason", text, &Node::protected_reason, since(1, 48), on_patch),
    field("provision_state", text, &Node::provision_state, since(1, 1), brief, indexed),
    field("provision_updated_at", timestamp, &Node::provision_updated_at, since(1, 1)),
    field("raid_config", object, &Node::raid_config, since(1, 12)),
    field("target_raid_config", object, &Node::target_raid_config, since(1, 12)),
    field("reservation", text, &Node::reservation, since(1, 1), indexed),
    field("resource_class", text, &Node::resource_class, since(1, 21), always, indexed, at_most(80)),
    field("retired", boolean, &Node::retired, since(1, 61), always),
    field("retired_reason", text, &Node::retired_reason, since(1, 61), always),
    field("secure_boot", boolean, &Node::secure_boot, since(1, 75), on_create),
    field("service_step", object, &Node::service_step, since(1, 87)),
    field("shard", text, &Node::shard, since(1, 82), always, indexed, at_most(255)),
    field("target_power_state", text, &Node::target_power_state, since(1, 1)),
    field("target_provision_state", text, &Node::target_provision_state, since(1, 1)),
    field("traits", list, &Node::traits, since(1, 37)),
    field("allocation_uuid", uuid, &Node::allocation_uuid, since(1, 52), unsortable),
    field("chassis_uuid", uuid, &Node::chassis_uuid, since(1, 1), always, indexed, unsortable),
    field("bios_interface", text, &Node::bios_interface, since(1, 40), always),
    field("boot_interface", text, &Node::boot_interface, since(1, 31), always),
    field("console_interface", text, &Node::console_interface, since(1, 31), always),
    field("deploy_interface", text, &Node::deploy_interface, since(1, 31), always),
    field("firmware_interface", text, &Node::firmware_interface, since(1, 86), always),
    field("inspect_interface", text, &Node::inspect_interface, since(1, 31), always),
    field("management_interface", text, &Node::management_interface, since(1, 31), always),
    field("network_interface", text, &Node::network_interface, since(1, 20), always),
    field("power_interface", text, &Node::power_interface, since(1, 31), always),
    field("raid_interface", text, &Node::raid_interface, since(1, 31), always),
    field("rescue_interface", text, &Node::rescue_interface, since(1, 38), always),
    field("storage_interface", text, &Node::storage_interface, since(1, 33), always),
    field("vendor_interface", text, &Node::vendor_interface, since(1, 31), always),
    field("reservation_generation", integer, &Node::reservation_generation, since(1, 1), hidden, unsortable),
    field("conductor_affinity", text, &Node::conductor_affinity, since(1, 1), hidden, unsortable),
    computed<Node>("conductor", text, since(1, 49)),
    computed<Node>("links", list, since(1, 1), brief, unselectable),
    computed<Node>("ports", list, since(1, 1), unselectable),
    computed<Node>("states", list, since(1, 14), unselectable),
    computed<Node>("portgroups", list, since(1, 24), unselectable),
    computed<Node>("volume", list, since(1, 32), unselectable),
    // clang-format on
};

constexpr InterfaceKind kInterfaceKinds[] = {
    {"bios", &Node::bios_interface},
    {"boot", &Node::boot_interface},
    {"console", &Node::console_interface},
    {"deploy", &Node::deploy_interface},
    {"firmware", &Node::firmware_interface},
    {"inspect", &Node::inspect_interface},
    {"management", &Node::management_interface},
    {"network", &Node::network_interface},
    {"power", &Node::power_interface},
    {"raid", &Node::raid_interface},
    {"rescue", &Node::rescue_interface},
    {"storage", &Node::storage_interface},
    {"vendor", &Node::vendor_interface},
};

constexpr std::array<std::string_view, 6> kReservedNames = {
    "maintenance", "management", "states", "vendor_passthru", "detail", "validate"};

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Names before 1.10 were host names: lower-case labels, with underscores after the first label.
bool is_host_name(std::string_view name) {
    if (name.size() > 255) return false;
    if (name.ends_with('.')) name.remove_suffix(1);
    bool first_label = true;
    while (true) {
        auto dot = name.find('.');
        auto label = name.substr(0, dot);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
            return false;
        for (char c : label) {
            bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
            if (!plain && (first_label || c != '_')) return false;
        }
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
        first_label = false;
    }
}

}  // namespace

std::span<const Field<Node>> node_fields() {
    return kFields;
}

std::span<const InterfaceKind> interface_kinds() {
    return kInterfaceKinds;
}

bool is_logical_name(std::string_view name) {
    if (name.empty() || name.size() > 255 || normalised_uuid(name)) return false;
    return std::ranges::all_of(name, [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    });
}

void check_node_name(std::string_view name, MicroVersion version) {
    bool good = version < since(1, 10) ? is_host_name(name) && !normalised_uuid(name)
                                       : is_logical_name(name);
    if (!good)
        throw InvalidValue(fmt::format(
            "'{}' is no valid node name: use 1 to 255 letters, digits, '-', '.', '_' or '~', "
            "and nothing that reads as a UUID.",
            name));
    if (std::ranges::find(kReservedNames, name) != kReservedNames.end())
        throw InvalidValue(fmt::format(
            "'{}' is a word of the API and can not name a node; choose another name.", name));
}

}  // namespace ferrite::model
