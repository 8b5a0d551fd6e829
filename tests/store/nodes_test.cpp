#include "store/nodes.h"

#include <algorithm>
#include <set>

#include "model/states.h"
#include "store/history.h"
#include "store/store_fixture.h"
#include "store/values.h"

namespace ferrite::store {
namespace {

using model::Node;
namespace states = model::states;

class Nodes : public StoreTest {
protected:
    static void expect_same(const Node& expected, const Node& found) {
        EXPECT_EQ(expected.id, found.id);
        for (const auto& field : model::node_fields())
            EXPECT_EQ(stored_value(field, expected), stored_value(field, found)) << field.name;
    }
    std::int64_t add_history(const Node& of, const std::string& event) {
        write([&](Sql& db) {
            history::add(
                db, of, {.conductor = "host", .severity = "ERROR", .type = "verify", .text = event},
                {.entries = 10});
        });
        return count("node_history");
    }
    model::Port add_port(const Node& of, const std::string& mac) {
        model::Port port;
        port.uuid = new_uuid();
        port.address = mac;
        port.node_uuid = of.uuid;
        write([&](Sql& db) { ports::insert(db, port); });
        return port;
    }
};

TEST_F(Nodes, EveryFieldIsKept) {
    auto full = add_node([](Node& node) {
        std::int64_t number = 1;
        for (const auto& field : model::node_fields()) set_field(field, node, number++);
        node.uuid = new_uuid();
    });
    auto bare = add_node([](Node&) {});
    EXPECT_NE(full.id, bare.id);
    EXPECT_TRUE(full.created_at && bare.created_at);
    reopen();
    expect_same(full, node(full.uuid));
    expect_same(bare, node(bare.uuid));
}

TEST_F(Nodes, EveryFieldIsSavedAndCleared) {
    auto uuid = add_node([](Node&) {}).uuid;
    Node expected = node(uuid);
    for (const auto& field : model::node_fields()) {
        // The generation is changed by whoever takes the lock, and by nobody else.
        if (!field.stored() || field.name == "uuid" || field.name == "updated_at" ||
            field.name == "reservation_generation")
            continue;
        SCOPED_TRACE(field.name);
        auto before = expected;
        set_field(field, expected, 7);
        EXPECT_TRUE(alter(uuid, [&](Node& node) { set_field(field, node, 7); }));
        auto found = node(uuid);
        EXPECT_EQ(stored_value(field, found), stored_value(field, expected));
        EXPECT_TRUE(alter(uuid, [&](Node& node) { clear_field(field, node); }) ||
                    stored_value(field, Node{}) == stored_value(field, found));
        found = node(uuid);
        EXPECT_EQ(stored_value(field, found), stored_value(field, Node{}));
        expected = before;
    }
}

TEST_F(Nodes, AreFoundByUuidInAnySpellingAndByName) {
    auto added = add_node("Rack1");
    auto upper = added.uuid;
    std::ranges::transform(upper, upper.begin(), [](char c) { return std::toupper(c); });
    auto bare = added.uuid;
    std::erase(bare, '-');
    for (const auto& ident : {added.uuid, upper, bare, std::string("Rack1")})
        EXPECT_EQ(node(ident).id, added.id) << ident;
    for (std::string ident : {"rack1", "", "Rack", "Rack1 "})
        EXPECT_FALSE(read([&](Sql& db) { return nodes::find(db, ident); })) << ident;
    EXPECT_EQ(message_of<NotFound>([&] { node("nobody"); }), "Node nobody could not be found.");
}

TEST_F(Nodes, SaveWritesOnlyWhatDiffers) {
    auto first = node(add_node("n").uuid);
    auto second = first;
    auto before = first;
    first.owner = "project-1";
    second.last_error = "broken";
    write([&](Sql& db) { EXPECT_TRUE(nodes::save(db, before, first)); });
    write([&](Sql& db) { EXPECT_TRUE(nodes::save(db, before, second)); });
    auto found = node("n");
    EXPECT_EQ(found.owner, "project-1");
    EXPECT_EQ(found.last_error, "broken");
}

TEST_F(Nodes, SaveOfNothingChangesNothing) {
    add_node("n");
    EXPECT_FALSE(alter("n", [](Node&) {}));
    EXPECT_FALSE(node("n").updated_at);
    // A time that the caller made up counts for nothing.
    EXPECT_FALSE(alter("n", [](Node& n) { n.updated_at = time_of(1); }));
    EXPECT_FALSE(node("n").updated_at);
}

TEST_F(Nodes, SaveStampsUpdatedAt) {
    add_node("n");
    auto start = now_seconds();
    Node saved;
    write([&](Sql& db) {
        auto before = nodes::get(db, "n");
        saved = before;
        saved.description = "changed";
        EXPECT_TRUE(nodes::save(db, before, saved));
    });
    ASSERT_TRUE(saved.updated_at);
    EXPECT_GE(*saved.updated_at, start);
    expect_same(saved, node("n"));
}

TEST_F(Nodes, SaveOfANodeThatIsGoneIsFalse) {
    auto before = node(add_node("n").uuid);
    write([&](Sql& db) { nodes::remove(db, before); });
    auto after = before;
    after.description = "changed";
    write([&](Sql& db) { EXPECT_FALSE(nodes::save(db, before, after)); });
    EXPECT_FALSE(after.updated_at);
    EXPECT_EQ(count("nodes"), 0);
}

TEST_F(Nodes, NewProvisionStateIsStamped) {
    add_node([](Node& n) {
        n.name = "n";
        n.provision_state = states::enroll;
        n.provision_updated_at = time_of(1);
    });
    alter("n", [](Node& n) { n.description = "another field"; });
    EXPECT_EQ(node("n").provision_updated_at, time_of(1));
    auto start = now_seconds();
    alter("n", [](Node& n) { n.provision_state = states::verifying; });
    EXPECT_GE(node("n").provision_updated_at, start);
}

TEST_F(Nodes, InspectionTimesFollowTheProvisionState) {
    struct Row {
        std::string_view from, to;
        bool starts;           ///< started: now, finished: nothing.
        bool finishes;         ///< finished: now, started: nothing.
        bool forgets_started;  ///< started: nothing.
    };
    constexpr Row rows[] = {
        {states::manageable, states::inspecting, true, false, false},
        {states::inspect_failed, states::inspecting, true, false, false},
        {states::inspect_wait, states::inspecting, true, false, false},
        {states::inspecting, states::inspect_wait, false, false, false},
        {states::inspecting, states::manageable, false, true, true},
        {states::inspect_wait, states::manageable, false, true, true},
        {states::inspecting, states::inspect_failed, false, false, true},
        {states::inspect_wait, states::inspect_failed, false, false, true},
        {states::verifying, states::manageable, false, false, false},
        {states::manageable, states::cleaning, false, false, false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.from) + " to " + std::string(row.to));
        auto uuid = add_node([&](Node& n) {
                        n.provision_state = row.from;
                        n.inspection_started_at = time_of(1);
                        n.inspection_finished_at = time_of(2);
                    }).uuid;
        auto start = now_seconds();
        alter(uuid, [&](Node& n) { n.provision_state = row.to; });
        auto found = node(uuid);
        if (row.starts) {
            EXPECT_GE(found.inspection_started_at, start);
            EXPECT_FALSE(found.inspection_finished_at);
        } else {
            EXPECT_EQ(found.inspection_started_at,
                      row.forgets_started ? std::nullopt : std::optional(time_of(1)));
            if (row.finishes)
                EXPECT_GE(found.inspection_finished_at, start);
            else
                EXPECT_EQ(found.inspection_finished_at, time_of(2));
        }
    }
}

TEST_F(Nodes, TouchMovesOnlyTheProvisionTime) {
    auto added = add_node([](Node& n) {
        n.name = "n";
        n.provision_updated_at = time_of(1);
    });
    auto start = now_seconds();
    write([&](Sql& db) { nodes::touch_provisioning(db, added.id); });
    EXPECT_GE(node("n").provision_updated_at, start);
    EXPECT_FALSE(node("n").updated_at);
}

TEST_F(Nodes, DuplicatesNameWhatIsTaken) {
    auto instance = new_uuid();
    auto first = add_node([&](Node& n) {
        n.name = "first";
        n.instance_uuid = instance;
    });
    auto insert = [&](auto change) { return message_of<Conflict>([&] { add_node(change); }); };
    EXPECT_EQ(insert([&](Node& n) { n.uuid = first.uuid; }),
              "A node with UUID " + first.uuid + " already exists.");
    EXPECT_EQ(insert([&](Node& n) { n.name = "first"; }), "A node with name first already exists.");
    EXPECT_EQ(insert([&](Node& n) { n.instance_uuid = instance; }),
              "Instance " + instance + " is already associated with another node.");
    EXPECT_EQ(count("nodes"), 1);

    auto second = add_node("second");
    EXPECT_EQ(message_of<Conflict>([&] { alter("second", [](Node& n) { n.name = "first"; }); }),
              "A node with name first already exists.");
    EXPECT_EQ(message_of<Conflict>(
                  [&] { alter("second", [&](Node& n) { n.instance_uuid = instance; }); }),
              "Instance " + instance + " is already associated with another node.");
    expect_same(second, node("second"));
}

TEST_F(Nodes, NoNameIsNoDuplicate) {
    add_node([](Node&) {});
    add_node([](Node&) {});
    EXPECT_EQ(count("nodes"), 2);
}

TEST_F(Nodes, RemoveTakesPortsAndHistoryAlong) {
    auto goes = add_node("goes");
    auto stays = add_node("stays");
    add_port(goes, "52:54:00:00:00:01");
    add_port(goes, "52:54:00:00:00:02");
    auto port = add_port(stays, "52:54:00:00:00:03");
    add_history(goes, "one");
    add_history(stays, "two");
    write([&](Sql& db) { nodes::remove(db, goes); });
    EXPECT_FALSE(read([](Sql& db) { return nodes::find(db, "goes"); }));
    EXPECT_EQ(node("stays").id, stays.id);
    EXPECT_EQ(count("ports"), 1);
    EXPECT_EQ(count("node_history"), 1);
    EXPECT_TRUE(read([&](Sql& db) { return ports::find(db, port.uuid); }));
}

TEST_F(Nodes, ReservationIsOfOneHostAtATime) {
    auto id = add_node("n").id;
    std::optional<nodes::Lease> lease;
    write([&](Sql& db) {
        lease = nodes::reserve(db, id, "host-1");
        EXPECT_TRUE(lease);
        EXPECT_FALSE(nodes::reserve(db, id, "host-2"));
        EXPECT_FALSE(nodes::reserve(db, id, "host-1"));
        nodes::ensure_held(db, *lease);
    });
    EXPECT_EQ(node("n").reservation, "host-1");
    write([&](Sql& db) { EXPECT_FALSE(nodes::release(db, {id, "host-2", lease->generation})); });
    EXPECT_EQ(node("n").reservation, "host-1");
    write([&](Sql& db) { EXPECT_TRUE(nodes::release(db, *lease)); });
    EXPECT_FALSE(node("n").reservation);
    write([&](Sql& db) {
        EXPECT_TRUE(nodes::reserve(db, id, "host-2"));
        EXPECT_FALSE(nodes::reserve(db, id + 1000, "host-2"));
    });
}

TEST_F(Nodes, ALockOfTheSameHostIsAnotherOneAfterwards) {
    auto id = add_node("n").id;
    std::optional<nodes::Lease> old, present;
    write([&](Sql& db) { old = nodes::reserve(db, id, "host"); });
    auto before = node("n");
    write([&](Sql& db) {
        nodes::break_locks(db, "host");
        present = nodes::reserve(db, id, "host");
    });
    auto late = before;
    late.extra.set("late", Json(true));
    EXPECT_THROW(write([&](Sql& db) { nodes::save(db, before, late); }), Error);
    EXPECT_THROW(write([&](Sql& db) { nodes::ensure_held(db, *old); }), Error);
    write([&](Sql& db) { EXPECT_FALSE(nodes::release(db, *old)); });
    EXPECT_EQ(node("n").reservation, "host");
    EXPECT_TRUE(node("n").extra.get("late").is_null());
    write([&](Sql& db) { EXPECT_TRUE(nodes::release(db, *present)); });
}

TEST_F(Nodes, LocksOfADeadHostEnd) {
    auto held = [&](const std::string& name, const char* host) {
        return add_node([&](Node& n) {
                   n.name = name;
                   if (host) n.reservation = host;
                   n.target_power_state = "power on";
               })
            .uuid;
    };
    auto first = held("first", "dead"), second = held("second", "dead");
    held("other", "alive");
    held("free", nullptr);
    std::vector<std::string> freed;
    write([&](Sql& db) { freed = nodes::break_locks(db, "dead"); });
    EXPECT_EQ(std::set(freed.begin(), freed.end()), (std::set{first, second}));
    EXPECT_FALSE(node("first").reservation);
    EXPECT_EQ(node("first").reservation_generation, 1);
    EXPECT_EQ(node("first").target_power_state, "power on") << "it is for who goes on with it";
    EXPECT_EQ(node("other").reservation, "alive");
    EXPECT_EQ(node("free").reservation_generation, 0);
    write([&](Sql& db) { EXPECT_TRUE(nodes::break_locks(db, "dead").empty()); });
}

TEST_F(Nodes, PlacesTellWhatIsToBeDone) {
    auto one = add_node([](Node& n) {
        n.driver = "ipmi";
        n.conductor_group = "g";
        n.provision_state = "cleaning";
        n.reservation = "host";
    });
    add_node([](Node& n) { n.target_power_state = "power on"; });
    EXPECT_EQ(read([](Sql& db) { return nodes::places(db); }).size(), 2u);
    auto places = read([&](Sql& db) { return nodes::places(db, one.uuid); });
    ASSERT_EQ(places.size(), 1u);
    EXPECT_EQ(places[0].uuid, one.uuid);
    EXPECT_EQ(places[0].driver, "ipmi");
    EXPECT_EQ(places[0].conductor_group, "g");
    EXPECT_EQ(places[0].provision_state, "cleaning");
    EXPECT_EQ(places[0].locked_by, "host");
    EXPECT_FALSE(places[0].powering);
}

TEST_F(Nodes, AreListedAndCountedByState) {
    auto with = [&](std::string_view state) {
        return add_node([&](Node& n) { n.provision_state = state; }).uuid;
    };
    auto first = with(states::deploying);
    auto second = with(states::deploy_wait);
    auto third = with(states::active);
    add_node([](Node&) {});
    std::string_view under_way[] = {states::deploying, states::deploy_wait};
    auto found = read([&](Sql& db) { return nodes::in_states(db, under_way); });
    EXPECT_EQ(std::set(found.begin(), found.end()), (std::set{first, second}));
    EXPECT_EQ(read([&](Sql& db) { return nodes::count_in_states(db, under_way); }), 2);
    EXPECT_EQ(read([&](Sql& db) { return nodes::count_in_states(db, {}); }), 0);
    EXPECT_TRUE(read([&](Sql& db) { return nodes::in_states(db, {}); }).empty());
    EXPECT_EQ(read([](Sql& db) { return nodes::all_uuids(db); }).size(), 4U);
}

TEST_F(Nodes, ShardsByCount) {
    for (auto shard : {"b", "a", "b", "a", "b", "c"}) add_node([&](Node& n) { n.shard = shard; });
    add_node([](Node&) {});
    add_node([](Node&) {});
    std::string text;
    for (const auto& shard : read([](Sql& db) { return nodes::shards(db); }))
        text += shard.name + "=" + std::to_string(shard.count) + " ";
    EXPECT_EQ(text, "b=3 None=2 a=2 c=1 ");
}

TEST_F(Nodes, KnowTheirChildren) {
    auto parent = add_node("parent");
    auto first = add_node([&](model::Node& n) { n.parent_node = parent.uuid; });
    add_node("stranger");
    auto second = add_node([&](model::Node& n) { n.parent_node = parent.uuid; });
    auto children = read([&](Sql& db) { return nodes::children_of(db, parent.uuid); });
    EXPECT_EQ(children, (std::vector<std::string>{first.uuid, second.uuid}));
    EXPECT_TRUE(read([&](Sql& db) { return nodes::children_of(db, first.uuid); }).empty());
}

}  // namespace
}  // namespace ferrite::store
