#include "conductor/conductor_kit.h"
#include "conductor/power_sync.h"
#include "hardware/power_action.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PowerActions : public ConductorTest {
protected:
    void SetUp() override { start(); }
    std::string add_with_power(std::string_view present,
                               const std::function<void(model::Node&)>& more = {}) {
        auto uuid = add(states::active, [&](model::Node& n) {
            n.power_state = std::string(present);
            n.last_error = "older";
            n.driver_internal_info.set("agent_url", "http://192.0.2.9");
            n.driver_internal_info.set("agent_secret_token", "t");
            if (more) more(n);
        });
        script.set_power(uuid, std::string(present));
        return uuid;
    }
    int ask(const std::string& uuid, std::string_view action,
            std::optional<std::chrono::seconds> timeout = std::nullopt) {
        return status_of(conductor->change_power({}, uuid, std::string(action), timeout));
    }
};

struct Action {
    std::string_view from, action, to;
    std::vector<std::string> sent;
    bool keeps_agent;
};

TEST_F(PowerActions, DoWhatTheySay) {
    const Action rows[] = {
        {power::off, power::on, power::on, {"power?", "power on"}, true},
        {power::on, power::off, power::off, {"power?", "power off"}, false},
        {power::on, power::soft_off, power::off, {"power?", "soft power off"}, false},
        {power::on, power::reboot, power::on, {"rebooting"}, false},
        {power::off, power::reboot, power::on, {"rebooting"}, false},
        {power::on, power::soft_reboot, power::on, {"soft rebooting"}, false},
        {power::on, power::on, power::on, {"power?"}, true},
        {power::off, power::off, power::off, {"power?"}, true},
        {power::off, power::soft_off, power::off, {"power?"}, true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.from) + " -> " + std::string(row.action));
        auto uuid = add_with_power(row.from);
        script.forget_calls();
        EXPECT_EQ(ask(uuid, row.action), 0);
        ASSERT_TRUE(is_released(uuid));
        auto now = node(uuid);
        EXPECT_EQ(now.power_state, row.to);
        EXPECT_FALSE(now.target_power_state);
        EXPECT_FALSE(now.last_error);
        EXPECT_EQ(script.calls(), row.sent);
        EXPECT_EQ(now.driver_internal_info.get_text("agent_url").empty(), !row.keeps_agent);
        EXPECT_EQ(now.driver_internal_info.get_text("last_power_state_change").empty(),
                  row.sent == std::vector<std::string>{"power?"});
    }
}

TEST_F(PowerActions, ShowTheirTargetWhileTheyRun) {
    auto uuid = add_with_power(power::on);
    script.close("power off");
    EXPECT_EQ(ask(uuid, power::off), 0);
    EXPECT_EQ(node(uuid).target_power_state, power::off);
    EXPECT_EQ(node(uuid).reservation, "here");
    EXPECT_FALSE(node(uuid).last_error);
    script.open("power off");
    EXPECT_TRUE(is_released(uuid));
    EXPECT_FALSE(node(uuid).target_power_state);
}

TEST_F(PowerActions, ThatFailSayWhatAndWhy) {
    for (bool ours : {true, false}) {
        auto uuid = add_with_power(power::on);
        if (ours)
            script.fail("power off", "BMC is on strike");
        else
            script.surprise("power off", "bad function call");
        EXPECT_EQ(ask(uuid, power::off), 0);
        ASSERT_TRUE(is_released(uuid));
        EXPECT_EQ(last_error(uuid),
                  ours ? "Failed to change power state to 'power off' by 'power off': BMC is on "
                         "strike"
                       : "bad function call");
        EXPECT_EQ(node(uuid).power_state, power::on);
        EXPECT_FALSE(node(uuid).target_power_state);
        EXPECT_FALSE(node(uuid).maintenance);
        script.mend("power off");
    }
    auto silent = add_with_power(power::on);
    script.fail("power?", "no answer");
    EXPECT_EQ(ask(silent, power::off), 0);
    ASSERT_TRUE(is_released(silent));
    EXPECT_THAT(last_error(silent), HasSubstr("no answer"));
}

TEST_F(PowerActions, KeepTheErrorOfAFailedState) {
    auto uuid = add(states::deploy_failed, [](model::Node& n) { n.last_error = "why"; });
    EXPECT_EQ(ask(uuid, power::on), 0);
    ASSERT_TRUE(is_released(uuid));
    EXPECT_EQ(last_error(uuid), "why");
    EXPECT_EQ(node(uuid).power_state, power::on);
}

TEST_F(PowerActions, RefuseWhatCannotBe) {
    auto uuid = add_with_power(power::on);
    EXPECT_EQ(ask(uuid, "levitate"), 400);
    EXPECT_EQ(ask(new_uuid(), power::on), 404);
    auto unreachable =
        add_with_power(power::on, [](model::Node& n) { n.driver_info.set("bmc", "missing"); });
    EXPECT_EQ(ask(unreachable, power::on), 400);
    EXPECT_EQ(last_error(uuid), "older");
    EXPECT_EQ(last_error(unreachable), "older");
    EXPECT_TRUE(is_released(uuid));
    EXPECT_TRUE(is_released(unreachable));
}

TEST_F(PowerActions, NeverSwitchOffWhatMustStayOn) {
    auto uuid = add_with_power(power::on, [](model::Node& n) { n.disable_power_off = true; });
    for (auto action : {power::off, power::soft_off}) {
        script.forget_calls();
        EXPECT_EQ(ask(uuid, action), 0);
        ASSERT_TRUE(is_released(uuid));
        EXPECT_THAT(last_error(uuid), HasSubstr("disable_power_off"));
        EXPECT_FALSE(node(uuid).target_power_state);
        EXPECT_TRUE(script.calls().empty());
    }
    EXPECT_EQ(ask(uuid, power::reboot), 0);
    ASSERT_TRUE(is_released(uuid));
    EXPECT_EQ(last_error(uuid), "");
}

/// One look of the power sync at a time.
class PowerSyncTest : public ConductorTest {
protected:
    PowerSyncTest() { options.sync_power_state_interval = 120s; }
    void SetUp() override { prepare(); }
    void prepare() {
        if (!runtime) make();
        services = std::make_shared<Services>(*store, drivers, *runtime, options);
        sync.emplace(*services);
    }
    std::chrono::milliseconds look(const std::string& uuid) {
        std::chrono::milliseconds again{-1};
        run(keep(sync->look(uuid), &again));
        return again;
    }
    std::string add_with(std::optional<std::string> stored, std::optional<std::string> hardware,
                         const std::function<void(model::Node&)>& more = {}) {
        auto uuid = add(states::active, [&](model::Node& n) {
            n.power_state = stored;
            if (more) more(n);
        });
        script.set_power(uuid, hardware);
        script.forget_calls();
        return uuid;
    }
    const std::string on{power::on}, off{power::off};
    std::shared_ptr<Services> services;
    std::optional<PowerSync> sync;
};

TEST_F(PowerSyncTest, LooksAgainAfterAboutAnInterval) {
    auto uuid = add_with(on, on);
    auto again = look(uuid);
    EXPECT_GE(again, 108s);
    EXPECT_LE(again, 120s);
    EXPECT_EQ(look(new_uuid()), 0ms) << "a node that is gone";
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(PowerSyncTest, TakesOverWhatItFindsOfANewNode) {
    auto uuid = add_with({}, on);
    look(uuid);
    EXPECT_EQ(node(uuid).power_state, on);
    EXPECT_THAT(script.calls(), ElementsAre("power?"));
    auto mute = add_with({}, std::nullopt);
    look(mute);
    EXPECT_FALSE(node(mute).power_state);
}

TEST_F(PowerSyncTest, PushesWhatIsStored) {
    auto uuid = add_with(off, on);
    look(uuid);
    EXPECT_EQ(script.power_of(uuid), off);
    EXPECT_EQ(node(uuid).power_state, off);
    EXPECT_FALSE(node(uuid).maintenance);
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(PowerSyncTest, OrTakesOverWhatTheHardwareSays) {
    auto never_off = add_with(off, on, [](model::Node& n) { n.disable_power_off = true; });
    look(never_off);
    EXPECT_EQ(node(never_off).power_state, on);
    options.force_power_state_during_sync = false;
    prepare();
    auto uuid = add_with(off, on);
    look(uuid);
    EXPECT_EQ(script.power_of(uuid), on);
    EXPECT_EQ(node(uuid).power_state, on);
}

TEST_F(PowerSyncTest, LeavesAloneWhatIsNotItsBusiness) {
    auto skipped = [&](std::string_view from, const std::function<void(model::Node&)>& more) {
        auto uuid = add(from, [&](model::Node& n) {
            n.power_state = off;
            if (more) more(n);
        });
        script.set_power(uuid, on);
        script.forget_calls();
        EXPECT_GT(look(uuid), 100s);
        EXPECT_TRUE(script.calls().empty()) << from;
        EXPECT_EQ(node(uuid).power_state, off);
    };
    for (auto from :
         {states::deploy_wait, states::clean_wait, states::enroll, states::adopt_failed})
        skipped(from, {});
    skipped(states::active, [](model::Node& n) { n.reservation = "here"; });
    skipped(states::active, [&](model::Node& n) { n.target_power_state = on; });
    skipped(states::active, [](model::Node& n) { n.maintenance = true; });
    skipped(states::active, [](model::Node& n) {
        n.maintenance = true;
        n.fault = std::string(model::faults::clean_failure);
    });
}

TEST_F(PowerSyncTest, GivesUpAfterItsRetriesAndComesBack) {
    auto uuid = add_with(on, on);
    script.fail("power?", "no answer from the BMC");
    for (int i = 0; i < options.power_state_sync_max_retries; ++i) look(uuid);
    EXPECT_FALSE(node(uuid).maintenance);
    EXPECT_EQ(last_error(uuid), "");
    look(uuid);
    auto now = node(uuid);
    EXPECT_TRUE(now.maintenance);
    EXPECT_EQ(now.fault, model::faults::power_failure);
    EXPECT_EQ(now.maintenance_reason, now.last_error);
    EXPECT_THAT(*now.last_error,
                HasSubstr("During sync_power_state, max retries exceeded for node " + uuid));
    EXPECT_THAT(*now.last_error, HasSubstr("no answer from the BMC"));
    EXPECT_FALSE(now.power_state) << "nobody knows";
    EXPECT_FALSE(now.reservation);

    auto again = look(uuid);
    EXPECT_TRUE(node(uuid).maintenance) << "still silent";
    EXPECT_GT(again, 250s) << "power_failure_recovery_interval";
    script.mend("power?");
    again = look(uuid);
    now = node(uuid);
    EXPECT_FALSE(now.maintenance);
    EXPECT_FALSE(now.fault);
    EXPECT_FALSE(now.maintenance_reason);
    EXPECT_EQ(now.power_state, on);
    EXPECT_LE(again, 126s);
}

TEST_F(PowerSyncTest, ABmcThatRestsIsLookedAtWhenItsTimeComesAndNothingIsCounted) {
    auto uuid = add_with(on, on);
    script.rest("power?", 77s);
    for (int i = 0; i < 2 * options.power_state_sync_max_retries; ++i) EXPECT_EQ(look(uuid), 77s);
    EXPECT_FALSE(node(uuid).maintenance);
}

TEST_F(PowerSyncTest, CountsFailuresInARowOnly) {
    auto uuid = add_with(on, on);
    for (int round = 0; round < 3; ++round) {
        script.fail("power?", "no answer");
        for (int i = 0; i < options.power_state_sync_max_retries; ++i) look(uuid);
        script.mend("power?");
        look(uuid);
    }
    EXPECT_FALSE(node(uuid).maintenance);
}

TEST_F(PowerSyncTest, AnErrorOfTheHardwareIsAFailureAndIsShown) {
    auto uuid = add_with(on, std::string(power::error));
    for (int i = 0; i <= options.power_state_sync_max_retries; ++i) look(uuid);
    EXPECT_EQ(node(uuid).fault, model::faults::power_failure);
    EXPECT_EQ(node(uuid).power_state, power::error);
}

TEST_F(PowerSyncTest, HardwareThatDoesNotObeyEndsInMaintenance) {
    auto uuid = add_with(off, on);
    script.fail("power off", "it will not");
    for (int i = 0; i < options.power_state_sync_max_retries; ++i) look(uuid);
    EXPECT_FALSE(node(uuid).maintenance);
    EXPECT_THAT(last_error(uuid), HasSubstr("it will not"));
    look(uuid);
    EXPECT_EQ(node(uuid).fault, model::faults::power_failure);
    EXPECT_EQ(node(uuid).power_state, on);
}

TEST_F(PowerSyncTest, ANodeWithoutABmcIsLeftAloneUntilItWasManaged) {
    auto missing = [](model::Node& n) { n.driver_info.set("bmc", "missing"); };
    auto fresh = add_with({}, on, missing), known = add_with(on, on, missing);
    for (int i = 0; i <= options.power_state_sync_max_retries; ++i) {
        look(fresh);
        look(known);
    }
    EXPECT_FALSE(node(fresh).maintenance);
    EXPECT_TRUE(node(known).maintenance);
    auto silent = add_with({}, on);
    script.fail("power?", "no answer");
    for (int i = 0; i <= options.power_state_sync_max_retries; ++i) look(silent);
    EXPECT_TRUE(node(silent).maintenance) << "it says where its BMC is, and the BMC is silent";
}

TEST_F(PowerSyncTest, WhatChangedWhileTheHardwareWasAskedIsNotOverwritten) {
    options.force_power_state_during_sync = false;
    prepare();
    auto uuid = add_with(off, on);
    script.close("power?");
    auto looking = [](PowerSync* power_sync, std::string name, Signal* done) -> Task<> {
        co_await power_sync->look(name);
        done->set();
    };
    Signal done;
    runtime->spawn("look", looking(&*sync, uuid, &done));
    ASSERT_TRUE(eventually([&] { return script.called("power?"); }));
    change(uuid, [&](model::Node& n) { n.power_state = std::string("rebooting"); });
    script.open("power?");
    ASSERT_TRUE(eventually([&] { return done.is_set(); }));
    EXPECT_EQ(node(uuid).power_state, "rebooting");
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(PowerSyncTest, AGoodLookEndsOldErrorsButNotThoseOfAFailedState) {
    auto uuid = add_with(on, on, [](model::Node& n) { n.last_error = "older"; });
    look(uuid);
    EXPECT_EQ(last_error(uuid), "");
    auto failed = add(states::deploy_failed, [&](model::Node& n) {
        n.power_state = on;
        n.last_error = "why";
    });
    script.set_power(failed, on);
    look(failed);
    EXPECT_EQ(last_error(failed), "why");
}

TEST_F(PowerSyncTest, WithoutRecoveryANodeIsStillLookedAtOnceItIsTakenOutOfMaintenance) {
    options.power_failure_recovery_interval = 0s;
    prepare();
    auto uuid = add_with(on, on, [](model::Node& n) {
        n.maintenance = true;
        n.fault = std::string(model::faults::power_failure);
    });
    EXPECT_GT(look(uuid), 100s);
    EXPECT_TRUE(node(uuid).maintenance);
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(ConductorTest, TheTimersSyncEveryNodeThereIsAndThatComes) {
    options.sync_power_state_interval = 1s;
    auto old = add(states::active, [](model::Node& n) { n.power_state = std::string(power::on); });
    start();
    model::Node wanted;
    wanted.driver = "fake-hardware";
    wanted.provision_state = std::string(states::manageable);
    wanted.power_state = std::string(power::on);
    model::Node made;
    run(keep(conductor->create_node({}, wanted), &made));
    EXPECT_TRUE(eventually([&] { return script.power_of(old) == power::on; }));
    EXPECT_TRUE(eventually([&] { return script.power_of(made.uuid) == power::on; }));
    ASSERT_TRUE(eventually([&] { return status_of(conductor->destroy_node({}, made.uuid)) == 0; }));
}

}  // namespace
}  // namespace ferrite::conductor
