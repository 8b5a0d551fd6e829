#include "store/allocations.h"

#include "conductor/conductor_kit.h"

namespace ferrite::conductor {
namespace {

using model::Allocation;
using testing::HasSubstr;

class Allocations : public ConductorTest {
protected:
    Allocation wanted() {
        Allocation allocation;
        allocation.uuid = new_uuid();
        allocation.resource_class = "gold";
        return allocation;
    }
    std::string add_free(const std::function<void(model::Node&)>& more = {}) {
        return add(states::available, [&](model::Node& node) {
            node.resource_class = "gold";
            node.power_state = std::string(power::off);
            if (more) more(node);
        });
    }
    /// Asks for a node, or for an allocation of `node`; the HTTP status of the refusal, or 0.
    int ask(Allocation allocation, std::optional<std::string> of_node = std::nullopt) {
        return status_of(
            keep(conductor->create_allocation({}, std::move(allocation), of_node), &answered));
    }
    std::string ask() {
        EXPECT_EQ(ask(wanted()), 0) << message;
        return answered.uuid;
    }
    int end(const std::string& uuid) { return status_of(conductor->destroy_allocation({}, uuid)); }

    std::optional<Allocation> find(const std::string& uuid) {
        return store->read([&](store::Sql& db) { return store::allocations::find(db, uuid); });
    }
    testing::AssertionResult becomes(const std::string& uuid, std::string_view wanted_state) {
        if (eventually([&] { return find(uuid) && find(uuid)->in_state(wanted_state); }))
            return testing::AssertionSuccess();
        auto now = find(uuid);
        return testing::AssertionFailure()
               << (now ? now->state + ": " + now->last_error.value_or("") : "it is gone");
    }
    /// An allocation that has got a node; both UUIDs.
    std::pair<std::string, std::string> placed() {
        auto node_uuid = add_free();
        auto uuid = ask();
        EXPECT_TRUE(becomes(uuid, "active"));
        return {uuid, node_uuid};
    }

    Allocation answered;
};

TEST_F(Allocations, AreAnsweredAtOnceAndFindTheirNode) {
    start();
    auto uuid = add_free();
    auto asked = ask();
    EXPECT_EQ(answered.state, "allocating");
    EXPECT_TRUE(becomes(asked, "active"));
    EXPECT_EQ(find(asked)->node_uuid, uuid);
    EXPECT_EQ(find(asked)->conductor_affinity, "here");
    EXPECT_EQ(node(uuid).instance_uuid, asked);
    EXPECT_EQ(node(uuid).allocation_uuid, asked);
}

TEST_F(Allocations, ThatFindNoneSayWhy) {
    start();
    add_free([](model::Node& n) { n.maintenance = true, n.name = "broken"; });
    auto asked = ask();
    EXPECT_TRUE(becomes(asked, "error"));
    EXPECT_THAT(*find(asked)->last_error, HasSubstr("broken is in maintenance"));
}

TEST_F(Allocations, OfHundredsAtOnceEachGetsANodeOfItsOwn) {
    constexpr int kNodes = 200, kWanted = 300;
    start();
    std::set<std::string> nodes, asked;
    for (int i = 0; i < kNodes; ++i) nodes.insert(add_free());
    std::atomic<int> answers = 0;
    auto request = [](Conductor* to, Allocation allocation, std::atomic<int>* count) -> Task<> {
        co_await to->create_allocation({}, std::move(allocation), std::nullopt);
        ++*count;
    };
    for (int i = 0; i < kWanted; ++i) {
        auto allocation = wanted();
        asked.insert(allocation.uuid);
        runtime->spawn("request", request(&*conductor, std::move(allocation), &answers));
    }
    ASSERT_TRUE(eventually([&] { return answers == kWanted; }));
    ASSERT_TRUE(eventually([&] {
        return store->read([](store::Sql& db) { return store::allocations::unplaced(db); }).empty();
    }));
    int active = 0, failed = 0;
    std::set<std::string> given;
    for (const auto& uuid : asked) {
        auto allocation = find(uuid);
        if (!allocation->in_state("active")) {
            ++failed;
            EXPECT_THAT(*allocation->last_error, HasSubstr("None of the 200 nodes"));
            continue;
        }
        ++active;
        given.insert(*allocation->node_uuid);
        EXPECT_EQ(node(*allocation->node_uuid).instance_uuid, uuid);
        EXPECT_EQ(node(*allocation->node_uuid).allocation_uuid, uuid);
    }
    EXPECT_EQ(active, kNodes);
    EXPECT_EQ(failed, kWanted - kNodes);
    EXPECT_EQ(given, nodes);
}

TEST_F(Allocations, WaitForALockThatIsGivenBackInTime) {
    options.locked_retry_attempts = 10'000;
    start();
    auto uuid = add_free([](model::Node& n) { n.reservation = "elsewhere"; });
    auto asked = ask();
    EXPECT_EQ(find(asked)->state, "allocating");
    change(uuid, [](model::Node& n) { n.reservation.reset(); });
    EXPECT_TRUE(becomes(asked, "active"));
}

TEST_F(Allocations, GiveUpOnALockThatIsNotGivenBack) {
    start();
    add_free([](model::Node& n) { n.reservation = "elsewhere"; });
    auto asked = ask();
    EXPECT_TRUE(becomes(asked, "error"));
    EXPECT_THAT(*find(asked)->last_error, HasSubstr("is locked by host elsewhere"));
}

TEST_F(Allocations, OfAnInstanceThatHasANodeFail) {
    start();
    add_free();
    auto allocation = wanted();
    add(states::active, [&](model::Node& n) { n.instance_uuid = allocation.uuid; });
    EXPECT_EQ(ask(allocation), 0);
    EXPECT_TRUE(becomes(allocation.uuid, "error"));
    EXPECT_THAT(*find(allocation.uuid)->last_error, HasSubstr("already associated"));
}

TEST_F(Allocations, AreGoneOnWithAfterAKill) {
    auto allocation = wanted();
    store->write_now([&](store::Sql& db) { store::allocations::insert(db, allocation); });
    auto uuid = add_free();
    start();
    EXPECT_TRUE(becomes(allocation.uuid, "active"));
    EXPECT_EQ(node(uuid).instance_uuid, allocation.uuid);
}

TEST_F(Allocations, DoNotTakeANameOrUuidTwice) {
    start();
    auto allocation = wanted();
    allocation.name = "db";
    EXPECT_EQ(ask(allocation), 0);
    EXPECT_EQ(ask(allocation), 409);
    allocation.uuid = new_uuid();
    EXPECT_EQ(ask(allocation), 409);
    EXPECT_THAT(message, HasSubstr("name db"));
}

TEST_F(Allocations, AreRefusedWhenTooMuchIsUnderWay) {
    options.max_workers = 0;
    start();
    EXPECT_EQ(ask(wanted()), 503);
    EXPECT_FALSE(find(answered.uuid));
}

TEST_F(Allocations, AreMadeOfANodeInUse) {
    start();
    auto uuid = add(states::active, [](model::Node& n) { n.resource_class = "gold"; });
    auto allocation = wanted();
    EXPECT_EQ(ask(allocation, uuid), 0) << message;
    EXPECT_EQ(answered.state, "active");
    EXPECT_EQ(answered.node_uuid, uuid);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(node(uuid).instance_uuid, allocation.uuid);
    EXPECT_EQ(node(uuid).allocation_uuid, allocation.uuid);
    EXPECT_EQ(state(uuid), "active");
}

TEST_F(Allocations, AreRefusedOfANodeThatCannotBeTheirs) {
    start();
    auto other_instance = new_uuid();
    struct Row {
        std::string_view state;
        std::function<void(model::Node&)> change;
        std::string_view why;
    };
    const Row rows[] = {
        {states::available, [](auto&) {}, "is in the state 'available'"},
        {states::active, [&](auto& n) { n.instance_uuid = other_instance; }, "instance"},
        {states::active, [](auto& n) { n.allocation_uuid = new_uuid(); }, "allocation"},
        {states::active, [](auto& n) { n.resource_class = "tin"; }, "resource class 'tin'"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.why);
        auto uuid = add(row.state, [&](model::Node& n) {
            n.resource_class = "gold";
            row.change(n);
        });
        auto allocation = wanted();
        EXPECT_EQ(ask(allocation, uuid), 409);
        EXPECT_THAT(message, HasSubstr(row.why));
        EXPECT_TRUE(is_released(uuid));
        ASSERT_TRUE(find(allocation.uuid));
        EXPECT_EQ(find(allocation.uuid)->state, "error");
        EXPECT_EQ(find(allocation.uuid)->last_error, message);
        EXPECT_NE(node(uuid).allocation_uuid, allocation.uuid);
    }
    auto uuid = add(states::active, [](model::Node& n) { n.resource_class = "gold"; });
    auto allocation = wanted();
    allocation.uuid = other_instance;
    EXPECT_EQ(ask(allocation, uuid), 409);
    EXPECT_EQ(find(other_instance)->state, "error");
    EXPECT_EQ(node(uuid).allocation_uuid, std::nullopt);
    EXPECT_EQ(ask(wanted(), new_uuid()), 404);
    change(uuid, [](model::Node& n) { n.reservation = "elsewhere"; });
    EXPECT_EQ(ask(wanted(), uuid), 409);
}

TEST_F(Allocations, ThatEndFreeTheirNode) {
    start();
    auto [uuid, node_uuid] = placed();
    EXPECT_EQ(end(uuid), 0) << message;
    EXPECT_FALSE(find(uuid));
    auto now = node(node_uuid);
    EXPECT_EQ(now.instance_uuid, std::nullopt);
    EXPECT_EQ(now.allocation_uuid, std::nullopt);
    EXPECT_EQ(now.instance_info.get("traits"), Json());
    EXPECT_EQ(now.reservation, std::nullopt);
    EXPECT_EQ(end(uuid), 404);
    EXPECT_TRUE(becomes(ask(), "active"));
}

TEST_F(Allocations, WithoutANodeEndAtOnce) {
    start();
    auto failed = ask();
    EXPECT_TRUE(becomes(failed, "error"));
    EXPECT_EQ(end(failed), 0);
    options.locked_retry_attempts = 10'000;
    kill();
    start();
    auto locked = add_free([](model::Node& n) { n.reservation = "elsewhere"; });
    auto searching = ask();
    EXPECT_EQ(end(searching), 0);
    EXPECT_FALSE(find(searching));
    change(locked, [](model::Node& n) { n.reservation.reset(); });
    auto next = ask();
    EXPECT_TRUE(becomes(next, "active"));
    EXPECT_EQ(node(locked).instance_uuid, next);
}

TEST_F(Allocations, CanEndOnlyWhileTheirNodeIsAtRestAndNotInUse) {
    start();
    struct Row {
        std::string_view state;
        int refusal;
    };
    const Row rows[] = {{states::active, 409},       {states::deploying, 409},
                        {states::deploy_wait, 409},  {states::cleaning, 409},
                        {states::deploy_failed, 0},  {states::available, 0},
                        {states::inspect_failed, 0}, {states::rescue, 0}};
    for (const auto& row : rows)
        for (bool maintenance : {false, true}) {
            SCOPED_TRACE(std::string(row.state) + (maintenance ? " in maintenance" : ""));
            auto [uuid, node_uuid] = placed();
            change(node_uuid, [&](model::Node& n) {
                n.provision_state = std::string(row.state);
                n.target_provision_state.reset();
                if (auto target = states::find(row.state)->target; !target.empty())
                    n.target_provision_state = std::string(target);
                n.maintenance = maintenance;
            });
            EXPECT_EQ(end(uuid), maintenance ? 0 : row.refusal) << message;
            EXPECT_TRUE(is_released(node_uuid));
            EXPECT_EQ(find(uuid).has_value(), !maintenance && row.refusal != 0);
            change(node_uuid, [](model::Node& n) { n.resource_class = "used"; });
        }
}

TEST_F(Allocations, EndWhenTheirNodeIsUndeployed) {
    start();
    auto [uuid, node_uuid] = placed();
    EXPECT_EQ(verb(node_uuid, "active"), 0) << message;
    EXPECT_TRUE(reaches(node_uuid, states::active));
    EXPECT_TRUE(find(uuid));
    EXPECT_EQ(verb(node_uuid, "deleted"), 0) << message;
    EXPECT_TRUE(reaches(node_uuid, states::available));
    EXPECT_FALSE(find(uuid));
    EXPECT_EQ(node(node_uuid).instance_uuid, std::nullopt);
    EXPECT_TRUE(becomes(ask(), "active"));
}

TEST_F(Allocations, PromiseTraitsThatTheDeployInsistsOn) {
    start();
    auto node_uuid =
        add_free([](model::Node& n) { n.traits = model::JsonText(Json{"CUSTOM_A", "CUSTOM_B"}); });
    auto allocation = wanted();
    allocation.traits = model::JsonText(Json{"CUSTOM_A"});
    EXPECT_EQ(ask(allocation), 0);
    EXPECT_TRUE(becomes(allocation.uuid, "active"));
    change(node_uuid, [](model::Node& n) { n.traits = model::JsonText(Json{"CUSTOM_B"}); });
    EXPECT_EQ(verb(node_uuid, "active"), 400);
    EXPECT_THAT(message, HasSubstr("CUSTOM_A"));
    change(node_uuid, [](model::Node& n) { n.traits = model::JsonText(Json{"CUSTOM_A"}); });
    EXPECT_EQ(verb(node_uuid, "active"), 0) << message;
    EXPECT_TRUE(reaches(node_uuid, states::active));
}

TEST_F(Allocations, EndWithTheInstanceThatIsTakenOffTheNode) {
    start();
    auto [uuid, node_uuid] = placed();
    auto before = node(node_uuid);
    auto after = before;
    after.instance_uuid.reset();
    model::Node result;
    EXPECT_EQ(status_of(keep(conductor->update_node({}, before, after, false), &result)), 0);
    EXPECT_FALSE(find(uuid));
    EXPECT_EQ(node(node_uuid).allocation_uuid, std::nullopt);
}

TEST_F(Allocations, EndWithTheirNode) {
    start();
    auto [uuid, node_uuid] = placed();
    EXPECT_EQ(status_of(conductor->destroy_node({}, node_uuid)), 409);
    change(node_uuid, [](model::Node& n) { n.maintenance = true; });
    EXPECT_EQ(status_of(conductor->destroy_node({}, node_uuid)), 0);
    EXPECT_FALSE(find(uuid));
}

}  // namespace
}  // namespace ferrite::conductor
