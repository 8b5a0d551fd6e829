#include <fmt/core.h>
#include <gmock/gmock.h>

#include "conductor/conductor_kit.h"
#include "store/portgroups.h"
#include "store/ports.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

/// What belongs to a node and is changed under its lock: portgroups and their ports, volumes.
namespace ferrite::conductor {
namespace {

using model::Node;
using model::Port;
using model::Portgroup;
using model::VolumeConnector;
using model::VolumeTarget;

class NodeParts : public ConductorTest {
protected:
    void SetUp() override { make(); }

    Portgroup group_of(const std::string& node_uuid,
                       const std::function<void(Portgroup&)>& more = {}) {
        Portgroup group;
        group.uuid = new_uuid();
        group.node_uuid = node_uuid;
        if (more) more(group);
        store->write_now([&](store::Sql& db) { store::portgroups::insert(db, group); });
        return group;
    }
    VolumeTarget target_of(const std::string& node_uuid) {
        VolumeTarget target;
        target.uuid = new_uuid();
        target.node_uuid = node_uuid;
        store->write_now([&](store::Sql& db) { store::volume_targets::insert(db, target); });
        return target;
    }
    VolumeConnector connector_of(const std::string& node_uuid) {
        VolumeConnector connector;
        connector.uuid = connector.connector_id = new_uuid();
        connector.node_uuid = node_uuid;
        store->write_now([&](store::Sql& db) { store::volume_connectors::insert(db, connector); });
        return connector;
    }

    /// The status of creating a member of `group`; the port is in `made`.
    int join(const Portgroup& group, const std::function<void(Port&)>& more = {}) {
        Port port;
        port.node_uuid = group.node_uuid;
        port.portgroup_uuid = group.uuid;
        port.address = fmt::format("52:54:00:00:00:{:02x}", ++count_);
        if (more) more(port);
        return status_of(keep(conductor->create_port({}, port), &made));
    }
    int update(const Port& before, const std::function<void(Port&)>& edit) {
        auto wanted = before;
        edit(wanted);
        return status_of(keep(conductor->update_port({}, before, wanted), &made));
    }
    int update(const Portgroup& before, const std::function<void(Portgroup&)>& edit) {
        auto wanted = before;
        edit(wanted);
        return status_of(keep(conductor->update_portgroup({}, before, wanted), &changed));
    }
    int update(const VolumeTarget& before, const std::function<void(VolumeTarget&)>& edit) {
        auto wanted = before;
        edit(wanted);
        VolumeTarget answer;
        return status_of(keep(conductor->update_volume_target({}, before, wanted), &answer));
    }
    int update(const VolumeConnector& before, const std::function<void(VolumeConnector&)>& edit) {
        auto wanted = before;
        edit(wanted);
        VolumeConnector answer;
        return status_of(keep(conductor->update_volume_connector({}, before, wanted), &answer));
    }
    Port port(const std::string& uuid) {
        return store->read([&](store::Sql& db) { return store::ports::get(db, uuid); });
    }

    Port made;
    Portgroup changed;

private:
    int count_ = 0;
};

TEST_F(NodeParts, MembersAreOnThePhysicalNetworkOfTheirGroup) {
    auto blue = group_of(add(states::enroll), [](Portgroup& g) { g.physical_network = "blue"; });
    EXPECT_EQ(join(blue), 0) << message;
    EXPECT_EQ(made.physical_network, "blue") << "taken over";
    EXPECT_EQ(join(blue, [](Port& p) { p.physical_network = "blue"; }), 0) << message;
    EXPECT_EQ(join(blue, [](Port& p) { p.physical_network = "red"; }), 409);
    EXPECT_THAT(message, testing::HasSubstr("blue"));

    auto open = group_of(add(states::enroll));
    EXPECT_EQ(join(open, [](Port& p) { p.physical_network = "red"; }), 0) << "the first says";
    auto first = made;
    EXPECT_EQ(join(open), 409);
    EXPECT_EQ(join(open, [](Port& p) { p.physical_network = "red"; }), 0) << message;
    EXPECT_EQ(update(first, [](Port& p) { p.physical_network = "green"; }), 409);
}

TEST_F(NodeParts, MembersBelongToTheNodeOfTheirGroup) {
    auto node = add(states::enroll), other = add(states::enroll);
    auto group = group_of(node);
    EXPECT_EQ(join(group, [&](Port& p) { p.node_uuid = other; }), 400);
    EXPECT_EQ(join(group, [](Port& p) { p.portgroup_uuid = new_uuid(); }), 400);
    EXPECT_EQ(join(group, [](Port& p) { p.node_uuid = new_uuid(); }), 404);
    EXPECT_EQ(join(group), 0);
    auto member = made;
    EXPECT_EQ(update(member, [&](Port& p) { p.node_uuid = other; }), 400);
    EXPECT_EQ(update(member,
                     [&](Port& p) {
                         p.node_uuid = other;
                         p.portgroup_uuid.reset();
                     }),
              0)
        << message;
}

TEST_F(NodeParts, ANewPhysicalNetworkGoesToTheMembers) {
    auto group = group_of(add(states::active));
    ASSERT_EQ(join(group), 0);
    auto member = made.uuid;
    EXPECT_EQ(update(group, [](Portgroup& g) { g.physical_network = "blue"; }), 0) << message;
    EXPECT_EQ(port(member).physical_network, "blue");
    auto blue = changed;
    EXPECT_EQ(update(blue, [](Portgroup& g) { g.physical_network.reset(); }), 0);
    EXPECT_EQ(port(member).physical_network, std::nullopt);
}

TEST_F(NodeParts, APortgroupMovesEmptyAndInSomeStates) {
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        bool free = row.name == states::enroll || row.name == states::manageable ||
                    row.name == states::inspecting || row.name == states::inspect_wait;
        auto node = add(row.name), other = add(states::enroll);
        auto group = group_of(node);
        EXPECT_EQ(update(group, [](Portgroup& g) { g.extra.set("a", 1); }), 0) << message;
        auto move = [&](Portgroup& g) { g.node_uuid = other; };
        EXPECT_EQ(update(changed, move), free ? 0 : 409);
        EXPECT_TRUE(is_released(node));
        change(node, [](Node& n) { n.maintenance = true; });
        auto full = group_of(node);
        ASSERT_EQ(join(full), 0);
        EXPECT_EQ(update(full, move), 400) << "it has a port";
    }
}

TEST_F(NodeParts, NetworksThatBindPortsForbidStandaloneOnes) {
    for (auto network : {"noop", "flat", "neutron"}) {
        SCOPED_TRACE(network);
        bool binds = std::string_view(network) != "noop";
        auto node = add(states::enroll, [&](Node& n) { n.network_interface = network; });
        auto group = group_of(node);
        ASSERT_EQ(join(group), 0);
        auto member = made;
        auto forbid = [](Portgroup& g) { g.standalone_ports_supported = false; };
        EXPECT_EQ(update(group, forbid), binds ? 409 : 0);
        EXPECT_EQ(update(member, [](Port& p) { p.pxe_enabled = false; }), 0) << message;
        member = made;
        EXPECT_EQ(update(group, forbid), 0) << message;
        EXPECT_EQ(update(member, [](Port& p) { p.pxe_enabled = true; }), binds ? 409 : 0);
    }
}

TEST_F(NodeParts, WhatCarriesAVifKeepsItsShape) {
    auto node = add(states::active, [](Node& n) { n.network_interface = "flat"; });
    auto group =
        group_of(node, [](Portgroup& g) { g.internal_info.set("tenant_vif_port_id", "v"); });
    EXPECT_EQ(update(group, [](Portgroup& g) { g.mode = "802.3ad"; }), 409);
    EXPECT_EQ(update(group, [](Portgroup& g) { g.address = "52:54:00:00:00:99"; }), 409);
    EXPECT_EQ(update(group, [](Portgroup& g) { g.name = "bond0"; }), 0) << message;
    ASSERT_EQ(join(group, [](Port& p) { p.internal_info.set("tenant_vif_port_id", "v"); }), 0);
    EXPECT_EQ(status_of(conductor->destroy_port({}, made.uuid)), 409);
    change(node, [](Node& n) { n.maintenance = true; });
    EXPECT_EQ(status_of(conductor->destroy_port({}, made.uuid)), 0) << message;
}

TEST_F(NodeParts, APortgroupIsDeletedWithoutPorts) {
    auto group = group_of(add(states::active));
    ASSERT_EQ(join(group), 0);
    EXPECT_EQ(status_of(conductor->destroy_portgroup({}, group.uuid)), 400);
    EXPECT_EQ(status_of(conductor->destroy_port({}, made.uuid)), 0);
    EXPECT_EQ(status_of(conductor->destroy_portgroup({}, group.uuid)), 0);
    EXPECT_EQ(status_of(conductor->destroy_portgroup({}, group.uuid)), 404);
    EXPECT_TRUE(is_released(group.node_uuid));
}

TEST_F(NodeParts, VolumesChangeWhileTheirNodeIsOff) {
    for (auto state : {"power on", "", "error", "power off"}) {
        SCOPED_TRACE(state);
        auto node = add(states::enroll, [&](Node& n) {
            if (*state) n.power_state = state;
        });
        int expected = std::string_view(state) == power::off ? 0 : 400;
        EXPECT_EQ(update(target_of(node), [](VolumeTarget& t) { t.volume_id = "v"; }), expected);
        EXPECT_EQ(update(connector_of(node), [](VolumeConnector& c) { c.type = "ip"; }), expected);
        auto powered = add(states::enroll, [](Node& n) { n.power_state = "power off"; });
        EXPECT_EQ(update(target_of(powered), [&](VolumeTarget& t) { t.node_uuid = node; }),
                  expected == 0 ? 409 : 400)
            << "the node that it goes to counts; there the boot index is taken";
        EXPECT_TRUE(is_released(node));
    }
}

TEST_F(NodeParts, VolumesOfNodesInUseAreDeletedWhileTheyAreOff) {
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        bool unused = row.name == states::enroll || row.name == states::manageable ||
                      row.name == states::adopt_failed;
        auto on = add(row.name, [](Node& n) { n.power_state = "power on"; });
        EXPECT_EQ(status_of(conductor->destroy_volume_target({}, target_of(on).uuid)),
                  unused ? 0 : 400);
        EXPECT_EQ(status_of(conductor->destroy_volume_connector({}, connector_of(on).uuid)),
                  unused ? 0 : 400);
        auto off = add(row.name, [](Node& n) { n.power_state = "power off"; });
        EXPECT_EQ(status_of(conductor->destroy_volume_target({}, target_of(off).uuid)), 0);
        EXPECT_EQ(status_of(conductor->destroy_volume_connector({}, connector_of(off).uuid)), 0);
    }
    EXPECT_EQ(status_of(conductor->destroy_volume_target({}, new_uuid())), 404);
    EXPECT_EQ(status_of(conductor->destroy_volume_connector({}, new_uuid())), 404);
}

TEST_F(NodeParts, OfALockedNodeAreLeftAlone) {
    auto node = add(states::enroll, [](Node& n) { n.power_state = "power off"; });
    auto group = group_of(node);
    auto target = target_of(node);
    auto connector = connector_of(node);
    change(node, [](Node& n) { n.reservation = "elsewhere"; });
    EXPECT_EQ(update(group, [](Portgroup& g) { g.name = "x"; }), 409);
    EXPECT_EQ(status_of(conductor->destroy_portgroup({}, group.uuid)), 409);
    EXPECT_EQ(update(target, [](VolumeTarget& t) { t.volume_id = "x"; }), 409);
    EXPECT_EQ(status_of(conductor->destroy_volume_target({}, target.uuid)), 409);
    EXPECT_EQ(update(connector, [](VolumeConnector& c) { c.type = "x"; }), 409);
    EXPECT_EQ(status_of(conductor->destroy_volume_connector({}, connector.uuid)), 409);
}

TEST_F(NodeParts, TearingDownForgetsTheVolumesOfTheInstance) {
    auto node = add(states::active, [](Node& n) { n.instance_uuid = new_uuid(); });
    auto target = target_of(node);
    auto connector = connector_of(node);
    start();
    EXPECT_EQ(verb(node, "deleted"), 0) << message;
    EXPECT_TRUE(eventually([&] {
        return !store->read(
            [&](store::Sql& db) { return store::volume_targets::find(db, target.uuid); });
    }));
    EXPECT_TRUE(store->read(
        [&](store::Sql& db) { return store::volume_connectors::find(db, connector.uuid); }));
}

}  // namespace
}  // namespace ferrite::conductor
