#include "conductor/conductor_kit.h"
#include "conductor/steps.h"
#include "store/conductors.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = AgentProgress::Kind;

Step step(const char* name, int priority) {
    return {.interface = "deploy", .name = name, .priority = priority};
}

struct Interrupted {
    std::string_view busy;
    std::string_view resumed;  ///< Where it ends when it is gone on with.
    std::string_view failed;   ///< Where it ends when it is given up.
};
constexpr Interrupted kInterrupted[] = {
    {states::verifying, states::manageable, states::enroll},
    {states::cleaning, states::available, states::clean_failed},
    {states::deploying, states::active, states::deploy_failed},
    {states::deleting, states::available, states::error},
    {states::adopting, states::active, states::adopt_failed},
    {states::inspecting, states::manageable, states::inspect_failed},
    {states::rescuing, states::rescue, states::rescue_failed},
    {states::unrescuing, states::active, states::unrescue_failed},
    {states::servicing, states::active, states::service_failed},
};

/// What a conductor finds that was killed at work.
class Resume : public ConductorTest {};

TEST_F(Resume, EveryBusyStateIsGoneOnWith) {
    std::vector<std::string> uuids;
    for (const auto& row : kInterrupted) uuids.push_back(add_busy(row.busy));
    start();
    for (std::size_t i = 0; i < uuids.size(); ++i) {
        SCOPED_TRACE(kInterrupted[i].busy);
        EXPECT_TRUE(reaches(uuids[i], kInterrupted[i].resumed));
        EXPECT_EQ(last_error(uuids[i]), "");
    }
}

TEST_F(Resume, OrEveryBusyStateIsFailed) {
    options.resume_interrupted = false;
    std::vector<std::string> uuids;
    for (const auto& row : kInterrupted) uuids.push_back(add_busy(row.busy));
    start();
    for (std::size_t i = 0; i < uuids.size(); ++i) {
        SCOPED_TRACE(kInterrupted[i].busy);
        EXPECT_TRUE(reaches(uuids[i], kInterrupted[i].failed));
        EXPECT_EQ(last_error(uuids[i]), "The " + std::string(kInterrupted[i].busy) +
                                            " state can't be resumed by conductor here. Moving to "
                                            "fail state.");
    }
    EXPECT_TRUE(script.calls().empty()) << "no hardware is touched";
}

TEST_F(Resume, ANodeWhoseInterfaceIsGoneIsFailed) {
    auto uuid = add_busy(states::deploying, [](model::Node& n) { n.boot_interface = "gone"; });
    start();
    EXPECT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("boot_interface 'gone'"));
}

std::function<void(model::Node&)> powering(const char* host) {
    return [host](model::Node& n) {
        n.reservation = host;
        n.target_power_state = std::string(power::on);
    };
}

TEST_F(Resume, APowerActionIsGoneOnWith) {
    auto uuid = add(states::active, powering("here"));
    auto foreign = add(states::active, powering("elsewhere"));
    start();
    EXPECT_TRUE(eventually([&] { return node(uuid).power_state == power::on; }));
    EXPECT_TRUE(eventually([&] { return !node(uuid).reservation; }));
    EXPECT_FALSE(node(uuid).target_power_state);
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_EQ(node(foreign).reservation, "elsewhere");
    EXPECT_EQ(node(foreign).target_power_state, power::on);
}

TEST_F(Resume, OrAPowerActionIsGivenUp) {
    options.resume_interrupted = false;
    auto uuid = add(states::active, powering("here"));
    start();
    EXPECT_TRUE(eventually([&] { return !node(uuid).target_power_state; }));
    EXPECT_EQ(last_error(uuid), "Pending power operation was aborted due to conductor restart");
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(Resume, AMachineThatIsOffIsHalfRebooted) {
    for (auto before : {power::on, power::off}) {
        script.forget_calls();
        start();
        auto uuid = add(states::active);
        script.set_power(uuid, std::string(power::on));
        script.close("rebooting");
        EXPECT_EQ(status_of(conductor->change_power({}, uuid, "rebooting", {})), 0);
        ASSERT_TRUE(eventually([&] { return script.called("rebooting"); }));
        kill();
        script.open("rebooting");
        script.forget_calls();
        script.set_power(uuid, std::string(before));
        start();
        EXPECT_TRUE(eventually([&] { return !node(uuid).target_power_state; }));
        EXPECT_EQ(node(uuid).power_state, power::on);
        EXPECT_EQ(script.called("rebooting"), before == power::on);
        EXPECT_EQ(script.called("power on"), before == power::off);
        kill();
    }
}

TEST_F(Resume, AFailureWhileGoingOnIsAFailureOfTheOperation) {
    auto uuid = add_busy(states::deploying);
    script.fail("prepare", "no image");
    start();
    EXPECT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_EQ(last_error(uuid), "no image");
}

TEST_F(Resume, ANodeThatIsLockedAtTheStartIsWaitedFor) {
    options.heartbeat_interval = 1s;
    auto uuid = add_busy(states::deploying, [](model::Node& n) { n.reservation = "elsewhere"; });
    auto ours = add_busy(states::deploying);
    start();
    EXPECT_TRUE(reaches(ours, states::active));
    EXPECT_EQ(state(uuid), states::deploying);
    change(uuid, [](model::Node& n) { n.reservation.reset(); });
    EXPECT_TRUE(reaches(uuid, states::active));
}

/// Killed with its steps planned and the step of index 1 begun.
void at_step(model::Node& n, StepKind kind, std::vector<Step> steps, int index) {
    plan_steps(n, kind, steps);
    begin_step(n, kind, index);
}

TEST_F(Resume, ADeployStepOfTheConductorIsDoneAgain) {
    auto uuid = add_busy(states::deploying, [](model::Node& n) {
        at_step(n, StepKind::deploy, {step("deploy", 100), step("boot", 20), step("last", 10)}, 1);
    });
    start();
    EXPECT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("step deploy.boot", "step deploy.last"));
}

TEST_F(Resume, WithAnAgentTheDeployGoesOnWhereTheAgentIs) {
    auto with_agent = [](model::Node& n) {
        at_step(n, StepKind::deploy, {step("deploy", 100), step("write", 80), step("boot", 20)}, 1);
        n.driver_internal_info.set("agent_url", "http://192.0.2.9:9999");
        n.driver_internal_info.set("agent_secret_token", "t");
    };
    auto uuid = add_busy(states::deploying, with_agent);
    script.set_progress({Kind::running, ""});
    start();
    EXPECT_TRUE(reaches(uuid, states::deploy_wait));
    EXPECT_THAT(script.calls(), ElementsAre("progress"));
    script.set_progress({Kind::succeeded, ""});
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("progress", "progress", "step deploy.boot"));

    kill();
    script.forget_calls();
    script.set_progress({Kind::not_given, ""});
    auto again = add_busy(states::deploying, with_agent);
    start();
    EXPECT_TRUE(reaches(again, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("progress", "step deploy.write", "step deploy.boot"));

    kill();
    script.fail("progress", "no answer");
    options.deploy_callback_timeout = 1s;
    auto silent = add_busy(states::deploying, with_agent);
    start();
    EXPECT_TRUE(reaches(silent, states::deploy_failed)) << "it waits, and then its time is up";
    EXPECT_THAT(last_error(silent), HasSubstr("Timeout reached"));
}

TEST_F(Resume, AStepThatWasNeverGivenIsNoneThatTheAgentLost) {
    auto uuid = add_busy(states::deploying, [](model::Node& n) {
        at_step(n, StepKind::deploy, {step("write", 80), step("boot", 20)}, 0);
        n.driver_internal_info.set("agent_url", "http://192.0.2.9:9999");
        n.driver_internal_info.set("agent_secret_token", "t");
    });
    script.set_progress({Kind::lost, ""});
    for (int kills = 0; kills < 4; ++kills) {
        script.close("step deploy.write");
        start();
        ASSERT_TRUE(eventually([&] { return script.called("step deploy.write"); }));
        kill();
        script.forget_calls();
    }
    script.open("step deploy.write");
    start();
    EXPECT_TRUE(reaches(uuid, states::active)) << last_error(uuid);
}

TEST_F(Resume, AnAgentThatToldTheLastProcessIsLookedAt) {
    auto waiting = [&](const char* url) {
        return add(states::deploy_wait, [&](model::Node& n) {
            n.target_provision_state = "active";
            at_step(n, StepKind::deploy, {step("deploy", 100), step("write", 80)}, 1);
            if (url) n.driver_internal_info.set("agent_url", url);
            n.driver_internal_info.set("agent_secret_token", "t");
        });
    };
    auto told = waiting("http://192.0.2.9:9999"), boots = waiting(nullptr);
    script.set_progress({Kind::succeeded, ""});
    start();
    EXPECT_TRUE(reaches(told, states::active));
    EXPECT_EQ(state(boots), states::deploy_wait);
}

TEST_F(Resume, ATokenThatWasLostWithTheProcessIsReplaced) {
    start();
    auto uuid = add(states::deploy_wait);
    auto lost = token(uuid);
    EXPECT_EQ(token(uuid), "******");
    kill();
    start();
    auto present = token(uuid);
    EXPECT_NE(present, "******");
    EXPECT_NE(present, lost);
    EXPECT_EQ(token(uuid), "******");
    change(uuid,
           [](model::Node& n) { n.driver_internal_info.set("agent_url", "http://192.0.2.9"); });
    kill();
    start();
    EXPECT_EQ(token(uuid), "******") << "an agent has shown it";
}

TEST_F(Resume, AReportIsDurableBeforeItIsAnswered) {
    start();
    auto uuid = add(states::deploy_wait, [&](model::Node& n) {
        n.target_provision_state = "active";
        at_step(n, StepKind::deploy, {step("deploy", 100), step("write", 80)}, 1);
        n.driver_internal_info.set("agent_secret_token", "t");
    });
    script.close("progress");
    EXPECT_EQ(heartbeat(uuid), 0);
    kill();
    EXPECT_NE(node(uuid).driver_internal_info.get_text("agent_url"), "");
}

TEST_F(Resume, ACleanGoesOnWhereItWas) {
    script.set_steps(StepKind::clean, {step("a", 20), step("b", 10)});
    auto uuid = add_busy(states::cleaning, [](model::Node& n) {
        at_step(n, StepKind::clean, {step("a", 20), step("b", 10)}, 1);
    });
    auto done = add_busy(states::cleaning, [](model::Node& n) {
        n.target_provision_state = "manageable";
        at_step(n, StepKind::clean, {step("a", 20), step("b", 10)}, 2);
    });
    start();
    EXPECT_TRUE(reaches(uuid, states::available));
    EXPECT_TRUE(reaches(done, states::manageable)) << "only the ramdisk was left to take down";
    EXPECT_THAT(script.calls(), testing::UnorderedElementsAre("step deploy.b", "tear_down_cleaning",
                                                              "tear_down_cleaning"));
}

TEST_F(Resume, AManualCleanRemembersWhatWasAskedFor) {
    script.set_steps(StepKind::clean, {step("a", 20), step("wipe", 0)});
    start();
    auto uuid = add(states::manageable);
    script.close("prepare_cleaning");
    EXPECT_EQ(verb(uuid, "clean"), 0);
    ASSERT_TRUE(eventually([&] { return script.called("prepare_cleaning"); }));
    kill();
    script.open("prepare_cleaning");
    script.forget_calls();
    EXPECT_EQ(state(uuid), states::cleaning);
    EXPECT_EQ(node(uuid).reservation, "here");
    start();
    EXPECT_TRUE(reaches(uuid, states::manageable));
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_THAT(script.calls(),
                ElementsAre("prepare_cleaning", "step deploy.wipe", "tear_down_cleaning"));
}

TEST_F(Resume, DrainWaitsForWhatRunsAndSignsOff) {
    start();
    auto uuid = add(states::available);
    script.close("prepare");
    EXPECT_EQ(verb(uuid, "active"), 0);
    bool rested = true;
    run(keep(conductor->drain(0s), &rested));
    EXPECT_FALSE(rested);
    auto online = [&] {
        return store->read([&](store::Sql& db) { return store::conductors::find(db, "here"); })
            ->online;
    };
    EXPECT_FALSE(online());
    script.open("prepare");
    run(keep(conductor->drain(60s), &rested));
    EXPECT_TRUE(rested);
    EXPECT_EQ(state(uuid), states::active);
    kill();
    start();
    EXPECT_TRUE(online());
}

TEST_F(Resume, AConductorThatIsEndedAtWorkLeavesTheRestToTheNext) {
    start();
    auto hangs = add(states::available), waits = add(states::available);
    script.close("prepare");
    EXPECT_EQ(verb(hangs, "active"), 0);
    EXPECT_EQ(status_of(conductor->change_power({}, waits, "power on", {})), 0);
    bool rested = true;
    run(keep(conductor->drain(0s), &rested));
    kill();
    EXPECT_EQ(node(hangs).reservation, "here");
    script.open("prepare");
    start();
    EXPECT_TRUE(reaches(hangs, states::active));
}

}  // namespace
}  // namespace ferrite::conductor
