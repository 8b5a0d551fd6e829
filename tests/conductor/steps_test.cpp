#include "conductor/steps.h"

#include "conductor/conductor_kit.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> ids(const std::vector<Step>& steps) {
    std::vector<std::string> names;
    for (const auto& step : steps) names.push_back(step.id());
    return names;
}

Step step(const char* interface, const char* name, int priority) {
    return {.interface = interface, .name = name, .priority = priority};
}

class Steps : public ConductorTest {
protected:
    void SetUp() override {
        make();
        uuid = add(states::manageable);
        services = std::make_shared<Services>(*store, drivers, *runtime, options);
        view = NodeSession::look(*services, uuid);
    }
    ~Steps() override {
        view.reset();
        services.reset();
    }

    std::string uuid;
    std::shared_ptr<Services> services;
    std::unique_ptr<NodeSession> view;
};

TEST_F(Steps, RunByPriorityThenInterfaceThenName) {
    std::vector<Step> steps{step("raid", "a", 10),    step("deploy", "b", 10),
                            step("deploy", "a", 10),  step("power", "z", 10),
                            step("bios", "a", 10),    step("deploy", "last", 1),
                            step("nowhere", "a", 10), step("raid", "first", 99)};
    sort_to_run(steps);
    EXPECT_THAT(ids(steps), ElementsAre("raid.first", "power.z", "deploy.a", "deploy.b", "bios.a",
                                        "raid.a", "nowhere.a", "deploy.last"));
}

TEST_F(Steps, RunByThemselvesOnlyWithAPriorityAndWhenAllowed) {
    script.set_steps(StepKind::clean,
                     {step("deploy", "never", 0), step("deploy", "slow", 10),
                      step("deploy", "forbidden", 99), step("deploy", "fast", 20)});
    EXPECT_THAT(ids(offered_steps(*view, StepKind::clean)),
                ElementsAre("deploy.forbidden", "deploy.fast", "deploy.slow", "deploy.never"));
    EXPECT_THAT(ids(automatic_steps(*view, StepKind::clean, {"deploy.forbidden"})),
                ElementsAre("deploy.fast", "deploy.slow"));
    EXPECT_TRUE(automatic_steps(*view, StepKind::service, {}).empty());
}

TEST_F(Steps, OfAUserAreCheckedAndKeepTheirOrder) {
    Step offered = step("deploy", "wipe", 10);
    offered.abortable = true;
    offered.requires_ramdisk = false;
    offered.argsinfo = Json{{"passes", {{"required", true}}}, {"pattern", {{"required", false}}}};
    script.set_steps(StepKind::clean, {offered, step("deploy", "other", 90)});
    auto wanted = [](Json args) -> JsonArray {
        return {Json{{"interface", "deploy"}, {"step", "wipe"}, {"args", std::move(args)}},
                Json{{"interface", "deploy"}, {"step", "other"}}};
    };
    auto taken = user_steps(*view, StepKind::clean, wanted({{"passes", 3}}), Unknown::refused);
    EXPECT_THAT(ids(taken), ElementsAre("deploy.wipe", "deploy.other"));
    EXPECT_TRUE(taken[0].abortable);
    EXPECT_FALSE(taken[0].requires_ramdisk);
    EXPECT_EQ(taken[0].args.at("passes"), Json(3));
    EXPECT_THROW(user_steps(*view, StepKind::clean, wanted(JsonObject()), Unknown::refused),
                 InvalidValue)
        << "a required argument is missing";
    EXPECT_THROW(user_steps(*view, StepKind::clean, wanted({{"passes", 1}, {"colour", "red"}}),
                            Unknown::refused),
                 InvalidValue)
        << "an argument is unknown";
}

TEST_F(Steps, ThatNobodyKnowsAreRefusedOrWaitForTheAgent) {
    JsonArray wanted{Json{{"interface", "deploy"}, {"step", "dance"}}};
    EXPECT_THROW(user_steps(*view, StepKind::clean, wanted, Unknown::refused), InvalidValue);
    EXPECT_TRUE(user_steps(*view, StepKind::clean, wanted, Unknown::skipped).empty());
}

TEST_F(Steps, ThatAreNotAllowedAreRefusedByName) {
    JsonArray wanted{Json{{"interface", "vendor"}, {"step", "send_raw"}}};
    EXPECT_NO_THROW(check_allowed(wanted, {"deploy.wipe"}, "[api]x"));
    try {
        check_allowed(wanted, {"vendor.send_raw"}, "[api]disallow_clean_steps");
        FAIL();
    } catch (const InvalidValue& error) {
        EXPECT_THAT(error.message(), HasSubstr("vendor.send_raw"));
        EXPECT_THAT(error.message(), HasSubstr("[api]disallow_clean_steps"));
    }
}

TEST_F(Steps, AreKeptWithTheNodeAndForgotten) {
    model::Node node;
    EXPECT_EQ(step_index(node, StepKind::clean), -1);
    plan_steps(node, StepKind::clean, {step("deploy", "a", 2), step("deploy", "b", 1)});
    begin_step(node, StepKind::clean, 1);
    EXPECT_EQ(ids(planned_steps(node, StepKind::clean)),
              (std::vector<std::string>{"deploy.a", "deploy.b"}));
    EXPECT_EQ(step_index(node, StepKind::clean), 1);
    EXPECT_EQ(current_step(node, StepKind::clean).id(), "deploy.b");
    EXPECT_FALSE(aborts_after_step(node, StepKind::clean));
    abort_after_step(node, StepKind::clean);
    EXPECT_TRUE(aborts_after_step(node, StepKind::clean));
    begin_step(node, StepKind::clean, 2);
    EXPECT_EQ(current_step(node, StepKind::clean).name, "");
    EXPECT_EQ(step_index(node, StepKind::clean), 2);
    forget_steps(node, StepKind::clean);
    EXPECT_TRUE(planned_steps(node, StepKind::clean).empty());
    EXPECT_TRUE(node.clean_step.absent());
    EXPECT_EQ(step_index(node, StepKind::clean), -1);
}

/// Steps of whole operations, as a client asks for them.
class UserSteps : public ConductorTest {
protected:
    int ask(const std::string& uuid, const char* word, JsonArray steps,
            std::optional<bool> disable_ramdisk = std::nullopt) {
        ProvisionRequest request;
        request.verb = word;
        (request.verb == "clean" ? request.clean_steps : request.deploy_steps) = std::move(steps);
        request.disable_ramdisk = disable_ramdisk;
        return status_of(provision(uuid, request));
    }
    static Json named(const char* interface, const char* name, Json priority = nullptr) {
        Json step{{"interface", interface}, {"step", name}};
        if (!priority.is_null()) step.as_object()["priority"] = priority;
        return step;
    }
};

TEST_F(UserSteps, OfACleanRunInTheOrderOfTheUser) {
    script.set_steps(StepKind::clean, {step("deploy", "a", 1), step("deploy", "b", 2)});
    start();
    auto uuid = add(states::manageable);
    EXPECT_EQ(
        ask(uuid, "clean", {named("deploy", "a"), named("deploy", "b"), named("deploy", "a")}), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_THAT(script.calls(), ElementsAre("prepare_cleaning", "step deploy.a", "step deploy.b",
                                            "step deploy.a", "tear_down_cleaning"));
}

TEST_F(UserSteps, ThatAreUnknownFailTheCleanWithoutMaintenance) {
    start();
    auto uuid = add(states::manageable);
    EXPECT_EQ(ask(uuid, "clean", {named("deploy", "dance")}), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("deploy.dance"));
    EXPECT_FALSE(node(uuid).maintenance);
}

TEST_F(UserSteps, ThatNeedNoRamdiskDoNotBootIt) {
    start();
    auto uuid =
        add(states::manageable, [](model::Node& n) { n.driver_info.set("vendor_step", 1); });
    EXPECT_EQ(ask(uuid, "clean", {named("vendor", "poke")}), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_THAT(script.calls(), ElementsAre("step vendor.poke"));
    EXPECT_TRUE(node(uuid).driver_internal_info.get("cleaning_disable_ramdisk").is_null());
}

TEST_F(UserSteps, ThatNeedTheRamdiskFailWithoutIt) {
    script.set_steps(StepKind::clean, {step("deploy", "wipe", 1)});
    start();
    auto uuid = add(states::manageable);
    EXPECT_EQ(ask(uuid, "clean", {named("deploy", "wipe")}, true), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("needs the ramdisk"));
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(UserSteps, OfADeployJoinTheOthersByPriority) {
    script.set_steps(StepKind::deploy, {step("deploy", "deploy", 100), step("deploy", "extra", 0),
                                        step("deploy", "late", 10)});
    start();
    auto uuid = add(states::available);
    EXPECT_EQ(ask(uuid, "active", {named("deploy", "extra", 50)}), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("prepare", "step deploy.deploy", "step deploy.extra",
                                            "step deploy.late"));
}

TEST_F(UserSteps, OfADeployWithPriorityZeroSwitchAStepOff) {
    script.set_steps(StepKind::deploy, {step("deploy", "deploy", 100), step("deploy", "late", 10)});
    start();
    auto uuid = add(states::available);
    EXPECT_EQ(ask(uuid, "active", {named("deploy", "late", 0)}), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("prepare", "step deploy.deploy"));
}

TEST_F(UserSteps, OfADeployAreRefusedAtOnceWhenTheyCannotBe) {
    auto offered = step("deploy", "extra", 0);
    offered.argsinfo = Json{{"size", {{"required", true}}}};
    script.set_steps(StepKind::deploy, {step("deploy", "deploy", 100), offered});
    options.disallow_deploy_steps = {"vendor.send_raw"};
    start();
    auto uuid = add(states::available);
    EXPECT_EQ(ask(uuid, "active", {named("deploy", "extra", 50)}), 400) << "argument missing";
    EXPECT_EQ(ask(uuid, "active", {named("vendor", "send_raw", 50)}), 400);
    EXPECT_EQ(state(uuid), states::available);
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(UserSteps, MayLeaveTheDeployItselfOutButNotMoveIt) {
    script.set_steps(StepKind::deploy, {step("deploy", "deploy", 100), step("deploy", "more", 10)});
    start();
    auto uuid = add(states::available);
    EXPECT_EQ(ask(uuid, "active", {named("deploy", "deploy", 50)}), 400);
    EXPECT_EQ(ask(uuid, "active", {named("deploy", "deploy", 0)}), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("prepare", "step deploy.more"));
}

TEST_F(UserSteps, OfTheAgentAreCheckedWhenItIsUp) {
    script.let_wait("deploy.deploy");
    script.set_progress({AgentProgress::Kind::fresh, ""});
    script.set_agent_steps(StepKind::deploy,
                           {step("deploy", "deploy", 100), step("deploy", "in_band", 0)});
    start();
    auto good = add(states::available), bad = add(states::available);
    EXPECT_EQ(ask(good, "active", {named("deploy", "in_band", 50)}), 0);
    EXPECT_EQ(ask(bad, "active", {named("deploy", "dance", 50)}), 0);
    for (const auto& uuid : {good, bad}) {
        ASSERT_TRUE(reaches(uuid, states::deploy_wait));
        token(uuid);
        EXPECT_EQ(heartbeat(uuid), 0);
    }
    ASSERT_TRUE(reaches(good, states::active));
    EXPECT_TRUE(script.called("step deploy.in_band"));
    ASSERT_TRUE(reaches(bad, states::deploy_failed));
    EXPECT_THAT(last_error(bad), HasSubstr("deploy.dance"));
}

}  // namespace
}  // namespace ferrite::conductor
