#include "conductor/node_parts.h"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "conductor/node_session.h"
#include "model/states.h"
#include "store/nodes.h"
#include "store/portgroups.h"
#include "store/ports.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using model::Node;
using model::Port;
using model::Portgroup;

/// Runs `change(node, db)` in one transaction, with the lock on the node.
template <class Change>
Task<> with_locked_node(Services* services, std::string node_uuid, Change change) {
    auto session =
        co_await NodeSession::lock(services, std::move(node_uuid), NodeSession::Patience::retry,
                                   NodeSession::Interfaces::skip);
    std::exception_ptr failure;
    try {
        co_await session->write_held([&](store::Sql& db) { change(session->node, db); });
    } catch (...) {
        failure = std::current_exception();
    }
    co_await session->abandon();
    if (failure) std::rethrow_exception(failure);
}

std::string state_of(const Node& node) {
    return node.provision_state.value_or(std::string(states::available));
}

/// Where nothing of the instance depends on how the node is connected.
bool may_be_rewired(const Node& node) {
    constexpr std::array kStates = {states::enroll, states::manageable, states::inspecting,
                                    states::inspect_wait};
    return node.maintenance || std::ranges::find(kStates, state_of(node)) != kStates.end();
}

constexpr std::string_view kWhenRewired =
    "only in enroll, manageable, inspecting and inspect wait, or in maintenance";

/// True when the node's network interface connects ports to networks one by one.
bool binds_ports(const Node& node) {
    return node.network_interface == "flat" || node.network_interface == "neutron";
}

/// True for a port or portgroup that carries a virtual interface of the instance.
template <class R>
bool is_bound(const R& row) {
    return !row.internal_info.get("tenant_vif_port_id").is_null();
}

void check_port_state(const Node& node, const Port& before, const Port& wanted) {
    if (before.address != wanted.address && !node.maintenance &&
        (node.in_state(states::active) || node.instance_uuid))
        throw Conflict(fmt::format(
            "The address of port {} can not be changed while node {} has an instance; put the node "
            "into maintenance first.",
            before.uuid, node.uuid));
    bool rewired = before.portgroup_uuid != wanted.portgroup_uuid ||
                   before.pxe_enabled != wanted.pxe_enabled ||
                   before.local_link_connection != wanted.local_link_connection ||
                   before.physical_network != wanted.physical_network;
    if (rewired && !may_be_rewired(node))
        throw Conflict(fmt::format(
            "The connectivity of port {} can not be changed while node {} is in the state '{}': "
            "{}.",
            before.uuid, node.uuid, state_of(node), kWhenRewired));
}

/// The one physical network that the ports of a portgroup have; nothing when this port is the first
/// to say.
std::optional<std::optional<std::string>> network_of(store::Sql& db, const Portgroup& group,
                                                     const Port& joining) {
    if (group.physical_network) return group.physical_network;
    for (const auto& member : store::ports::of_portgroup(db, group.uuid))
        if (member.uuid != joining.uuid) return member.physical_network;
    return std::nullopt;
}

/// Makes `port` a proper member of the portgroup that it names. Throws InvalidValue for a portgroup
/// that is gone or another node's, and Conflict for another physical network.
Portgroup join(store::Sql& db, Port& port) {
    auto group = store::portgroups::find(db, *port.portgroup_uuid);
    if (!group || group->node_uuid != port.node_uuid)
        throw InvalidValue(
            fmt::format("Node {} has no portgroup {}.", port.node_uuid, *port.portgroup_uuid));
    store::portgroups::keep(db, group->uuid);
    if (!port.physical_network) port.physical_network = group->physical_network;
    auto network = network_of(db, *group, port);
    if (network && *network != port.physical_network)
        throw Conflict(fmt::format(
            "The ports of portgroup {} are on the physical network '{}': port {} can not be on "
            "'{}'.",
            group->uuid, network->value_or(""), port.address, port.physical_network.value_or("")));
    return std::move(*group);
}

/// A port that works alone can not be in a portgroup whose switch forbids that.
void check_standalone(const Node& node, const Portgroup& group, const Port& port) {
    if (!binds_ports(node) || group.standalone_ports_supported) return;
    if (port.pxe_enabled || is_bound(port))
        throw Conflict(fmt::format(
            "Portgroup {} does not support standalone ports: unset pxe_enabled of port {} and "
            "detach its VIF first.",
            group.uuid, port.uuid));
}

void check_portgroup_update(store::Sql& db, const Node& node, const Portgroup& before,
                            const Portgroup& wanted) {
    auto members = store::ports::of_portgroup(db, before.uuid);
    if (before.node_uuid != wanted.node_uuid) {
        if (!may_be_rewired(node))
            throw Conflict(fmt::format("Portgroup {} can not leave node {} in the state '{}': {}.",
                                       before.uuid, node.uuid, state_of(node), kWhenRewired));
        if (!members.empty())
            throw InvalidValue(fmt::format(
                "Portgroup {} still has ports: take them out of it before it changes its node.",
                before.uuid));
    }
    if (!binds_ports(node)) return;
    bool reshaped = before.mode != wanted.mode || before.properties != wanted.properties ||
                    before.address != wanted.address;
    if (reshaped && is_bound(before))
        throw Conflict(fmt::format(
            "Portgroup {} carries a VIF: detach it before address, mode or properties change.",
            before.uuid));
    if (before.standalone_ports_supported && !wanted.standalone_ports_supported)
        for (const auto& member : members) check_standalone(node, wanted, member);
}

}  // namespace

Task<Port> create_port(Services* services, Port port) {
    if (port.uuid.empty()) port.uuid = new_uuid();
    co_await services->store.write([&](store::Sql& db) {
        store::nodes::keep(db, port.node_uuid);
        if (port.portgroup_uuid) join(db, port);
        store::ports::insert(db, port);
    });
    co_return port;
}

Task<Port> update_port(Services* services, Port before, Port port) {
    co_await with_locked_node(services, before.node_uuid, [&](const Node& node, store::Sql& db) {
        check_port_state(node, before, port);
        if (before.node_uuid != port.node_uuid) store::nodes::keep(db, port.node_uuid);
        bool moved =
            before.portgroup_uuid != port.portgroup_uuid || before.node_uuid != port.node_uuid;
        if (port.portgroup_uuid && (moved || before.physical_network != port.physical_network))
            join(db, port);
        if (port.portgroup_uuid && (moved || before.pxe_enabled != port.pxe_enabled))
            check_standalone(node, store::portgroups::get(db, *port.portgroup_uuid), port);
        store::ports::save(db, before, port);
    });
    co_return port;
}

Task<> destroy_port(Services* services, std::string uuid) {
    auto port = services->store.read([&](store::Sql& db) { return store::ports::get(db, uuid); });
    co_await with_locked_node(services, port.node_uuid, [&](const Node& node, store::Sql& db) {
        if (is_bound(port) && !node.maintenance)
            throw Conflict(fmt::format(
                "Port {} carries a VIF of the instance: detach it first, or put node {} into "
                "maintenance.",
                port.uuid, node.uuid));
        store::ports::remove(db, port);
    });
}

Task<Portgroup> update_portgroup(Services* services, Portgroup before, Portgroup group) {
    co_await with_locked_node(services, before.node_uuid, [&](const Node& node, store::Sql& db) {
        check_portgroup_update(db, node, before, group);
        if (before.node_uuid != group.node_uuid) store::nodes::keep(db, group.node_uuid);
        store::portgroups::save(db, before, group);
        if (before.physical_network == group.physical_network) return;
        for (const auto& member : store::ports::of_portgroup(db, group.uuid)) {
            auto changed = member;
            changed.physical_network = group.physical_network;
            store::ports::save(db, member, changed);
        }
    });
    co_return group;
}

Task<> destroy_portgroup(Services* services, std::string uuid) {
    auto group =
        services->store.read([&](store::Sql& db) { return store::portgroups::get(db, uuid); });
    co_await with_locked_node(services, group.node_uuid, [&](const Node&, store::Sql& db) {
        store::portgroups::remove(db, group);
    });
}

namespace {

/// A machine that runs must not lose sight of its disks.
void check_powered_off(const Node& node, std::string_view what) {
    if (node.power_state == model::power::off) return;
    throw InvalidValue(fmt::format(
        "{} while node {} is powered off, and its power state is '{}': power it off first.", what,
        node.uuid, node.power_state.value_or("unknown")));
}

void check_volume_deletable(const Node& node, std::string_view what) {
    constexpr std::array kUnused = {states::manageable, states::enroll, states::adopt_failed};
    if (std::ranges::find(kUnused, state_of(node)) == kUnused.end()) check_powered_off(node, what);
}

}  // namespace

Task<model::VolumeConnector> update_volume_connector(Services* services,
                                                     model::VolumeConnector before,
                                                     model::VolumeConnector connector) {
    co_await with_locked_node(services, connector.node_uuid, [&](const Node& node, store::Sql& db) {
        check_powered_off(node, "A volume connector can be changed only");
        store::volume_connectors::save(db, before, connector);
    });
    co_return connector;
}

Task<> destroy_volume_connector(Services* services, std::string uuid) {
    auto connector = services->store.read(
        [&](store::Sql& db) { return store::volume_connectors::get(db, uuid); });
    co_await with_locked_node(services, connector.node_uuid, [&](const Node& node, store::Sql& db) {
        check_volume_deletable(node, "A volume connector can be deleted only");
        store::volume_connectors::remove(db, connector);
    });
}

Task<model::VolumeTarget> update_volume_target(Services* services, model::VolumeTarget before,
                                               model::VolumeTarget target) {
    co_await with_locked_node(services, target.node_uuid, [&](const Node& node, store::Sql& db) {
        check_powered_off(node, "A volume target can be changed only");
        store::volume_targets::save(db, before, target);
    });
    co_return target;
}

Task<> destroy_volume_target(Services* services, std::string uuid) {
    auto target =
        services->store.read([&](store::Sql& db) { return store::volume_targets::get(db, uuid); });
    co_await with_locked_node(services, target.node_uuid, [&](const Node& node, store::Sql& db) {
        check_volume_deletable(node, "A volume target can be deleted only");
        store::volume_targets::remove(db, target);
    });
}

}  // namespace ferrite::conductor
