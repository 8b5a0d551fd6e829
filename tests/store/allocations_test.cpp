#include "store/allocations.h"

#include <functional>

#include <gmock/gmock.h>

#include "store/allocation_match.h"
#include "store/conductors.h"
#include "store/store_fixture.h"
#include "store/values.h"

// Allocations, and which node they get.

namespace ferrite::store {
namespace {

using allocations::Explanation;
using model::Allocation;
using model::JsonText;
using model::Node;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

JsonText list(std::initializer_list<std::string_view> words) {
    JsonArray array;
    for (auto word : words) array.emplace_back(std::string(word));
    return JsonText(Json(std::move(array)));
}

class Allocations : public StoreTest {
protected:
    template <std::invocable<Allocation&> F>
    Allocation ask(F change) {
        Allocation allocation;
        allocation.uuid = new_uuid();
        allocation.resource_class = "gold";
        change(allocation);
        write([&](Sql& db) { allocations::insert(db, allocation); });
        return allocation;
    }
    Allocation ask() {
        return ask([](Allocation&) {});
    }

    /// A node that an allocation of the class gold may have.
    Node add_free(const std::string& name, const std::function<void(Node&)>& change = {}) {
        return add_node([&](Node& node) {
            node.name = name;
            node.resource_class = "gold";
            node.provision_state = "available";
            node.power_state = "power off";
            if (change) change(node);
        });
    }

    Allocation allocation(const std::string& ident) {
        return read([&](Sql& db) { return allocations::get(db, ident); });
    }
    bool place(const Allocation& asked) {
        bool over = false;
        write([&](Sql& db) { over = allocations::place(db, asked.uuid); });
        return over;
    }
    /// The name of the node it got; empty for none.
    std::string got(const Allocation& asked) {
        auto now = allocation(asked.uuid);
        return now.node_uuid ? node(*now.node_uuid).name.value_or("") : "";
    }
    Explanation explain(const Allocation& asked) {
        return read([&](Sql& db) { return allocations::explain(db, asked); });
    }
    std::string why(const Allocation& asked) { return explain(asked).text(asked); }
};

TEST_F(Allocations, EveryFieldIsKept) {
    Allocation full;
    std::int64_t number = 1;
    for (const auto& field : model::allocation_fields()) set_field(field, full, number++);
    full.uuid = new_uuid();
    write([&](Sql& db) { allocations::insert(db, full); });
    reopen();
    auto found = allocation(full.uuid);
    for (const auto& field : model::allocation_fields())
        EXPECT_EQ(stored_value(field, full), stored_value(field, found)) << field.name;
}

TEST_F(Allocations, NamesAndUuidsAreTakenOnce) {
    auto first = ask([](Allocation& a) { a.name = "db"; });
    EXPECT_EQ(allocation("db").uuid, first.uuid);
    EXPECT_THAT(message_of<Conflict>([&] { ask([](Allocation& a) { a.name = "db"; }); }),
                HasSubstr("name db"));
    EXPECT_THAT(message_of<Conflict>([&] { ask([&](Allocation& a) { a.uuid = first.uuid; }); }),
                HasSubstr(first.uuid));
    EXPECT_THAT(message_of<NotFound>([&] { allocation("none"); }), HasSubstr("none"));
}

TEST_F(Allocations, AFreeNodeIsGivenAway) {
    auto free = add_free("n1");
    auto asked = ask([](Allocation& a) { a.traits = list({}); });
    EXPECT_TRUE(place(asked));
    auto now = allocation(asked.uuid);
    EXPECT_EQ(now.state, "active");
    EXPECT_EQ(now.node_uuid, free.uuid);
    EXPECT_TRUE(now.updated_at);
    auto given = node("n1");
    EXPECT_EQ(given.instance_uuid, asked.uuid);
    EXPECT_EQ(given.allocation_uuid, asked.uuid);
    EXPECT_EQ(given.instance_info.get("traits"), Json(JsonArray()));
    EXPECT_FALSE(place(ask()));
}

/// Each rule, broken by a node that is free in every other way.
struct Broken {
    std::string_view rule;
    std::function<void(Node&)> change;
    std::string_view why;
};
const Broken kBroken[] = {
    {"owner", [](Node& n) { n.owner = "other"; }, "neither owned nor leased by the project mine"},
    {"resource_class", [](Node& n) { n.resource_class = "tin"; }, "has the resource class 'tin'"},
    {"resource_class", [](Node& n) { n.resource_class.reset(); }, "has no resource class"},
    {"state", [](Node& n) { n.provision_state = "active"; }, "is in the state 'active'"},
    {"instance", [](Node& n) { n.instance_uuid = new_uuid(); }, "belongs to instance"},
    {"maintenance", [](Node& n) { n.maintenance = true; }, "is in maintenance"},
    {"power_state", [](Node& n) { n.power_state.reset(); }, "power state"},
    {"traits", [](Node& n) { n.traits = list({"CUSTOM_A"}); }, "lacks the traits CUSTOM_B"},
    {"traits", [](Node& n) { n.traits = JsonText(); }, "lacks the traits CUSTOM_A, CUSTOM_B"},
    {"lock", [](Node& n) { n.reservation = "host-1"; }, "is locked by host host-1"},
};

TEST_F(Allocations, EachRuleKeepsANodeBackAndIsNamed) {
    auto whole = [](Node& n) {
        n.owner = "mine";
        n.traits = list({"CUSTOM_A", "CUSTOM_B", "CUSTOM_C"});
    };
    int number = 0;
    for (const auto& broken : kBroken) {
        SCOPED_TRACE(broken.rule);
        auto bad = add_free("bad" + std::to_string(++number), [&](Node& n) {
            whole(n);
            broken.change(n);
        });
        auto asked = ask([&](Allocation& a) {
            a.owner = "mine";
            a.traits = list({"CUSTOM_A", "CUSTOM_B"});
            a.candidate_nodes = list({bad.uuid});
        });
        EXPECT_FALSE(place(asked));
        auto found = explain(asked);
        EXPECT_EQ(found.looked_at, 1);
        EXPECT_EQ(found.fitting, 0);
        EXPECT_THAT(found.counts, ElementsAre(Pair(broken.rule, 1)));
        ASSERT_EQ(found.nodes.size(), 1u);
        EXPECT_EQ(found.nodes[0].uuid, bad.uuid);
        EXPECT_THAT(found.nodes[0].why, HasSubstr(broken.why));
        EXPECT_EQ(found.worth_waiting(), broken.rule == "lock");
        EXPECT_THAT(why(asked), HasSubstr(found.nodes[0].label + " " + found.nodes[0].why));
    }
    add_free("good", whole);
    auto asked = ask([](Allocation& a) {
        a.owner = "mine";
        a.traits = list({"CUSTOM_A", "CUSTOM_B"});
    });
    EXPECT_TRUE(place(asked));
    EXPECT_EQ(got(asked), "good");
}

TEST_F(Allocations, TheFirstBrokenRuleIsTold) {
    add_free("n1", [](Node& n) {
        n.provision_state = "deploying";
        n.maintenance = true;
        n.reservation = "host";
    });
    auto found = explain(ask());
    EXPECT_THAT(found.counts, ElementsAre(Pair("state", 1)));
    EXPECT_FALSE(found.worth_waiting());
}

TEST_F(Allocations, ALesseeMayHaveTheNodeToo) {
    add_free("n1", [](Node& n) {
        n.owner = "landlord";
        n.lessee = "mine";
    });
    auto asked = ask([](Allocation& a) { a.owner = "mine"; });
    EXPECT_TRUE(place(asked));
    EXPECT_EQ(got(asked), "n1");
}

TEST_F(Allocations, OnlyCandidatesAreTaken) {
    add_free("n1");
    auto second = add_free("n2");
    auto asked = ask([&](Allocation& a) { a.candidate_nodes = list({second.uuid}); });
    EXPECT_TRUE(place(asked));
    EXPECT_EQ(got(asked), "n2");
}

TEST_F(Allocations, TheNamesakeComesFirstAndThenTheLongestFree) {
    auto free_since = [](int seconds) {
        return [seconds](Node& n) {
            n.provision_updated_at = Timestamp(std::chrono::seconds(seconds));
        };
    };
    add_free("late", free_since(300));
    add_free("early", free_since(100));
    add_free("middle", free_since(200));
    auto named = ask([](Allocation& a) { a.name = "middle"; });
    EXPECT_TRUE(place(named));
    EXPECT_EQ(got(named), "middle");
    auto first = ask([](Allocation& a) { a.name = "nobody"; }), second = ask();
    EXPECT_TRUE(place(first));
    EXPECT_TRUE(place(second));
    EXPECT_EQ(got(first), "early");
    EXPECT_EQ(got(second), "late");
}

TEST_F(Allocations, ANamesakeThatDoesNotFitIsPassedOver) {
    add_free("db", [](Node& n) { n.maintenance = true; });
    add_free("other");
    auto asked = ask([](Allocation& a) { a.name = "db"; });
    EXPECT_TRUE(place(asked));
    EXPECT_EQ(got(asked), "other");
}

TEST_F(Allocations, WithoutNodesOfTheClassTheClassIsNamed) {
    add_free("n1");
    auto asked = ask([](Allocation& a) { a.resource_class = "silver"; });
    EXPECT_EQ(explain(asked).looked_at, 0);
    EXPECT_THAT(why(asked), HasSubstr("no node with the resource class 'silver'"));
}

TEST_F(Allocations, OfOtherProjectsNothingIsTold) {
    add_free("secret", [](Node& n) { n.owner = "other"; });
    auto asked = ask([](Allocation& a) { a.owner = "mine"; });
    EXPECT_EQ(explain(asked).looked_at, 0);
    EXPECT_THAT(why(asked), testing::Not(HasSubstr("secret")));
}

TEST_F(Allocations, ACandidateThatIsGoneIsTold) {
    auto asked = ask(
        [](Allocation& a) { a.candidate_nodes = list({"11112222-0000-4000-8000-000000000001"}); });
    EXPECT_THAT(why(asked),
                HasSubstr("11112222-0000-4000-8000-000000000001 does not exist any more."));
}

TEST_F(Allocations, AnExplanationIsOfBoundedLength) {
    for (int i = 0; i < 200; ++i)
        add_free(std::string(200, 'n') + std::to_string(i), [&](Node& n) {
            if (i % 2) n.provision_state = "deploying";
            n.maintenance = true;
        });
    auto asked = ask();
    auto found = explain(asked);
    EXPECT_EQ(found.looked_at, 200);
    EXPECT_THAT(found.counts, ElementsAre(Pair("state", 100), Pair("maintenance", 100)));
    EXPECT_EQ(found.nodes.size(), allocations::kMostExplained);
    auto text = found.text(asked);
    EXPECT_LT(text.size(), 4096u);
    EXPECT_THAT(text, HasSubstr("100 by state, 100 by maintenance"));
    EXPECT_THAT(text, testing::ContainsRegex("and 1[0-9][0-9] more\\.$"));
}

TEST_F(Allocations, AnInstanceThatHasANodeGetsNoSecondOne) {
    auto uuid = new_uuid();
    add_node([&](Node& n) { n.instance_uuid = uuid; });
    add_free("n1");
    auto asked = ask([&](Allocation& a) { a.uuid = uuid; });
    EXPECT_THAT(message_of<Conflict>([&] { place(asked); }), HasSubstr(uuid));
    EXPECT_EQ(node("n1").allocation_uuid, std::nullopt);
    EXPECT_EQ(allocation(uuid).state, "allocating");
}

TEST_F(Allocations, ASearchEndsOnce) {
    add_free("n1");
    auto placed = ask(), failed = ask();
    EXPECT_TRUE(place(placed));
    write([&](Sql& db) {
        allocations::fail(db, placed.uuid, "too late");
        allocations::fail(db, failed.uuid, "nothing there");
        allocations::fail(db, new_uuid(), "unknown");
    });
    EXPECT_EQ(allocation(placed.uuid).state, "active");
    EXPECT_EQ(allocation(failed.uuid).state, "error");
    EXPECT_EQ(allocation(failed.uuid).last_error, "nothing there");
    EXPECT_TRUE(place(failed)) << "what has ended is not looked for any more";
    auto third = ask();
    EXPECT_THAT(read([](Sql& db) { return allocations::unplaced(db); }), ElementsAre(third.uuid));
}

TEST_F(Allocations, OrphansAreAdoptedOnce) {
    write([](Sql& db) {
        for (auto host : {"dead", "alive"}) conductors::enter(db, host, "process", "", {});
        conductors::depart(db, "dead");
    });
    auto of = [&](const char* host) {
        return ask([&](Allocation& a) {
                   if (host) a.conductor_affinity = host;
               })
            .uuid;
    };
    auto orphan = of("dead"), unknown = of("never heard of"), nobodys = of(nullptr);
    auto searched = of("alive");
    write([&](Sql& db) {
        EXPECT_THAT(allocations::unplaced_of(db, "alive"), ElementsAre(searched));
        auto orphans = allocations::orphans(db);
        EXPECT_THAT(orphans, ElementsAre(orphan, unknown, nobodys));
        for (const auto& uuid : orphans) EXPECT_TRUE(allocations::adopt(db, uuid, "alive"));
        for (const auto& uuid : orphans) EXPECT_FALSE(allocations::adopt(db, uuid, "other"));
        EXPECT_THAT(allocations::orphans(db), ElementsAre());
        EXPECT_THAT(allocations::unplaced_of(db, "alive"),
                    ElementsAre(orphan, unknown, nobodys, searched));
    });
}

TEST_F(Allocations, EndWithTheirNode) {
    auto kept = add_free("n1"), deleted = add_free("n2");
    auto first = ask([](Allocation& a) { a.name = "n1"; });
    auto second = ask([](Allocation& a) { a.name = "n2"; });
    EXPECT_TRUE(place(first) && place(second));
    alter("n1", [](Node& n) { n.extra.set("a", 1); });
    EXPECT_EQ(count("allocations"), 2);
    alter("n1", [](Node& n) { n.allocation_uuid.reset(); });
    EXPECT_EQ(count("allocations"), 1);
    write([&](Sql& db) { nodes::remove(db, nodes::get(db, "n2")); });
    EXPECT_EQ(count("allocations"), 0);
}

TEST_F(Allocations, ANodeInUseIsMeasuredByWhatItIs) {
    auto used = add_free("n1", [](Node& n) {
        n.provision_state = "active";
        n.maintenance = true;
        n.traits = list({"CUSTOM_A"});
    });
    auto other = add_free("n2");
    auto unfit = [&](auto change) {
        auto asked = ask(change);
        auto found = read([&](Sql& db) { return allocations::unfit_for(db, asked, used.uuid); });
        return found ? std::string(found->rule) : "";
    };
    EXPECT_EQ(unfit([](Allocation&) {}), "");
    EXPECT_EQ(unfit([](Allocation& a) { a.traits = list({"CUSTOM_A"}); }), "");
    EXPECT_EQ(unfit([](Allocation& a) { a.traits = list({"CUSTOM_B"}); }), "traits");
    EXPECT_EQ(unfit([](Allocation& a) { a.resource_class = "tin"; }), "resource_class");
    EXPECT_EQ(unfit([](Allocation& a) { a.owner = "mine"; }), "owner");
    EXPECT_EQ(unfit([&](Allocation& a) { a.candidate_nodes = list({used.uuid}); }), "");
    EXPECT_EQ(unfit([&](Allocation& a) { a.candidate_nodes = list({other.uuid}); }),
              "candidate_nodes");
}

}  // namespace
}  // namespace ferrite::store
