#include "conductor/node_update.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "model/node_properties.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using model::Node;

constexpr std::array kInterfacesMayChange = {states::enroll, states::manageable, states::available,
                                             states::inspecting, states::inspect_wait};
template <std::size_t N>
bool in_one_of(const Node& node, const std::array<std::string_view, N>& allowed) {
    return std::ranges::find(allowed, node.provision_state.value_or("")) != allowed.end();
}

void copy_changed(const Node& before, const Node& wanted, Node& node) {
    for (const auto& field : model::node_fields())
        std::visit(
            [&](auto member) {
                if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                    if (!(before.*member == wanted.*member)) node.*member = wanted.*member;
            },
            field.member);
}

void check_interfaces(const Node& stored, Node& node, bool reset) {
    bool driver_changed = stored.driver != node.driver;
    for (const auto& kind : model::interface_kinds()) {
        auto& chosen = node.*kind.field;
        bool named = chosen != stored.*kind.field && chosen;
        if (driver_changed && reset && !named) chosen.reset();
        if (chosen == stored.*kind.field || (driver_changed && !named)) continue;
        if (in_one_of(stored, kInterfacesMayChange) || node.maintenance) continue;
        throw Conflict(fmt::format(
            "The {}_interface of node {} can not be changed in the state '{}': only in enroll, "
            "manageable, available, inspecting and inspect wait, or in maintenance.",
            kind.name, node.uuid, stored.provision_state.value_or("available")));
    }
    if (driver_changed && stored.console_enabled)
        throw Conflict(
            fmt::format("Stop the console of node {} before changing its driver.", node.uuid));
}

void check_instance(const Node& stored, const Node& node) {
    if (stored.instance_uuid && node.instance_uuid && stored.instance_uuid != node.instance_uuid)
        throw Conflict(fmt::format("Node {} is associated with instance {}; remove that first.",
                                   node.uuid, *stored.instance_uuid));
    bool may_release = in_one_of(stored, kInterfacesMayChange) || node.maintenance;
    if (stored.instance_uuid && !node.instance_uuid && stored.allocation_uuid && !may_release)
        throw Conflict(fmt::format(
            "The instance of node {} belongs to an allocation and can not be removed in the state "
            "'{}'.",
            node.uuid, stored.provision_state.value_or("")));
}

/// The allocation of a node is its claim to an instance, and goes with that.
void end_allocation_with_instance(const Node& stored, Node& node) {
    if (stored.instance_uuid && !node.instance_uuid) node.allocation_uuid.reset();
}

/// Pairs of a flag and its reason: the reason needs the flag, and goes with it.
void check_reasons(const Node& stored, Node& node) {
    if (node.is_protected && !stored.is_protected && !node.in_state(states::active) &&
        !node.in_state(states::rescue))
        throw Conflict(
            fmt::format("Node {} can be protected only in active or rescue, not in '{}'.",
                        node.uuid, node.provision_state.value_or("available")));
    if (!node.is_protected && stored.is_protected) node.protected_reason.reset();
    if (node.protected_reason && !node.protected_reason->empty() && !node.is_protected)
        throw InvalidValue("protected_reason can be set only together with protected.");
    if (node.retired && !stored.retired && node.in_state(states::available))
        throw Conflict(fmt::format(
            "Node {} can not be retired while it is available; move it to manageable first.",
            node.uuid));
    if (!node.retired && stored.retired) node.retired_reason.reset();
    if (node.retired_reason && !node.retired_reason->empty() && !node.retired)
        throw InvalidValue("retired_reason can be set only together with retired.");
}

}  // namespace

void check_properties(const Node& node) {
    constexpr std::array<std::string_view, 2> kSizes = {"local_gb", "memory_mb"};
    model::check_sizes(node, kSizes);
}

void apply_update(NodeSession& session, const Node& before, const Node& wanted,
                  bool reset_interfaces) {
    Node stored = session.node;
    auto& node = session.node;
    copy_changed(before, wanted, node);
    if (before.instance_info != wanted.instance_info && !node.instance_name)
        if (auto name = node.instance_info.get_text("display_name"); !name.empty())
            node.instance_name = name;
    if (!node.maintenance && stored.maintenance) {
        node.maintenance_reason.reset();
        node.fault.reset();
    }
    check_interfaces(stored, node, reset_interfaces);
    if (stored.resource_class && !stored.resource_class->empty() &&
        stored.resource_class != node.resource_class && !in_one_of(stored, kInterfacesMayChange))
        throw Conflict(
            fmt::format("The resource_class of node {} can not be changed in the state '{}'.",
                        node.uuid, stored.provision_state.value_or("")));
    check_instance(stored, node);
    end_allocation_with_instance(stored, node);
    check_reasons(stored, node);
    check_properties(node);
    session.services().drivers.settle_interfaces(node);
}

void check_deletable(const Node& node, bool allow_available) {
    if (!node.maintenance && node.instance_uuid)
        throw Conflict(fmt::format("Node {} is associated with instance {}; remove that first.",
                                   node.uuid, *node.instance_uuid));
    if (node.is_protected)
        throw Error(
            403, "node_protected",
            fmt::format("Node {} is protected and can not be deleted; unset protected first.",
                        node.uuid));
    if (node.maintenance ||
        states::deletable(node.provision_state.value_or("available"), allow_available))
        return;
    throw Conflict(fmt::format(
        "Node {} can not be deleted in the state '{}': only in manageable, enroll, adopt failed{}, "
        "or in maintenance.",
        node.uuid, node.provision_state.value_or(""), allow_available ? " and available" : ""));
}

}  // namespace ferrite::conductor
