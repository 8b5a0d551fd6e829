#include "conductor/conductor_kit.h"
#include "conductor/node_session.h"
#include "store/allocations.h"
#include "store/conductors.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;

/// Two conductors on one database: "here", which is held to be dead in the midst of its work, and
/// "there", which takes that over.
class TakeOver : public ConductorTest {
protected:
    ~TakeOver() override {
        if (runtime) runtime->stop();
        other.reset();
    }

    void start_other() {
        auto its = options;
        its.host = "there";
        its.heartbeat_interval = 1s;
        other.emplace(*runtime, *store, drivers, its);
        other->start();
    }

    /// What the database holds of a conductor that has not been heard of for a day.
    void silence(const std::string& host) {
        store->write_now([&](store::Sql& db) {
            store::Query past(db, "UPDATE conductors SET updated_at=1 WHERE hostname=?");
            past.bind(0, std::string_view(host)).run();
        });
    }

    std::optional<model::Conductor> row(const std::string& host) {
        return store->read([&](store::Sql& db) { return store::conductors::find(db, host); });
    }

    std::optional<Conductor> other;
};

TEST_F(TakeOver, WorkOfTheDeadIsGoneOnWithAndTheLateOneWritesNothing) {
    start();
    auto uuid = add(states::available);
    script.close("prepare");
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(eventually([&] { return script.called("prepare"); }));
    auto paused = script.take_gate("prepare");

    start_other();
    EXPECT_EQ(node(uuid).reservation, "here");
    silence("here");
    EXPECT_TRUE(reaches(uuid, states::active));
    EXPECT_TRUE(is_released(uuid));
    auto finished = node(uuid);
    EXPECT_EQ(finished.conductor_affinity, "there");
    EXPECT_THAT(script.calls(), ElementsAre("prepare", "prepare", "step deploy.deploy"));

    paused->set();
    bool rested = false;
    run(keep(conductor->drain(60s), &rested));
    EXPECT_TRUE(rested) << "the late one gives up";
    auto after = node(uuid);
    EXPECT_EQ(after.provision_state, states::active);
    EXPECT_EQ(after.updated_at, finished.updated_at);
    EXPECT_EQ(after.last_error, finished.last_error);
    EXPECT_EQ(after.reservation_generation, finished.reservation_generation);
    EXPECT_EQ(script.calls().size(), 3u) << "and tells the hardware nothing";
}

TEST_F(TakeOver, ALateFailureIsNobodysFailure) {
    start();
    auto uuid = add(states::available);
    script.close("prepare");
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(eventually([&] { return script.called("prepare"); }));
    auto paused = script.take_gate("prepare");
    start_other();
    silence("here");
    EXPECT_TRUE(reaches(uuid, states::active));
    script.fail("prepare", "too late");
    paused->set();
    bool rested = false;
    run(keep(conductor->drain(60s), &rested));
    EXPECT_TRUE(rested);
    EXPECT_EQ(state(uuid), states::active);
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_EQ(errors_in_history(), 0);
    EXPECT_EQ(script.calls().size(), 3u) << "nothing is cleaned up behind the one that has it";
}

TEST_F(TakeOver, SearchesOfTheDeadAreGoneOnWith) {
    start();
    start_other();
    model::Allocation allocation;
    allocation.uuid = new_uuid();
    allocation.resource_class = "large";
    allocation.state = "allocating";
    allocation.conductor_affinity = "here";
    store->write_now([&](store::Sql& db) { store::allocations::insert(db, allocation); });
    add(states::available, [](model::Node& n) {
        n.resource_class = "large";
        n.power_state = std::string(power::off);
    });
    silence("here");
    EXPECT_TRUE(eventually([&] {
        return store
            ->read([&](store::Sql& db) { return store::allocations::get(db, allocation.uuid); })
            .in_state("active");
    }));
}

TEST_F(TakeOver, OneThatComesBackEntersAnew) {
    options.heartbeat_interval = 1s;
    start();
    start_other();
    silence("here");
    store->write_now([](store::Sql& db) {
        store::conductors::bury_silent(db, Timestamp(std::chrono::microseconds(2)));
    });
    EXPECT_FALSE(row("here")->online);
    EXPECT_TRUE(eventually([&] { return row("here")->online; }));
    auto uuid = add(states::available);
    EXPECT_EQ(verb(uuid, "active"), 0);
    EXPECT_TRUE(reaches(uuid, states::active));
}

TEST_F(TakeOver, HardwareIsNotToldAnythingOnceTheLockMayBeGone) {
    options.heartbeat_timeout = 1s;
    options.heartbeat_interval = 60s;
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    auto uuid = add(states::available);
    std::unique_ptr<NodeSession> session;
    run(keep(NodeSession::lock(services.get(), uuid), &session));
    EXPECT_EQ(status_of(session->ensure_held()), 0);
    EXPECT_TRUE(eventually([&] { return !services->presence.certain(0); }));
    EXPECT_EQ(status_of(session->ensure_held()), 409) << "nobody knows this conductor";
    EXPECT_FALSE(session->holds());
    EXPECT_EQ(status_of(session->save()), 409);
}

TEST_F(TakeOver, ALongPauseDoesNoHarmWhenNobodyNoticed) {
    options.heartbeat_timeout = 1s;
    options.heartbeat_interval = 60s;
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    store->write_now([&](store::Sql& db) {
        store::conductors::enter(db, "here", services->presence.incarnation(), "", {});
    });
    auto uuid = add(states::available);
    std::unique_ptr<NodeSession> session;
    run(keep(NodeSession::lock(services.get(), uuid), &session));
    EXPECT_TRUE(eventually([&] { return !services->presence.certain(0); }));
    EXPECT_EQ(status_of(session->ensure_held()), 0);
    EXPECT_TRUE(services->presence.certain(0));
    EXPECT_EQ(status_of(session->release()), 0);
}

TEST_F(TakeOver, OneThatEnteredAnewDoesNotBelieveInItsOldLocks) {
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    auto& presence = services->presence;
    auto enter = [&](store::Sql& db) {
        store::conductors::enter(db, "here", presence.incarnation(), "", {});
    };
    store->write_now(enter);
    auto uuid = add(states::available);
    std::unique_ptr<NodeSession> old, fresh;
    run(keep(NodeSession::lock(services.get(), uuid), &old));
    silence("here");
    store->write_now([&](store::Sql& db) {
        store::conductors::bury_silent(db, Timestamp(std::chrono::microseconds(2)));
        EXPECT_FALSE(presence.renew(db));
        enter(db);
    });
    presence.renewed(Presence::now());
    EXPECT_EQ(status_of(old->ensure_held()), 409);
    run(keep(NodeSession::lock(services.get(), uuid), &fresh));
    EXPECT_EQ(status_of(fresh->ensure_held()), 0);
    EXPECT_EQ(status_of(fresh->release()), 0);
}

TEST_F(TakeOver, ADrainedConductorLeavesItsNodesAtOnce) {
    start();
    start_other();
    auto uuid = add(states::available);
    script.close("prepare");
    EXPECT_EQ(verb(uuid, "active"), 0);
    bool rested = true;
    run(keep(conductor->drain(0s), &rested));
    EXPECT_FALSE(rested);
    EXPECT_FALSE(row("here")->online);
    EXPECT_TRUE(row("here")->entered);
    EXPECT_EQ(node(uuid).reservation, "here") << "it still works on it";
    script.open("prepare");
    run(keep(conductor->drain(60s), &rested));
    EXPECT_TRUE(rested);
    EXPECT_FALSE(row("here")->entered);
    EXPECT_EQ(state(uuid), states::active);
    EXPECT_EQ(verb(uuid, "deleted"), 503) << "who departed takes no lock";
}

TEST_F(TakeOver, ANodeThatCameWithoutNoticeIsTakenOnAtTheNextLook) {
    options.sync_local_state_interval = 1s;
    start();
    auto uuid = add(states::deploying, [](model::Node& n) {
        n.target_provision_state = std::string(states::active);
        n.power_state = std::string(power::off);
    });
    EXPECT_TRUE(reaches(uuid, states::active)) << "nothing told of it";
}

TEST_F(TakeOver, ATokenOfTheDeadIsReplacedAndOneOfTheLivingIsNot) {
    start();
    auto uuid = add(states::deploy_wait);
    std::string token, again;
    run(keep(conductor->agent_token({}, uuid), &token));
    EXPECT_EQ(token.size(), 43u) << token;
    start_other();
    run(keep(other->agent_token({}, uuid), &again));
    EXPECT_EQ(again, "******");
    silence("here");
    ASSERT_TRUE(eventually([&] { return !row("here")->entered; }));
    run(keep(other->agent_token({}, uuid), &again));
    EXPECT_EQ(again.size(), token.size()) << again;
    EXPECT_NE(again, token);
}

TEST_F(TakeOver, WhatHardwareSaysIsStoredThoughItIsNoText) {
    script.fail("power?", "no \xFF answer");
    start();
    auto uuid = add(states::enroll);
    EXPECT_EQ(verb(uuid, "manage"), 0);
    ASSERT_TRUE(reaches(uuid, states::enroll));
    EXPECT_THAT(last_error(uuid), testing::HasSubstr("no \uFFFD answer"));
}

}  // namespace
}  // namespace ferrite::conductor
