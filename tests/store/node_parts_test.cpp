#include "store/portgroups.h"
#include "store/store_fixture.h"
#include "store/values.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

// Portgroups, volume connectors and volume targets, and what goes with their node.

namespace ferrite::store {
namespace {

using model::Portgroup;
using model::VolumeConnector;
using model::VolumeTarget;

class NodeParts : public StoreTest {
protected:
    template <class R>
    using Insert = void (*)(Sql&, R&);

    template <class R, class F>
    R add(Insert<R> insert, F change) {
        R row;
        row.uuid = new_uuid();
        row.node_uuid = node_uuid_;
        change(row);
        write([&](Sql& db) { insert(db, row); });
        return row;
    }

    /// Stores a row with a value in every field, and expects it back after a new start.
    template <class R>
    void expect_every_field_kept(std::span<const model::Field<R>> fields, Insert<R> insert,
                                 R (*get)(Sql&, std::string_view)) {
        auto full = add<R>(insert, [&](R& row) {
            std::int64_t number = 1;
            for (const auto& field : fields) set_field(field, row, number++);
            row.uuid = new_uuid();
        });
        reopen();
        auto found = read([&](Sql& db) { return get(db, full.uuid); });
        EXPECT_EQ(found.id, full.id);
        for (const auto& field : fields)
            EXPECT_EQ(stored_value(field, found), stored_value(field, full)) << field.name;
    }

    std::string node_uuid_ = new_uuid();
};

TEST_F(NodeParts, EveryFieldIsKept) {
    expect_every_field_kept(model::portgroup_fields(), portgroups::insert, portgroups::get);
    expect_every_field_kept(model::volume_connector_fields(), volume_connectors::insert,
                            volume_connectors::get);
    expect_every_field_kept(model::volume_target_fields(), volume_targets::insert,
                            volume_targets::get);
}

TEST_F(NodeParts, PortgroupsAreFoundByUuidAndName) {
    auto group = add<Portgroup>(portgroups::insert, [](Portgroup& g) { g.name = "bond0"; });
    EXPECT_EQ(read([](Sql& db) { return portgroups::get(db, "bond0"); }).id, group.id);
    EXPECT_EQ(read([&](Sql& db) { return portgroups::of_node(db, node_uuid_); }).size(), 1u);
    EXPECT_EQ(message_of<NotFound>([&] { read([](Sql& db) { portgroups::get(db, "bond1"); }); }),
              "Portgroup bond1 could not be found.");
}

TEST_F(NodeParts, WhatAnotherPortgroupHasIsNamed) {
    auto group = add<Portgroup>(portgroups::insert, [](Portgroup& g) {
        g.name = "bond0";
        g.address = "52:54:00:00:00:01";
    });
    add<Portgroup>(portgroups::insert, [](Portgroup&) {});
    add<Portgroup>(portgroups::insert, [](Portgroup&) {});  // neither name nor address: no clash
    auto clash = [&](auto change) {
        return message_of<Conflict>([&] { add<Portgroup>(portgroups::insert, change); });
    };
    EXPECT_EQ(clash([](Portgroup& g) { g.name = "bond0"; }),
              "A portgroup with name bond0 already exists.");
    EXPECT_EQ(clash([](Portgroup& g) { g.address = "52:54:00:00:00:01"; }),
              "A portgroup with MAC address 52:54:00:00:00:01 already exists.");
    EXPECT_EQ(clash([&](Portgroup& g) { g.uuid = group.uuid; }),
              "A portgroup with UUID " + group.uuid + " already exists.");
}

TEST_F(NodeParts, APortgroupWithPortsStays) {
    auto group = add<Portgroup>(portgroups::insert, [](Portgroup&) {});
    auto port = add<model::Port>(ports::insert, [&](model::Port& p) {
        p.address = "52:54:00:00:00:01";
        p.portgroup_uuid = group.uuid;
    });
    EXPECT_EQ(read([&](Sql& db) { return ports::of_portgroup(db, group.uuid); }).size(), 1u);
    EXPECT_THROW(write([&](Sql& db) { portgroups::remove(db, group); }), InvalidValue);
    write([&](Sql& db) { ports::remove(db, port); });
    write([&](Sql& db) { portgroups::remove(db, group); });
    EXPECT_EQ(count("portgroups"), 0);
}

TEST_F(NodeParts, SavingStampsWhatDiffers) {
    auto group = add<Portgroup>(portgroups::insert, [](Portgroup&) {});
    auto changed = group;
    write([&](Sql& db) { EXPECT_FALSE(portgroups::save(db, group, changed)); });
    EXPECT_FALSE(changed.updated_at);
    changed.mode = "802.3ad";
    write([&](Sql& db) { EXPECT_TRUE(portgroups::save(db, group, changed)); });
    EXPECT_TRUE(changed.updated_at);
    auto found = read([&](Sql& db) { return portgroups::get(db, group.uuid); });
    EXPECT_EQ(found.mode, "802.3ad");
    EXPECT_EQ(found.updated_at, changed.updated_at);
}

TEST_F(NodeParts, AConnectorIsThereOnce) {
    auto iqn = [](VolumeConnector& c) {
        c.type = "iqn";
        c.connector_id = "iqn.1";
    };
    auto first = add<VolumeConnector>(volume_connectors::insert, iqn);
    add<VolumeConnector>(volume_connectors::insert, [](VolumeConnector& c) {
        c.type = "ip";
        c.connector_id = "iqn.1";
    });
    EXPECT_EQ(message_of<Conflict>([&] { add<VolumeConnector>(volume_connectors::insert, iqn); }),
              "A volume connector with type iqn and connector ID iqn.1 already exists.");
    EXPECT_EQ(message_of<Conflict>([&] {
                  add<VolumeConnector>(volume_connectors::insert,
                                       [&](VolumeConnector& c) { c.uuid = first.uuid; });
              }),
              "A volume connector with UUID " + first.uuid + " already exists.");
    EXPECT_EQ(message_of<NotFound>([&] { read([](Sql& db) { volume_connectors::get(db, "x"); }); }),
              "Volume connector x could not be found.");
}

TEST_F(NodeParts, ABootIndexIsThereOncePerNode) {
    auto first = add<VolumeTarget>(volume_targets::insert, [](VolumeTarget&) {});
    auto other = add<VolumeTarget>(volume_targets::insert,
                                   [](VolumeTarget& t) { t.node_uuid = new_uuid(); });
    auto second =
        add<VolumeTarget>(volume_targets::insert, [](VolumeTarget& t) { t.boot_index = 1; });
    auto changed = second;
    changed.boot_index = 0;
    EXPECT_EQ(message_of<Conflict>(
                  [&] { write([&](Sql& db) { volume_targets::save(db, second, changed); }); }),
              "A volume target with boot index 0 already exists for node " + node_uuid_ + ".");
    write([&](Sql& db) { volume_targets::remove_of_node(db, node_uuid_); });
    EXPECT_FALSE(read([&](Sql& db) { return volume_targets::find(db, first.uuid); }));
    EXPECT_TRUE(read([&](Sql& db) { return volume_targets::find(db, other.uuid); }));
}

TEST_F(NodeParts, GoWithTheirNode) {
    auto node = add_node("n");
    for (const auto& owner : {node.uuid, new_uuid()}) {
        node_uuid_ = owner;
        add<Portgroup>(portgroups::insert, [](Portgroup&) {});
        add<VolumeConnector>(volume_connectors::insert,
                             [&](VolumeConnector& c) { c.connector_id = owner; });
        add<VolumeTarget>(volume_targets::insert, [](VolumeTarget&) {});
    }
    write([&](Sql& db) { nodes::remove(db, node); });
    for (auto table : {"portgroups", "volume_connectors", "volume_targets"})
        EXPECT_EQ(count(table), 1) << table;
}

}  // namespace
}  // namespace ferrite::store
