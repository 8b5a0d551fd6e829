#include "conductor/conductor_kit.h"
#include "conductor/steps.h"

namespace ferrite::conductor {
namespace {

using testing::HasSubstr;
using Kind = AgentProgress::Kind;

Step step(const char* name, int priority, bool abortable = false) {
    return {.interface = "deploy", .name = name, .priority = priority, .abortable = abortable};
}

/// Nodes that wait for their agent: what its reports bring about, and what its silence does.
class Waiting : public ConductorTest {
protected:
    Waiting() {
        script.let_wait("prepare_cleaning");
        script.let_wait("deploy.deploy");
        script.let_wait("deploy.write");
        script.let_wait("deploy.wipe");
        script.set_progress({Kind::fresh, ""});
        script.set_steps(StepKind::deploy, {step("deploy", 100, true)});
        script.set_agent_steps(StepKind::deploy,
                               {step("deploy", 100, true), step("write", 80), step("boot", 20)});
        script.set_agent_steps(StepKind::clean, {step("wipe", 10), step("check", 5)});
    }
    std::string in_deploy_wait() {
        auto uuid = add(states::available);
        EXPECT_EQ(verb(uuid, "active"), 0);
        EXPECT_TRUE(reaches(uuid, states::deploy_wait));
        return uuid;
    }
    std::string in_clean_wait(const char* word = "provide") {
        auto uuid = add(states::manageable);
        EXPECT_EQ(verb(uuid, word), 0);
        EXPECT_TRUE(reaches(uuid, states::clean_wait));
        return uuid;
    }
    /// The agent has reported once and works on its first step.
    std::string agent_at_work(const std::string& uuid, std::string_view step_name) {
        if (node(uuid).driver_internal_info.get_text("agent_secret_token").empty()) token(uuid);
        EXPECT_EQ(heartbeat(uuid), 0);
        EXPECT_TRUE(eventually([&] {
            auto now = node(uuid);
            const auto& field = now.in_state(states::clean_wait) ? now.clean_step : now.deploy_step;
            return !now.reservation && field.get_text("step") == step_name;
        })) << "state "
            << state(uuid) << " error " << last_error(uuid);
        return uuid;
    }
    int report(const std::string& uuid, Kind kind, std::string error = "") {
        script.set_progress({kind, std::move(error)});
        return heartbeat(uuid);
    }
};

TEST_F(Waiting, TheAgentIsGivenItsTokenOnce) {
    start();
    auto uuid = in_deploy_wait();
    auto first = token(uuid);
    EXPECT_EQ(first.size(), 43U);
    EXPECT_EQ(node(uuid).driver_internal_info.get_text("agent_secret_token"), first);
    EXPECT_EQ(token(uuid), "******");
    EXPECT_EQ(node(uuid).driver_internal_info.get_text("agent_secret_token"), first);
    EXPECT_FALSE(node(uuid).reservation);
    change(uuid, [](model::Node& n) { n.reservation = "elsewhere"; });
    std::string ignored;
    EXPECT_EQ(status_of(keep(conductor->agent_token({}, uuid), &ignored)), 409);
}

TEST_F(Waiting, HeartbeatsAreChecked) {
    options.require_tls = true;
    start();
    auto uuid = in_deploy_wait();
    token(uuid);
    auto send = [&](auto change) {
        auto beat = beat_of(uuid);
        beat.callback_url = "https://192.0.2.9:9999";
        change(beat);
        return status_of(conductor->heartbeat({}, uuid, beat));
    };
    EXPECT_EQ(send([](Heartbeat& b) { b.agent_version.reset(); }), 400);
    EXPECT_EQ(send([](Heartbeat& b) { b.agent_token = "guessed"; }), 400);
    EXPECT_EQ(send([](Heartbeat& b) { b.agent_token.clear(); }), 400);
    EXPECT_EQ(send([](Heartbeat& b) { b.callback_url = "http://192.0.2.9:9999"; }), 400);
    EXPECT_TRUE(node(uuid).driver_internal_info.get("agent_url").is_null());
    EXPECT_THAT(
        message,
        testing::Not(HasSubstr(node(uuid).driver_internal_info.get_text("agent_secret_token"))));
    change(uuid, [](model::Node& n) { n.reservation = "here"; });
    EXPECT_EQ(send([](Heartbeat&) {}), 409) << "locked and not heard of before: come again soon";
    change(uuid, [](model::Node& n) { n.driver_internal_info.set("agent_url", "https://old"); });
    EXPECT_EQ(send([](Heartbeat&) {}), 0) << "locked but known: dropped";
    EXPECT_EQ(node(uuid).driver_internal_info.get_text("agent_url"), "https://old");
    change(uuid, [](model::Node& n) {
        n.reservation.reset();
        n.driver_internal_info.set("agent_verify_ca", "certificate A");
    });
    EXPECT_EQ(send([](Heartbeat& b) { b.agent_verify_ca = "certificate B"; }), 400);
    EXPECT_EQ(send([](Heartbeat& b) { b.agent_verify_ca = "certificate A"; }), 0);
    EXPECT_EQ(status_of(conductor->heartbeat({}, new_uuid(), beat_of(uuid))), 404);
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(Waiting, HeartbeatsAreKeptOnlyWhereAnAgentIsExpected) {
    make();
    for (const auto& row : states::all()) {
        auto uuid = add(row.name, [](model::Node& n) {
            n.maintenance = true;  // Recorded, but nothing is done.
            n.driver_internal_info.set("agent_secret_token", "t");
        });
        EXPECT_EQ(heartbeat(uuid), 0);
        EXPECT_TRUE(is_released(uuid));
        bool expected = row.name.ends_with("hold") || row.name == states::deploying ||
                        row.name == states::cleaning || row.name == states::rescuing ||
                        row.name == states::servicing ||
                        (row.name.contains("wait") && row.name != states::inspect_wait);
        auto info = node(uuid).driver_internal_info;
        EXPECT_EQ(!info.get_text("agent_url").empty(), expected) << row.name;
        if (expected) {
            EXPECT_EQ(info.get_text("agent_version"), "9.0");
            EXPECT_FALSE(info.get_text("agent_last_heartbeat").empty());
        }
        EXPECT_EQ(state(uuid), row.name);
    }
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(Waiting, ADeployGoesOnWithEachReport) {
    start();
    auto uuid = in_deploy_wait();
    EXPECT_EQ(node(uuid).target_provision_state, "active");
    agent_at_work(uuid, "write");
    EXPECT_EQ(state(uuid), states::deploy_wait);
    EXPECT_EQ(report(uuid, Kind::running), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(state(uuid), states::deploy_wait);
    EXPECT_EQ(report(uuid, Kind::succeeded), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_TRUE(node(uuid).driver_internal_info.get("agent_url").is_null());
    EXPECT_TRUE(node(uuid).driver_internal_info.get("agent_secret_token").is_null());
    EXPECT_TRUE(script.called("step deploy.boot"));
}

TEST_F(Waiting, ACleanGoesOnWithEachReport) {
    for (const char* word : {"provide", "clean"}) {
        start();
        auto uuid = in_clean_wait(word);
        agent_at_work(uuid, "wipe");
        EXPECT_EQ(report(uuid, Kind::succeeded), 0);
        ASSERT_TRUE(
            reaches(uuid, word == std::string("clean") ? states::manageable : states::available));
        EXPECT_EQ(last_error(uuid), "");
        EXPECT_TRUE(node(uuid).driver_internal_info.get("agent_secret_token").is_null());
        script.set_progress({Kind::fresh, ""});
    }
}

TEST_F(Waiting, AStepThatTheAgentFailedEndsTheOperation) {
    start();
    auto uuid = agent_at_work(in_deploy_wait(), "write");
    EXPECT_EQ(report(uuid, Kind::failed, "image checksum is wrong"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_EQ(last_error(uuid), "Deploy step deploy.write failed: image checksum is wrong");
    EXPECT_FALSE(node(uuid).maintenance);

    script.set_progress({Kind::fresh, ""});
    auto other = agent_at_work(in_clean_wait(), "wipe");
    EXPECT_EQ(report(other, Kind::failed, "bad sector"), 0);
    ASSERT_TRUE(reaches(other, states::clean_failed));
    EXPECT_EQ(last_error(other), "Clean step deploy.wipe failed: bad sector");
    EXPECT_EQ(node(other).fault, model::faults::clean_failure);
}

TEST_F(Waiting, AStepThatTheAgentLostIsGivenAgainTwice) {
    start();
    auto uuid = agent_at_work(in_clean_wait(), "wipe");
    for (int again = 1; again <= 2; ++again) {
        script.forget_calls();
        EXPECT_EQ(report(uuid, Kind::lost), 0);
        ASSERT_TRUE(reaches(uuid, states::clean_wait));
        EXPECT_TRUE(eventually([&] { return script.called("step deploy.wipe"); }));
        EXPECT_TRUE(is_released(uuid));
    }
    EXPECT_EQ(report(uuid, Kind::lost), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_EQ(last_error(uuid), "Clean step deploy.wipe failed: the agent lost it 3 times.");
}

TEST_F(Waiting, StepsThatChangedUnderTheAgentAreReadAnew) {
    start();
    auto uuid = agent_at_work(in_clean_wait(), "wipe");
    script.set_agent_steps(StepKind::clean, {step("check", 5)});
    EXPECT_EQ(report(uuid, Kind::version_mismatch), 0);
    ASSERT_TRUE(reaches(uuid, states::available));

    script.set_progress({Kind::fresh, ""});
    auto other = agent_at_work(in_deploy_wait(), "write");
    script.forget_calls();
    EXPECT_EQ(report(other, Kind::version_mismatch), 0);
    EXPECT_TRUE(eventually([&] { return script.called("step deploy.write"); }));
    EXPECT_TRUE(script.called("refresh_steps"));
    EXPECT_TRUE(reaches(other, states::deploy_wait));
}

TEST_F(Waiting, AnAgentThatIsBusyOrDoesNotAnswerIsAskedAgainAtItsNextReport) {
    start();
    auto uuid = in_deploy_wait();
    token(uuid);
    script.fail("progress", "connection refused");
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(state(uuid), states::deploy_wait);
    EXPECT_EQ(last_error(uuid), "");
    script.mend("progress");
    script.busy("step deploy.write");
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(eventually([&] { return script.called("step deploy.write"); }));
    ASSERT_TRUE(reaches(uuid, states::deploy_wait));
    script.mend("step deploy.write");
    script.forget_calls();
    EXPECT_EQ(report(uuid, Kind::not_given), 0);
    EXPECT_TRUE(eventually([&] { return script.called("step deploy.write"); }));
    ASSERT_TRUE(reaches(uuid, states::deploy_wait));
    EXPECT_EQ(report(uuid, Kind::succeeded), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
}

TEST_F(Waiting, InMaintenanceReportsAreKeptAndNothingGoesOn) {
    start();
    auto uuid = in_deploy_wait();
    token(uuid);
    EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, true, "fan")), 0);
    EXPECT_EQ(heartbeat(uuid), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_FALSE(script.called("progress"));
    EXPECT_FALSE(node(uuid).driver_internal_info.get_text("agent_url").empty());
    EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, false, {})), 0);
    agent_at_work(uuid, "write");
}

TEST_F(Waiting, WhereNothingIsProvisionedInMaintenanceTheReportEndsTheOperation) {
    options.allow_provisioning_in_maintenance = false;
    start();
    auto deploys = in_deploy_wait(), cleans = in_clean_wait();
    for (const auto& uuid : {deploys, cleans}) {
        token(uuid);
        EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, true, "fan")), 0);
        EXPECT_EQ(heartbeat(uuid), 0);
    }
    EXPECT_TRUE(reaches(deploys, states::deploy_failed));
    EXPECT_TRUE(reaches(cleans, states::clean_failed));
    EXPECT_THAT(last_error(cleans), HasSubstr("maintenance"));
    EXPECT_EQ(node(cleans).maintenance_reason, "fan");
}

TEST_F(Waiting, AHeartbeatWithoutAFreeWorkerIsRefusedAndChangesNothing) {
    options.max_workers = 0;
    make();
    auto uuid = add(states::deploy_wait,
                    [](model::Node& n) { n.driver_internal_info.set("agent_secret_token", "t"); });
    EXPECT_EQ(heartbeat(uuid), 503);
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(Waiting, AnAgentThatNeverReportsFailsTheDeploy) {
    options.deploy_callback_timeout = 1s;
    start();
    auto uuid = add(states::available);
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_EQ(last_error(uuid), "Timeout reached while waiting for callback for node " + uuid);
    EXPECT_EQ(node(uuid).target_provision_state, "active");
    EXPECT_FALSE(node(uuid).maintenance);
    EXPECT_TRUE(script.called("clean_up"));
}

TEST_F(Waiting, AnAgentThatNeverReportsFailsTheClean) {
    options.clean_callback_timeout = 1s;
    start();
    auto uuid = add(states::manageable);
    EXPECT_EQ(verb(uuid, "clean"), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("Timeout reached while cleaning the node"));
    EXPECT_EQ(node(uuid).target_provision_state, "manageable");
    EXPECT_FALSE(node(uuid).maintenance) << "no step was under way";
}

TEST_F(Waiting, AnAgentThatFallsSilentAtAStepPutsTheNodeIntoMaintenance) {
    auto uuid = add(states::clean_wait, [](model::Node& n) {
        n.provision_updated_at = now_seconds() - 10'000s;
        plan_steps(n, StepKind::clean, {step("wipe", 10)});
        begin_step(n, StepKind::clean, 0);
    });
    start();
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_EQ(node(uuid).fault, model::faults::clean_failure);
    EXPECT_TRUE(node(uuid).maintenance);
    EXPECT_EQ(node(uuid).maintenance_reason, node(uuid).last_error);
    EXPECT_TRUE(node(uuid).clean_step.absent());
}

TEST_F(Waiting, EveryWaitStateThatWasFoundAtTheStartEndsInItsTime) {
    options.deploy_callback_timeout = options.clean_callback_timeout =
        options.rescue_callback_timeout = options.inspect_wait_timeout =
            options.service_callback_timeout = 1s;
    auto long_ago = [](model::Node& n) {
        n.provision_updated_at = n.inspection_started_at = now_seconds() - 100s;
    };
    const std::pair<std::string_view, std::string_view> rows[] = {
        {states::deploy_wait, states::deploy_failed},
        {states::clean_wait, states::clean_failed},
        {states::rescue_wait, states::rescue_failed},
        {states::inspect_wait, states::inspect_failed},
        {states::service_wait, states::service_failed},
    };
    std::vector<std::string> uuids, without_interfaces;
    for (auto [wait, end] : rows) {
        uuids.push_back(add(wait, long_ago));
        without_interfaces.push_back(add(wait, [&](model::Node& n) {
            long_ago(n);
            n.power_interface = "gone";
        }));
    }
    auto in_maintenance = add(states::deploy_wait, [&](model::Node& n) {
        long_ago(n);
        n.maintenance = true;
    });
    start();
    for (std::size_t i = 0; i < uuids.size(); ++i) {
        EXPECT_TRUE(reaches(uuids[i], rows[i].second));
        EXPECT_THAT(last_error(uuids[i]), testing::StartsWith("Timeout reached while "));
        EXPECT_TRUE(reaches(without_interfaces[i], rows[i].second));
        EXPECT_FALSE(last_error(without_interfaces[i]).empty());
    }
    EXPECT_EQ(state(in_maintenance), states::deploy_wait);
    EXPECT_EQ(status_of(conductor->set_maintenance({}, in_maintenance, false, {})), 0);
    EXPECT_TRUE(reaches(in_maintenance, states::deploy_failed)) << "its time ran on";
}

TEST_F(Waiting, ATimeOutOfZeroWaitsForEver) {
    options.deploy_callback_timeout = 0s;
    options.clean_callback_timeout = 1s;
    auto patient = add(states::deploy_wait,
                       [](model::Node& n) { n.provision_updated_at = now_seconds() - 10'000s; });
    auto other = add(states::clean_wait,
                     [](model::Node& n) { n.provision_updated_at = now_seconds() - 10'000s; });
    start();
    EXPECT_TRUE(reaches(other, states::clean_failed));
    EXPECT_EQ(state(patient), states::deploy_wait);
}

TEST_F(Waiting, ATimeOutWhileTheNodeIsLockedIsLookedAtAgain) {
    options.deploy_callback_timeout = 1s;
    auto uuid = add(states::deploy_wait,
                    [](model::Node& n) { n.provision_updated_at = now_seconds() - 100s; });
    make();
    change(uuid, [](model::Node& n) { n.reservation = "elsewhere"; });
    start();
    auto other = add(states::available);
    EXPECT_EQ(verb(other, "active"), 0);
    ASSERT_TRUE(reaches(other, states::deploy_failed)) << "the clock is running";
    EXPECT_EQ(state(uuid), states::deploy_wait);
    change(uuid, [](model::Node& n) { n.reservation.reset(); });
    EXPECT_TRUE(reaches(uuid, states::deploy_failed));
}

TEST_F(Waiting, InspectionAndRescueMayWaitToo) {
    options.inspect_wait_timeout = 1s;
    options.rescue_callback_timeout = 1s;
    script.let_wait("inspect");
    script.let_wait("rescue");
    start();
    auto inspected = add(states::manageable), rescued = add(states::active);
    EXPECT_EQ(verb(inspected, "inspect"), 0);
    EXPECT_EQ(verb(rescued, "rescue"), 0);
    EXPECT_TRUE(reaches(inspected, states::inspect_failed));
    EXPECT_TRUE(reaches(rescued, states::rescue_failed));
    EXPECT_FALSE(last_error(inspected).empty());
    EXPECT_EQ(node(rescued).target_provision_state, "rescue");
}

TEST_F(Waiting, AbortEndsAnAbortableStepAtOnce) {
    start();
    auto deploys = in_deploy_wait();
    script.close("clean_up");
    EXPECT_EQ(verb(deploys, "abort"), 0);
    EXPECT_EQ(state(deploys), states::deploy_failed) << "before the rest is done";
    EXPECT_EQ(last_error(deploys),
              "By request, the deploy operation was aborted during or after the completion of step "
              "\"deploy.deploy\"");
    script.open("clean_up");
    ASSERT_TRUE(is_released(deploys));
    EXPECT_EQ(node(deploys).target_provision_state, "active");
    EXPECT_TRUE(node(deploys).deploy_step.absent());

    auto cleans = in_clean_wait();
    EXPECT_EQ(verb(cleans, "abort"), 0);
    ASSERT_TRUE(reaches(cleans, states::clean_failed));
    EXPECT_EQ(last_error(cleans), "By request, the clean operation was aborted");
    EXPECT_FALSE(node(cleans).maintenance);
    EXPECT_TRUE(script.called("tear_down_cleaning"));
    EXPECT_EQ(errors_in_history(), 0) << "an abort by request is no error";
}

TEST_F(Waiting, AbortLetsAStepThatMustNotBeCutOffRunToItsEnd) {
    start();
    auto cleans = agent_at_work(in_clean_wait("clean"), "wipe");
    EXPECT_EQ(verb(cleans, "abort"), 0);
    EXPECT_TRUE(is_released(cleans));
    EXPECT_EQ(state(cleans), states::clean_wait);
    EXPECT_EQ(node(cleans).clean_step.get("abort_after"), Json(true));
    EXPECT_EQ(report(cleans, Kind::running), 0);
    EXPECT_TRUE(is_released(cleans));
    EXPECT_EQ(state(cleans), states::clean_wait);
    EXPECT_EQ(report(cleans, Kind::succeeded), 0);
    ASSERT_TRUE(reaches(cleans, states::clean_failed));
    EXPECT_THAT(last_error(cleans), HasSubstr("\"deploy.wipe\""));
    EXPECT_EQ(node(cleans).target_provision_state, "manageable");
    EXPECT_FALSE(node(cleans).maintenance);
    EXPECT_FALSE(script.called("step deploy.check"));

    script.set_progress({Kind::fresh, ""});
    auto deploys = agent_at_work(in_deploy_wait(), "write");
    EXPECT_EQ(verb(deploys, "abort"), 0);
    EXPECT_EQ(report(deploys, Kind::succeeded), 0);
    ASSERT_TRUE(reaches(deploys, states::deploy_failed));
    EXPECT_THAT(last_error(deploys), HasSubstr("\"deploy.write\""));
}

TEST_F(Waiting, AbortOfInspectionAndRescue) {
    make();
    auto inspects = add(states::inspect_wait);
    EXPECT_EQ(verb(inspects, "abort"), 0);
    EXPECT_EQ(state(inspects), states::inspect_failed);
    EXPECT_EQ(last_error(inspects), "Inspection was aborted by request.");

    auto rescues = add(states::rescue_wait,
                       [](model::Node& n) { n.instance_info.set("rescue_password", "x"); });
    EXPECT_EQ(verb(rescues, "abort"), 0);
    ASSERT_TRUE(reaches(rescues, states::rescue_failed));
    EXPECT_TRUE(node(rescues).instance_info.get("rescue_password").is_null());
    EXPECT_FALSE(node(rescues).maintenance);

    auto worse = add(states::rescue_wait);
    script.fail("rescue clean_up", "stuck");
    EXPECT_EQ(verb(worse, "abort"), 0);
    ASSERT_TRUE(reaches(worse, states::rescue_failed));
    EXPECT_EQ(node(worse).fault, model::faults::rescue_abort_failure);
    EXPECT_TRUE(node(worse).maintenance);
    EXPECT_THAT(last_error(worse), HasSubstr("stuck"));
}

TEST_F(Waiting, DeletedEndsADeployThatWaits) {
    start();
    auto uuid = in_deploy_wait();
    script.set_progress({Kind::fresh, ""});
    change(uuid, [](model::Node& n) { n.automated_clean = false; });
    EXPECT_EQ(verb(uuid, "deleted"), 0);
    ASSERT_TRUE(reaches(uuid, states::available));
    EXPECT_EQ(last_error(uuid), "");
}

}  // namespace
}  // namespace ferrite::conductor
