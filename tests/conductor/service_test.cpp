#include "conductor/conductor_kit.h"
#include "conductor/steps.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = AgentProgress::Kind;

Json step(const char* name, Json args = JsonObject()) {
    return Json{{"interface", "deploy"}, {"step", name}, {"args", std::move(args)}};
}

/// Steps beside an instance, and the steps that are the conductor's own.
class Service : public ConductorTest {
protected:
    Service() {
        script.set_steps(StepKind::service,
                         {{.interface = "deploy", .name = "update", .requires_ramdisk = false},
                          {.interface = "deploy", .name = "agent"}});
    }
    int serve(const std::string& uuid, JsonArray steps, std::optional<bool> off = std::nullopt) {
        ProvisionRequest request;
        request.verb = "service";
        request.service_steps = std::move(steps);
        request.disable_ramdisk = off;
        return status_of(provision(uuid, std::move(request)));
    }
    int clean(const std::string& uuid, JsonArray steps) {
        ProvisionRequest request;
        request.verb = "clean";
        request.clean_steps = std::move(steps);
        return status_of(provision(uuid, std::move(request)));
    }
    /// A node whose agent is up and whose first service step waits for it.
    std::string in_service_wait() {
        script.let_wait("prepare_service");
        script.let_wait("deploy.agent");
        auto uuid = add(states::active);
        EXPECT_EQ(serve(uuid, {step("agent"), step("update")}), 0) << message;
        EXPECT_TRUE(reaches(uuid, states::service_wait));
        token(uuid);
        script.set_progress({Kind::fresh, ""});
        EXPECT_EQ(heartbeat(uuid), 0);
        EXPECT_TRUE(eventually([&] {
            return !node(uuid).reservation && node(uuid).service_step.get_text("step") == "agent";
        }));
        return uuid;
    }
};

TEST_F(Service, StepsThatNeedNoRamdiskRunBesideTheInstance) {
    start();
    auto uuid = add(states::active);
    EXPECT_EQ(serve(uuid, {step("update")}), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(), ElementsAre("step deploy.update"));
    auto now = node(uuid);
    EXPECT_TRUE(now.service_step.absent());
    EXPECT_FALSE(now.target_provision_state);
    EXPECT_FALSE(now.last_error);
    EXPECT_TRUE(now.driver_internal_info.get("service_disable_ramdisk").is_null());
}

TEST_F(Service, OthersBootItAndStartTheInstanceAgain) {
    start();
    auto uuid = in_service_wait();
    EXPECT_EQ(node(uuid).target_provision_state, "active");
    script.set_progress({Kind::succeeded, ""});
    EXPECT_EQ(heartbeat(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_THAT(script.calls(),
                ElementsAre("prepare_service", "progress", "refresh_steps", "step deploy.agent",
                            "progress", "step deploy.update", "tear_down_service"));
    EXPECT_EQ(node(uuid).driver_internal_info.get_text("agent_url"), "");
}

TEST_F(Service, WhatIsWrongWithTheStepsFailsItWithoutMaintenance) {
    start();
    struct {
        Json step;
        std::optional<bool> off;
        const char* says;
    } rows[] = {
        {step("nope"), std::nullopt, "does not support the service step deploy.nope"},
        {step("update", Json{{"x", 1}}), std::nullopt, "takes no argument 'x'"},
        {step("agent"), true, "needs the ramdisk"},
        {step("hold", Json{{"x", 1}}), std::nullopt, "takes no argument 'x'"},
        {step("wait", Json{{"seconds", "x"}}), std::nullopt, "whole number"},
        {step("wait"), true, "needs the ramdisk"},
    };
    for (const auto& row : rows) {
        auto uuid = add(states::active);
        EXPECT_EQ(serve(uuid, {row.step}, row.off), 0);
        ASSERT_TRUE(reaches(uuid, states::service_failed)) << to_text(row.step);
        EXPECT_THAT(last_error(uuid), HasSubstr(row.says));
        EXPECT_FALSE(node(uuid).maintenance);
    }
}

TEST_F(Service, AFailedStepPutsTheNodeIntoMaintenanceAndCanBeRepeatedOrAborted) {
    start();
    script.fail("step deploy.update", "Broken.");
    auto uuid = add(states::active);
    EXPECT_EQ(serve(uuid, {step("update")}), 0);
    ASSERT_TRUE(reaches(uuid, states::service_failed));
    auto failed = node(uuid);
    EXPECT_TRUE(failed.maintenance);
    EXPECT_EQ(failed.fault, model::faults::service_failure);
    EXPECT_THAT(last_error(uuid), HasSubstr("Service step deploy.update failed: Broken."));
    EXPECT_EQ(verb(uuid, "abort"), 409);
    run(conductor->set_maintenance({}, uuid, false, std::nullopt));
    EXPECT_EQ(verb(uuid, "abort"), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_TRUE(script.called("tear_down_service"));
    script.mend("step deploy.update");
    change(uuid, [](model::Node& n) { n.provision_state = "service failed"; });
    EXPECT_EQ(serve(uuid, {step("update")}), 0);
    EXPECT_TRUE(reaches(uuid, states::active));
}

TEST_F(Service, AnAbortStartsTheInstanceAgain) {
    start();
    auto uuid = in_service_wait();
    change(uuid, [](model::Node& n) { n.service_step.set("abortable", true); });
    EXPECT_EQ(verb(uuid, "abort"), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_TRUE(script.called("tear_down_service"));
    EXPECT_THAT(last_error(uuid), HasSubstr("the service operation was aborted"));

    auto stuck = in_service_wait();
    change(stuck, [](model::Node& n) { n.service_step.set("abortable", true); });
    script.fail("tear_down_service", "No power.");
    EXPECT_EQ(verb(stuck, "abort"), 0);
    ASSERT_TRUE(reaches(stuck, states::service_failed));
    EXPECT_THAT(last_error(stuck), HasSubstr("No power."));
}

TEST_F(Service, AStepThatIsNotAbortableIsLetEnd) {
    start();
    auto uuid = in_service_wait();
    EXPECT_EQ(verb(uuid, "abort"), 0);
    EXPECT_EQ(state(uuid), states::service_wait);
    script.set_progress({Kind::succeeded, ""});
    EXPECT_EQ(heartbeat(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_FALSE(script.called("step deploy.update"));
}

TEST_F(Service, GoesOnAfterARestart) {
    start();
    script.close("step deploy.update");
    auto uuid = add(states::active);
    EXPECT_EQ(serve(uuid, {step("update")}), 0);
    EXPECT_TRUE(eventually([&] { return script.called("step deploy.update"); }));
    kill();
    script.open("step deploy.update");
    start();
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_EQ(std::ranges::count(script.calls(), "step deploy.update"), 2);
}

TEST_F(Service, PowerStepsAndShortWaitsRunInTheConductor) {
    options.max_wait_step = 0s;
    start();
    auto uuid = add(states::active);
    EXPECT_EQ(serve(uuid, {step("power_on"), step("wait", Json{{"seconds", 1000}}), step("reboot"),
                           step("power_off")}),
              0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_FALSE(script.called("prepare_service"));
    EXPECT_TRUE(script.called("power on"));
    EXPECT_TRUE(script.called("rebooting"));
    EXPECT_TRUE(script.called("power off"));
    EXPECT_EQ(node(uuid).power_state, "power off");
}

/// Each operation with a hold in it.
struct HeldOperation {
    std::string_view from, held, end;
};

class Hold : public Service, public testing::WithParamInterface<HeldOperation> {
protected:
    std::string begin() {
        const auto& row = GetParam();
        script.set_steps(StepKind::clean,
                         {{.interface = "deploy", .name = "update", .requires_ramdisk = false}});
        script.set_steps(StepKind::deploy,
                         {{.interface = "deploy", .name = "update", .priority = 10}});
        auto uuid = add(row.from);
        ProvisionRequest request;
        request.clean_steps = request.service_steps = {step("hold"), step("update")};
        auto hold = step("hold");
        hold.as_object()["priority"] = 90;
        request.deploy_steps = {std::move(hold)};
        request.verb = row.held == states::clean_hold    ? "clean"
                       : row.held == states::deploy_hold ? "active"
                                                         : "service";
        EXPECT_EQ(status_of(provision(uuid, std::move(request))), 0) << message;
        EXPECT_TRUE(reaches(uuid, row.held));
        return uuid;
    }
};

TEST_P(Hold, HoldsTheNodeUntilItIsLetGo) {
    start();
    auto uuid = begin();
    EXPECT_FALSE(script.called("step deploy.update"));
    kill();
    start();
    EXPECT_TRUE(reaches(uuid, GetParam().held));
    EXPECT_EQ(verb(uuid, "unhold"), 0);
    ASSERT_TRUE(reaches(uuid, GetParam().end));
    EXPECT_EQ(std::ranges::count(script.calls(), "step deploy.update"), 1);
    EXPECT_EQ(verb(uuid, "unhold"), 400);
}

TEST_P(Hold, AnAgentThatIsThereIsWaitedForUnlessTheInstanceIs) {
    start();
    auto uuid = begin();
    token(uuid);
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(state(uuid), GetParam().held) << "a report does not end a hold";
    EXPECT_EQ(verb(uuid, "unhold"), 0);
    EXPECT_TRUE(is_released(uuid));
    if (GetParam().held != states::service_hold) {
        EXPECT_THAT(state(uuid), HasSubstr("wait"));
        EXPECT_EQ(heartbeat(uuid), 0);
    }
    ASSERT_TRUE(reaches(uuid, GetParam().end));
    EXPECT_TRUE(script.called("step deploy.update"));
}

TEST_P(Hold, CanBeAborted) {
    start();
    auto uuid = begin();
    EXPECT_EQ(verb(uuid, "abort"), 0);
    auto end = GetParam().held == states::clean_hold    ? states::clean_failed
               : GetParam().held == states::deploy_hold ? states::deploy_failed
                                                        : states::active;
    ASSERT_TRUE(reaches(uuid, end));
    EXPECT_FALSE(script.called("step deploy.update"));
    EXPECT_THAT(last_error(uuid), HasSubstr("aborted"));
}

INSTANTIATE_TEST_SUITE_P(
    Operations, Hold,
    testing::Values(HeldOperation{states::manageable, states::clean_hold, states::manageable},
                    HeldOperation{states::available, states::deploy_hold, states::active},
                    HeldOperation{states::active, states::service_hold, states::active}),
    [](const auto& param) {
        std::string name(param.param.held);
        name[name.find(' ')] = '_';
        return name;
    });

TEST_F(Service, AWaitWithoutSecondsIsForTheAgentsNextReport) {
    start();
    script.let_wait("prepare_cleaning");
    script.set_steps(StepKind::clean, {{.interface = "deploy", .name = "update"}});
    auto uuid = add(states::manageable);
    EXPECT_EQ(clean(uuid, {step("wait"), step("update")}), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_wait));
    token(uuid);
    script.set_progress({Kind::fresh, ""});
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(eventually([&] {
        return !node(uuid).reservation && node(uuid).clean_step.get_text("step") == "wait";
    }));
    EXPECT_EQ(state(uuid), states::clean_wait);
    EXPECT_EQ(heartbeat(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    EXPECT_TRUE(script.called("step deploy.update"));
}

TEST_F(Service, StepsForChildrenRunOnThemAndNotOnTheNode) {
    start();
    script.set_steps(StepKind::clean, {{.interface = "deploy", .name = "update"}});
    auto parent = add(states::manageable);
    auto child = [&] {
        return add(states::manageable, [&](model::Node& n) { n.parent_node = parent; });
    };
    auto first = child(), second = child();
    auto stranger = add(states::manageable);
    auto on = step("power_on");
    on.as_object()["execute_on_child_nodes"] = true;
    EXPECT_EQ(clean(parent, {on}), 0);
    ASSERT_TRUE(reaches(parent, states::manageable)) << last_error(parent);
    EXPECT_EQ(node(first).power_state, "power on");
    EXPECT_EQ(node(second).power_state, "power on");
    EXPECT_FALSE(node(parent).power_state);
    EXPECT_FALSE(node(first).reservation);
    EXPECT_FALSE(script.called("prepare_cleaning"));

    auto off = step("power_off");
    off.as_object()["execute_on_child_nodes"] = true;
    off.as_object()["limit_child_node_execution"] = JsonArray{Json(first)};
    EXPECT_EQ(clean(parent, {off}), 0);
    ASSERT_TRUE(reaches(parent, states::manageable));
    EXPECT_EQ(node(first).power_state, "power off");
    EXPECT_EQ(node(second).power_state, "power on");

    for (auto [name, uuid, says] :
         {std::tuple{"update", stranger, "no child"}, std::tuple{"nope", first, "does not support"},
          std::tuple{"hold", first, "goes on by itself"}}) {
        auto bad = step(name);
        bad.as_object()["execute_on_child_nodes"] = true;
        bad.as_object()["limit_child_node_execution"] = JsonArray{Json(uuid)};
        EXPECT_EQ(clean(parent, {bad}), 0);
        ASSERT_TRUE(reaches(parent, states::clean_failed)) << name;
        EXPECT_THAT(last_error(parent), HasSubstr(says));
        EXPECT_THAT(last_error(parent), HasSubstr(uuid));
        change(parent, [](model::Node& n) {
            n.provision_state = "manageable";
            n.maintenance = false;
        });
    }
}

}  // namespace
}  // namespace ferrite::conductor
