#include <algorithm>

#include "store/chassis.h"
#include "store/conductors.h"
#include "store/history.h"
#include "store/inventories.h"
#include "store/store_fixture.h"
#include "store/values.h"

// Ports, chassis, conductors and node history.

namespace ferrite::store {
namespace {

template <class R>
void expect_same(std::span<const model::Field<R>> fields, const R& expected, const R& found) {
    EXPECT_EQ(expected.id, found.id);
    for (const auto& field : fields)
        EXPECT_EQ(stored_value(field, expected), stored_value(field, found)) << field.name;
}

class Ports : public StoreTest {
protected:
    template <class F>
    model::Port add(F change) {
        model::Port port;
        port.uuid = new_uuid();
        port.address = "52:54:00:00:00:" + std::to_string(10 + next_++);
        port.node_uuid = node_uuid_;
        change(port);
        write([&](Sql& db) { ports::insert(db, port); });
        return port;
    }
    model::Port port(const std::string& ident) {
        return read([&](Sql& db) { return ports::get(db, ident); });
    }
    std::string node_uuid_ = new_uuid();
    int next_ = 0;
};

TEST_F(Ports, EveryFieldIsKept) {
    auto full = add([](model::Port& port) {
        std::int64_t number = 1;
        for (const auto& field : model::port_fields()) set_field(field, port, number++);
        port.uuid = new_uuid();
    });
    auto bare = add([](model::Port&) {});
    reopen();
    expect_same(model::port_fields(), full, port(full.uuid));
    expect_same(model::port_fields(), bare, port(bare.uuid));
    EXPECT_TRUE(port(bare.uuid).pxe_enabled);
}

TEST_F(Ports, AreFoundByUuidNameAddressAndNode) {
    auto named = add([](model::Port& p) { p.name = "eth0"; });
    auto other = add([](model::Port& p) { p.node_uuid = new_uuid(); });
    EXPECT_EQ(port("eth0").id, named.id);
    auto upper = named.uuid;
    std::ranges::transform(upper, upper.begin(), [](char c) { return std::toupper(c); });
    EXPECT_EQ(port(upper).id, named.id);
    EXPECT_EQ(message_of<NotFound>([&] { port("eth1"); }), "Port eth1 could not be found.");
    auto found = read([&](Sql& db) { return ports::find_by_address(db, other.address); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, other.id);
    EXPECT_FALSE(read([](Sql& db) { return ports::find_by_address(db, "00:00:00:00:00:00"); }));
    auto second = add([](model::Port&) {});
    auto of_node = read([&](Sql& db) { return ports::of_node(db, node_uuid_); });
    ASSERT_EQ(of_node.size(), 2U);
    expect_same(model::port_fields(), named, of_node[0]);
    expect_same(model::port_fields(), second, of_node[1]);
}

TEST_F(Ports, ANodeMayHaveMoreThanAPage) {
    write([&](Sql& db) {
        for (int i = 0; i < 1200; ++i) {
            model::Port port;
            port.uuid = new_uuid();
            port.address = std::to_string(i);
            port.node_uuid = node_uuid_;
            ports::insert(db, port);
        }
    });
    EXPECT_EQ(read([&](Sql& db) { return ports::of_node(db, node_uuid_); }).size(), 1200U);
}

TEST_F(Ports, DuplicatesNameWhatIsTaken) {
    auto first = add([](model::Port& p) { p.name = "eth0"; });
    auto insert = [&](auto change) { return message_of<Conflict>([&] { add(change); }); };
    EXPECT_EQ(insert([&](model::Port& p) { p.uuid = first.uuid; }),
              "A port with UUID " + first.uuid + " already exists.");
    EXPECT_EQ(insert([&](model::Port& p) { p.address = first.address; }),
              "A port with MAC address " + first.address + " already exists.");
    EXPECT_EQ(insert([&](model::Port& p) { p.name = "eth0"; }),
              "A port with name eth0 already exists.");
    auto second = add([](model::Port&) {});
    auto changed = second;
    changed.address = first.address;
    EXPECT_EQ(
        message_of<Conflict>([&] { write([&](Sql& db) { ports::save(db, second, changed); }); }),
        "A port with MAC address " + first.address + " already exists.");
    expect_same(model::port_fields(), second, port(second.uuid));
}

TEST_F(Ports, SaveWritesOnlyWhatDiffers) {
    auto before = add([](model::Port&) {});
    auto first = before;
    auto second = before;
    first.pxe_enabled = false;
    second.extra = model::JsonText(std::string(R"({"a":1})"));
    auto start = now_seconds();
    write([&](Sql& db) { EXPECT_TRUE(ports::save(db, before, first)); });
    write([&](Sql& db) { EXPECT_TRUE(ports::save(db, before, second)); });
    write([&](Sql& db) { EXPECT_FALSE(ports::save(db, second, second)); });
    auto found = port(before.uuid);
    EXPECT_FALSE(found.pxe_enabled);
    EXPECT_EQ(found.extra.text(), R"({"a":1})");
    EXPECT_GE(found.updated_at, start);
    write([&](Sql& db) { ports::remove(db, found); });
    EXPECT_EQ(count("ports"), 0);
    write([&](Sql& db) { EXPECT_FALSE(ports::save(db, before, first)); });
}

using ChassisRows = StoreTest;

TEST_F(ChassisRows, AreKeptSavedAndRemoved) {
    model::Chassis chassis;
    chassis.uuid = new_uuid();
    chassis.description = "rack 1";
    chassis.extra = model::JsonText(std::string("{}"));
    write([&](Sql& db) { chassis::insert(db, chassis); });
    auto get = [&] { return read([&](Sql& db) { return chassis::get(db, chassis.uuid); }); };
    expect_same(model::chassis_fields(), chassis, get());
    EXPECT_EQ(message_of<Conflict>([&] { write([&](Sql& db) { chassis::insert(db, chassis); }); }),
              "A chassis with UUID " + chassis.uuid + " already exists.");

    auto before = chassis;
    chassis.description.reset();
    write([&](Sql& db) { EXPECT_TRUE(chassis::save(db, before, chassis)); });
    write([&](Sql& db) { EXPECT_FALSE(chassis::save(db, chassis, chassis)); });
    EXPECT_TRUE(chassis.updated_at);
    expect_same(model::chassis_fields(), chassis, get());

    EXPECT_FALSE(read([](Sql& db) { return chassis::find(db, "no uuid"); }));
    write([&](Sql& db) { chassis::remove(db, chassis); });
    EXPECT_EQ(message_of<NotFound>(get), "Chassis " + chassis.uuid + " could not be found.");
}

TEST_F(ChassisRows, WithNodesCanNotBeRemoved) {
    model::Chassis chassis;
    chassis.uuid = new_uuid();
    write([&](Sql& db) { chassis::insert(db, chassis); });
    auto inside = add_node([&](model::Node& n) { n.chassis_uuid = chassis.uuid; });
    auto refusal =
        message_of<InvalidValue>([&] { write([&](Sql& db) { chassis::remove(db, chassis); }); });
    EXPECT_NE(refusal.find(chassis.uuid), std::string::npos) << refusal;
    write([&](Sql& db) { nodes::remove(db, inside); });
    write([&](Sql& db) { chassis::remove(db, chassis); });
    EXPECT_EQ(count("chassis"), 0);
}

class Conductors : public StoreTest {
protected:
    std::optional<model::Conductor> conductor(const std::string& host) {
        return read([&](Sql& db) { return conductors::find(db, host); });
    }
    void set_heard(const std::string& host, Timestamp time) {
        write([&](Sql& db) {
            Query q(db, "UPDATE conductors SET updated_at=? WHERE hostname=?");
            q.bind(0, time.time_since_epoch().count()).bind(1, std::string_view(host)).run();
        });
    }
};

TEST_F(Conductors, EnterLeaveAndComeBack) {
    auto start = now_seconds();
    write(
        [](Sql& db) { conductors::enter(db, "host-1", "process", "group", {"ipmi", "redfish"}); });
    auto first = conductor("host-1");
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->online);
    EXPECT_EQ(first->conductor_group, "group");
    EXPECT_EQ(first->drivers.text(), R"(["ipmi","redfish"])");
    EXPECT_GE(first->created_at, start);
    EXPECT_GE(first->updated_at, start);

    write([](Sql& db) { conductors::leave(db, "host-1"); });
    EXPECT_FALSE(conductor("host-1")->online);

    set_heard("host-1", time_of(1));
    write([](Sql& db) { conductors::enter(db, "host-1", "process", "", {}); });
    auto again = conductor("host-1");
    EXPECT_EQ(again->id, first->id);
    EXPECT_TRUE(again->online);
    EXPECT_EQ(again->conductor_group, "");
    EXPECT_EQ(again->drivers.text(), "[]");
    EXPECT_EQ(again->created_at, first->created_at);
    EXPECT_GE(again->updated_at, start);
    EXPECT_EQ(count("conductors"), 1);
}

TEST_F(Conductors, ThoseThatAreLongGoneAreForgotten) {
    write([](Sql& db) {
        for (auto host : {"dead-1", "dead-2", "dead-3", "alive", "lately"})
            conductors::enter(db, host, "process", "", {});
        for (auto host : {"dead-1", "dead-2", "dead-3", "lately"}) conductors::depart(db, host);
    });
    for (auto host : {"dead-1", "dead-2", "dead-3", "alive"}) set_heard(host, time_of(1));
    auto node = add_node([](model::Node& n) { n.conductor_affinity = "dead-1"; });
    auto forget = [&](std::int64_t most) {
        std::vector<std::string> gone;
        write([&](Sql& db) { gone = conductors::remove_gone(db, time_of(2), most); });
        return gone;
    };
    EXPECT_EQ(forget(2), (std::vector<std::string>{"dead-1", "dead-2"}));
    EXPECT_EQ(forget(50), (std::vector<std::string>{"dead-3"}));
    EXPECT_TRUE(conductor("alive")) << "silent, but nobody has buried it yet";
    EXPECT_TRUE(conductor("lately"));
    read([&](Sql& db) {
        EXPECT_FALSE(nodes::get(db, node.uuid).conductor_affinity);
        return 0;
    });
}

TEST_F(Conductors, AHeartbeatIsOfTheProcessThatHasTheName) {
    write([](Sql& db) {
        conductors::enter(db, "host-1", "process", "", {});
        conductors::enter(db, "host-2", "process", "", {});
    });
    auto start = now_seconds();
    set_heard("host-1", time_of(1));
    set_heard("host-2", time_of(1));
    write([](Sql& db) { conductors::leave(db, "host-1"); });
    write([](Sql& db) {
        EXPECT_TRUE(conductors::heartbeat(db, "host-1", "process"));
        EXPECT_FALSE(conductors::heartbeat(db, "host-2", "an older process"));
        EXPECT_FALSE(conductors::heartbeat(db, "nobody", "process"));
    });
    EXPECT_FALSE(conductor("host-1")->online) << "it drains, and is alive";
    EXPECT_GE(conductor("host-1")->updated_at, start);
    EXPECT_EQ(conductor("host-2")->updated_at, time_of(1));
    EXPECT_FALSE(conductor("nobody"));
}

TEST_F(Conductors, TheSilentAreBuriedWithTheirLocks) {
    write([](Sql& db) {
        for (auto host : {"silent", "alive", "gone"}) conductors::enter(db, host, "p", "", {});
        conductors::depart(db, "gone");
    });
    auto held = add_node([](model::Node& n) { n.reservation = "silent"; });
    auto other = add_node([](model::Node& n) { n.reservation = "alive"; });
    set_heard("silent", time_of(1));
    set_heard("gone", time_of(1));
    write([](Sql& db) {
        EXPECT_EQ(conductors::bury_silent(db, time_of(2)), std::vector<std::string>{"silent"});
        EXPECT_TRUE(conductors::bury_silent(db, time_of(2)).empty());
        EXPECT_FALSE(conductors::heartbeat(db, "silent", "p"));
    });
    EXPECT_FALSE(conductor("silent")->online);
    EXPECT_TRUE(conductor("alive")->online);
    EXPECT_FALSE(node(held.uuid).reservation);
    EXPECT_EQ(node(other.uuid).reservation, "alive");
    write([](Sql& db) {
        conductors::enter(db, "silent", "q", "", {});
        EXPECT_TRUE(conductors::heartbeat(db, "silent", "q"));
    });
    EXPECT_TRUE(conductor("silent")->online);
}

class History : public StoreTest {
protected:
    void add(const model::Node& of, const std::string& event, std::int64_t keep) {
        write([&](Sql& db) {
            history::add(
                db, of,
                {.conductor = "host", .severity = "ERROR", .type = "cleaning", .text = event},
                {.entries = keep});
        });
    }
    std::vector<model::NodeHistory> of(const model::Node& node) {
        std::vector<const model::Field<model::NodeHistory>*> fields;
        for (const auto& field : model::node_history_fields()) fields.push_back(&field);
        std::vector<model::NodeHistory> rows;
        read([&](Sql& db) {
            PageQuery query{.where = {{"node_uuid = ?", {node.uuid}}}};
            return history::page(db, query, fields,
                                 [&](const model::NodeHistory& row) { rows.push_back(row); });
        });
        return rows;
    }
    std::string events(const model::Node& node) {
        std::string text;
        for (const auto& row : of(node)) text += row.event + " ";
        return text;
    }
};

TEST_F(History, RemovesWhatIsSurplusAsItIsTold) {
    auto add_with = [&](const model::Node& of, const std::string& text,
                        history::Retention retention) {
        write([&](Sql& db) {
            history::add(db, of, {.severity = "INFO", .type = "t", .text = text}, retention);
        });
    };
    auto node = add_node([](model::Node&) {});
    for (auto text : {"1", "2", "3", "4", "5"}) add(node, text, 100);
    add_with(node, "6", {.entries = 2, .most_at_once = 0});
    EXPECT_EQ(of(node).size(), 6U) << "nothing at once: never";
    add_with(node, "7", {.entries = 2, .minimum = std::chrono::days(1)});
    EXPECT_EQ(of(node).size(), 7U) << "too young";
    add_with(node, "8", {.entries = 2, .most_at_once = 3});
    EXPECT_EQ(events(node), "4 5 6 7 8 ");
    add_with(node, "9", {.entries = 2, .most_at_once = 100});
    EXPECT_EQ(events(node), "8 9 ");
}

TEST_F(History, CutsTheMiddleOutOfWhatIsTooLong) {
    auto node = add_node([](model::Node&) {});
    std::string text = "begin" + std::string(100'000, 'x') + "end";
    add(node, text, 10);
    auto kept = of(node).front().event;
    EXPECT_LE(kept.size(), 65'535U);
    EXPECT_TRUE(kept.starts_with("begin"));
    EXPECT_TRUE(kept.ends_with("end"));
    EXPECT_NE(kept.find(" ... [truncated] ... "), std::string::npos);
}

TEST_F(History, KeepsWhatHappenedAndWhere) {
    auto node = add_node([](model::Node& n) {
        n.provision_state = "clean failed";
        n.target_provision_state = "available";
        n.provision_updated_at = now_seconds() - std::chrono::seconds(60);
    });
    add(node, "It broke.", 10);
    auto rows = of(node);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].event, "It broke.");
    EXPECT_EQ(rows[0].conductor, "host");
    EXPECT_EQ(rows[0].severity, "ERROR");
    EXPECT_EQ(rows[0].event_type, "cleaning");
    EXPECT_EQ(rows[0].state, "clean failed");
    EXPECT_EQ(rows[0].target_provision_state, "available");
    EXPECT_GE(rows[0].duration_seconds, 60);
    EXPECT_TRUE(rows[0].created_at);
    EXPECT_FALSE(rows[0].user);
    for (auto ident : {rows[0].uuid, [&] {
                           auto upper = rows[0].uuid;
                           for (char& c : upper) c = static_cast<char>(std::toupper(c));
                           return upper;
                       }()}) {
        auto found = read([&](Sql& db) { return history::find(db, ident); });
        ASSERT_TRUE(found) << ident;
        EXPECT_EQ(found->id, rows[0].id);
    }
    EXPECT_FALSE(read([](Sql& db) { return history::find(db, new_uuid()); }));
    EXPECT_FALSE(read([](Sql& db) { return history::find(db, "no uuid"); }));
}

TEST_F(History, DropsTheOldestOfThatNodeOnly) {
    auto busy = add_node("busy");
    auto quiet = add_node("quiet");
    add(quiet, "q", 3);
    for (int i = 1; i <= 5; ++i) add(busy, std::to_string(i), 3);
    add(quiet, "r", 3);
    EXPECT_EQ(events(busy), "3 4 5 ");
    EXPECT_EQ(events(quiet), "q r ");
    add(busy, "6", 1);
    EXPECT_EQ(events(busy), "6 ");
    add(busy, "7", 2);
    EXPECT_EQ(events(busy), "6 7 ");
    add(busy, "8", 0);
    EXPECT_EQ(events(busy), "");
}

class Inventories : public StoreTest {
protected:
    void put(const std::string& node_uuid, std::string inventory, std::string plugin_data) {
        model::NodeInventory row;
        row.node_uuid = node_uuid;
        row.inventory_data = model::JsonText(std::move(inventory));
        row.plugin_data = model::JsonText(std::move(plugin_data));
        write([&](Sql& db) { inventories::put(db, row); });
    }
    auto find(const std::string& node_uuid) {
        return read([&](Sql& db) { return inventories::find(db, node_uuid); });
    }
};

TEST_F(Inventories, TheLastOneOfEachNodeIsKept) {
    auto inspected = add_node("inspected");
    auto other = add_node("other");
    put(inspected.uuid, R"({"cpu":1})", "{}");
    put(other.uuid, R"({"cpu":9})", "{}");
    put(inspected.uuid, R"({"cpu":2})", R"({"root_disk":null})");
    EXPECT_EQ(count("node_inventory"), 2);
    auto found = find(inspected.uuid);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->inventory_data.text(), R"({"cpu":2})");
    EXPECT_EQ(found->plugin_data.text(), R"({"root_disk":null})");
    EXPECT_TRUE(found->created_at);
    EXPECT_FALSE(find(new_uuid()));
}

TEST_F(Inventories, GoWithTheirNode) {
    auto gone = add_node("gone");
    put(gone.uuid, "{}", "{}");
    write([&](Sql& db) { nodes::remove(db, gone); });
    EXPECT_FALSE(find(gone.uuid));
}

}  // namespace
}  // namespace ferrite::store
