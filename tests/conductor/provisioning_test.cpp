#include "base/time.h"
#include "conductor/conductor_kit.h"
#include "store/history.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// The verbs from their begin to their end, as a client sees them.
class Provisioning : public ConductorTest {
protected:
    void SetUp() override {
        script.set_steps(StepKind::clean,
                         {{.interface = "deploy", .name = "wipe", .priority = 10}});
        start();
    }
    /// What a client sees of a node that came to rest well.
    void expect_well(const std::string& uuid) {
        auto now = node(uuid);
        EXPECT_FALSE(now.last_error) << *now.last_error;
        EXPECT_FALSE(now.target_provision_state) << *now.target_provision_state;
        EXPECT_FALSE(now.reservation);
        EXPECT_FALSE(now.maintenance);
        EXPECT_TRUE(now.clean_step.absent());
        EXPECT_TRUE(now.deploy_step.absent());
    }
    std::string deployed() {
        return add(states::active, [](model::Node& n) {
            n.power_state = std::string(power::on);
            n.instance_uuid = new_uuid();
            n.instance_name = "web-1";
            n.instance_info.set("image_source", "http://192.0.2.1/disk.raw");
        });
    }
};

TEST_F(Provisioning, ManageLearnsThePowerState) {
    auto uuid = add(states::enroll, [](model::Node& n) { n.last_error = "older"; });
    script.set_power(uuid, std::string(power::on));
    EXPECT_EQ(verb(uuid, "manage"), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    expect_well(uuid);
    EXPECT_EQ(node(uuid).power_state, power::on);
}

TEST_F(Provisioning, ManageOfASilentBmcGoesBackToEnroll) {
    auto uuid = add(states::enroll);
    script.fail("power?", "no answer from 192.0.2.7");
    EXPECT_EQ(verb(uuid, "manage"), 0);
    ASSERT_TRUE(reaches(uuid, states::enroll));
    EXPECT_EQ(last_error(uuid),
              "Failed to get the power state of node " + uuid + ": no answer from 192.0.2.7");
    EXPECT_FALSE(node(uuid).target_provision_state);
}

TEST_F(Provisioning, ManageOfARestingNodeIsDoneAtOnceAndKeepsMaintenance) {
    for (auto from :
         {states::available, states::clean_failed, states::inspect_failed, states::adopt_failed}) {
        auto uuid = add(from, [](model::Node& n) {
            n.maintenance = true;
            n.fault = std::string(model::faults::clean_failure);
            n.last_error = "why";
            n.target_provision_state = "available";
        });
        EXPECT_EQ(verb(uuid, "manage"), 0);
        EXPECT_EQ(state(uuid), states::manageable);
        EXPECT_FALSE(node(uuid).target_provision_state);
        EXPECT_TRUE(node(uuid).maintenance);
        EXPECT_EQ(node(uuid).fault, model::faults::clean_failure);
        EXPECT_EQ(last_error(uuid), "why");
    }
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(Provisioning, ProvideCleansAndMakesAvailable) {
    auto uuid = add(states::manageable);
    script.close("step deploy.wipe");
    EXPECT_EQ(verb(uuid, "provide"), 0);
    ASSERT_TRUE(eventually([&] { return script.called("step deploy.wipe"); }));
    auto busy = node(uuid);
    EXPECT_EQ(busy.provision_state, states::cleaning);
    EXPECT_EQ(busy.target_provision_state, "available");
    EXPECT_EQ(busy.reservation, "here");
    EXPECT_EQ(busy.clean_step.get_text("step"), "wipe");
    EXPECT_EQ(busy.driver_internal_info.get("clean_step_index"), Json(0));
    script.open("step deploy.wipe");
    ASSERT_TRUE(reaches(uuid, states::available));
    expect_well(uuid);
    EXPECT_THAT(script.calls(),
                ElementsAre("prepare_cleaning", "step deploy.wipe", "tear_down_cleaning"));
}

TEST_F(Provisioning, ProvideWithoutAutomatedCleanSkipsIt) {
    auto uuid = add(states::manageable, [](model::Node& n) { n.automated_clean = false; });
    EXPECT_EQ(verb(uuid, "provide"), 0);
    ASSERT_TRUE(reaches(uuid, states::available));
    expect_well(uuid);
    EXPECT_TRUE(script.calls().empty());
}

TEST_F(Provisioning, AFailedCleanStepPutsTheNodeIntoMaintenance) {
    auto uuid = add(states::manageable);
    script.fail("step deploy.wipe", "the disk is on fire");
    EXPECT_EQ(verb(uuid, "provide"), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    auto now = node(uuid);
    EXPECT_EQ(now.last_error, "Clean step deploy.wipe failed: the disk is on fire");
    EXPECT_EQ(now.maintenance_reason, now.last_error);
    EXPECT_EQ(now.fault, model::faults::clean_failure);
    EXPECT_TRUE(now.maintenance);
    EXPECT_EQ(now.target_provision_state, "available");
    EXPECT_TRUE(now.clean_step.absent());
    EXPECT_TRUE(script.called("tear_down_cleaning"));
}

TEST_F(Provisioning, ACleanThatFailsBeforeItsFirstStepLeavesMaintenanceAlone) {
    auto uuid = add(states::manageable);
    script.fail("prepare_cleaning", "no network");
    EXPECT_EQ(verb(uuid, "provide"), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_EQ(last_error(uuid), "no network");
    EXPECT_FALSE(node(uuid).maintenance);
    EXPECT_FALSE(node(uuid).fault);
}

TEST_F(Provisioning, AFailureOnTopOfAFailureIsTold) {
    auto uuid = add(states::manageable);
    script.fail("step deploy.wipe", "fire");
    script.fail("tear_down_cleaning", "flood");
    EXPECT_EQ(verb(uuid, "provide"), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("fire"));
    EXPECT_THAT(last_error(uuid), HasSubstr("Also failed to tear down cleaning: flood"));
}

TEST_F(Provisioning, ManualCleanEndsInManageable) {
    auto uuid = add(states::manageable);
    EXPECT_EQ(verb(uuid, "clean"), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    expect_well(uuid);
    EXPECT_TRUE(script.called("step deploy.wipe"));
}

TEST_F(Provisioning, AFailedManualCleanStillAimsAtManageable) {
    auto uuid = add(states::manageable);
    script.fail("step deploy.wipe", "fire");
    EXPECT_EQ(verb(uuid, "clean"), 0);
    ASSERT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_EQ(node(uuid).target_provision_state, "manageable");
}

TEST_F(Provisioning, ARetiredNodeIsNotMadeAvailableByItsTearDown) {
    auto uuid = deployed();
    change(uuid, [](model::Node& n) { n.retired = true; });
    EXPECT_EQ(verb(uuid, "deleted"), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    expect_well(uuid);
}

TEST_F(Provisioning, DeployRunsItsStepsAndBecomesActive) {
    auto uuid = add(states::available, [](model::Node& n) {
        n.instance_info.set("image_source", "http://192.0.2.1/disk.raw");
        n.last_error = "older";
    });
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    expect_well(uuid);
    auto now = node(uuid);
    EXPECT_EQ(now.conductor_affinity, "here");
    EXPECT_EQ(now.driver_internal_info.get("is_whole_disk_image"), Json(true));
    EXPECT_EQ(now.driver_internal_info.get("deploy_steps"), Json());
    EXPECT_THAT(script.calls(), ElementsAre("prepare", "step deploy.deploy"));
}

TEST_F(Provisioning, TheConfigDriveIsKeptWithTheInstance) {
    auto uuid = add(states::available);
    ProvisionRequest request;
    request.verb = "active";
    request.configdrive = Json{{"user_data", "hello"}};
    EXPECT_EQ(status_of(provision(uuid, request)), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    EXPECT_EQ(node(uuid).instance_info.get("configdrive"), request.configdrive);
}

TEST_F(Provisioning, AFailedDeployTakesBackWhatItDid) {
    auto uuid = add(states::available, [](model::Node& n) {
        n.power_state = std::string(power::on);
        n.instance_info.set("image_source", "http://192.0.2.1/disk.raw");
    });
    script.set_power(uuid, std::string(power::on));
    script.fail("step deploy.deploy", "no such image");
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    auto now = node(uuid);
    EXPECT_EQ(now.last_error, "Deploy step deploy.deploy failed: no such image");
    EXPECT_EQ(now.target_provision_state, "active");
    EXPECT_EQ(now.instance_info.get_text("image_source"), "http://192.0.2.1/disk.raw");
    EXPECT_TRUE(now.deploy_step.absent());
    EXPECT_FALSE(now.maintenance);
    EXPECT_EQ(now.power_state, power::off);
    EXPECT_TRUE(script.called("clean_up"));
    EXPECT_TRUE(script.called("power off"));
}

TEST_F(Provisioning, ADeployWhosePreparationFailsIsADeployFailed) {
    auto uuid = add(states::available);
    script.fail("prepare", "HTTP status 404");
    script.fail("clean_up", "twice");
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_EQ(last_error(uuid), "HTTP status 404 Also failed to clean up: twice");
}

TEST_F(Provisioning, WhatIsNoErrorOfOursFailsTheOperationToo) {
    auto uuid = add(states::available);
    script.surprise("prepare", "std::filesystem: no space left");
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_EQ(last_error(uuid), "std::filesystem: no space left");

    auto other = add(states::manageable);
    script.surprise("step deploy.wipe", "bad allocation");
    EXPECT_EQ(verb(other, "provide"), 0);
    ASSERT_TRUE(reaches(other, states::clean_failed));
    EXPECT_EQ(last_error(other), "Clean step deploy.wipe failed: bad allocation");
}

TEST_F(Provisioning, ADeployWithoutStepsFails) {
    script.set_steps(StepKind::deploy, {});
    auto uuid = add(states::available);
    EXPECT_EQ(verb(uuid, "active"), 0);
    ASSERT_TRUE(reaches(uuid, states::deploy_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("no deploy steps"));
}

TEST_F(Provisioning, RebuildWorksFromEveryStateThatAllowsIt) {
    for (auto from : {states::active, states::deploy_failed, states::error}) {
        auto uuid = add(from, [](model::Node& n) { n.last_error = "older"; });
        EXPECT_EQ(verb(uuid, "rebuild"), 0);
        ASSERT_TRUE(reaches(uuid, states::active));
        expect_well(uuid);
    }
}

TEST_F(Provisioning, TearDownForgetsTheInstanceAndCleans) {
    auto uuid = deployed();
    script.set_power(uuid, std::string(power::on));
    change(uuid, [](model::Node& n) {
        n.driver_internal_info.set("is_whole_disk_image", true);
        n.driver_internal_info.set("prepared_image", "x");
        n.driver_internal_info.set("automatic_lessee", true);
        n.lessee = "somebody";
        n.allocation_uuid = new_uuid();
    });
    EXPECT_EQ(verb(uuid, "deleted"), 0);
    ASSERT_TRUE(reaches(uuid, states::available));
    expect_well(uuid);
    auto now = node(uuid);
    EXPECT_TRUE(now.instance_info.absent());
    EXPECT_FALSE(now.instance_uuid);
    EXPECT_FALSE(now.instance_name);
    EXPECT_FALSE(now.allocation_uuid);
    EXPECT_FALSE(now.lessee);
    EXPECT_TRUE(now.driver_internal_info.get("prepared_image").is_null());
    EXPECT_THAT(script.calls(),
                ElementsAre("rescue clean_up", "clean_up", "tear_down", "prepare_cleaning",
                            "step deploy.wipe", "tear_down_cleaning"));
}

TEST_F(Provisioning, ATearDownThatFailsEndsInErrorWithoutTheInstance) {
    auto uuid = deployed();
    script.fail("tear_down", "it will not die");
    EXPECT_EQ(verb(uuid, "deleted"), 0);
    ASSERT_TRUE(reaches(uuid, states::error));
    auto now = node(uuid);
    EXPECT_THAT(*now.last_error, HasSubstr("it will not die"));
    EXPECT_TRUE(now.instance_info.absent());
    EXPECT_FALSE(now.instance_uuid);
    EXPECT_FALSE(now.target_provision_state);
    EXPECT_EQ(verb(uuid, "rebuild"), 0) << "error is left by rebuild or deleted";
}

TEST_F(Provisioning, AdoptTakesOver) {
    auto uuid = add(states::manageable);
    EXPECT_EQ(verb(uuid, "adopt"), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    expect_well(uuid);
    EXPECT_EQ(node(uuid).conductor_affinity, "here");

    auto bad =
        add(states::manageable, [](model::Node& n) { n.power_state = std::string(power::on); });
    script.fail("prepare", "no ports");
    EXPECT_EQ(verb(bad, "adopt"), 0);
    ASSERT_TRUE(reaches(bad, states::adopt_failed));
    EXPECT_EQ(last_error(bad), "Error while attempting to adopt node " + bad + ": no ports");
    EXPECT_EQ(node(bad).target_provision_state, "active");
    EXPECT_FALSE(node(bad).power_state);
    script.mend("prepare");
    EXPECT_EQ(verb(bad, "adopt"), 0);
    ASSERT_TRUE(reaches(bad, states::active));
    expect_well(bad);
}

TEST_F(Provisioning, InspectStampsItsTimes) {
    auto uuid = add(states::manageable);
    EXPECT_EQ(verb(uuid, "inspect"), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable));
    expect_well(uuid);
    EXPECT_TRUE(node(uuid).inspection_finished_at);
    EXPECT_FALSE(node(uuid).inspection_started_at);

    script.fail("inspect", "cannot see");
    EXPECT_EQ(verb(uuid, "inspect"), 0);
    ASSERT_TRUE(reaches(uuid, states::inspect_failed));
    EXPECT_EQ(last_error(uuid), "cannot see");
    EXPECT_EQ(node(uuid).target_provision_state, "manageable");
    EXPECT_FALSE(node(uuid).inspection_started_at);
}

TEST_F(Provisioning, RescueAndBackLeaveNoPasswordBehind) {
    auto uuid = deployed();
    script.close("rescue");
    EXPECT_EQ(verb(uuid, "rescue"), 0);
    ASSERT_TRUE(eventually([&] { return script.called("rescue"); }));
    EXPECT_EQ(node(uuid).instance_info.get_text("rescue_password"), "secret");
    EXPECT_THAT(node(uuid).instance_info.get_text("hashed_rescue_password"), StartsWith("$5$"));
    script.open("rescue");
    ASSERT_TRUE(reaches(uuid, states::rescue));
    expect_well(uuid);
    EXPECT_EQ(verb(uuid, "unrescue"), 0);
    ASSERT_TRUE(reaches(uuid, states::active));
    expect_well(uuid);
    EXPECT_TRUE(node(uuid).instance_info.get("rescue_password").is_null());
    EXPECT_TRUE(node(uuid).instance_info.get("hashed_rescue_password").is_null());
}

TEST_F(Provisioning, FailedRescuesSayWhy) {
    auto uuid = deployed();
    script.fail("rescue", "no way in");
    EXPECT_EQ(verb(uuid, "rescue"), 0);
    ASSERT_TRUE(reaches(uuid, states::rescue_failed));
    EXPECT_EQ(last_error(uuid), "no way in");
    EXPECT_EQ(node(uuid).target_provision_state, "rescue");
    script.fail("unrescue", "no way out");
    EXPECT_EQ(verb(uuid, "unrescue"), 0);
    ASSERT_TRUE(reaches(uuid, states::unrescue_failed));
    EXPECT_EQ(last_error(uuid), "no way out");
}

TEST_F(Provisioning, ErrorsAreKeptInTheHistory) {
    auto uuid = add(states::enroll);
    script.fail("power?", "silence");
    EXPECT_EQ(verb(uuid, "manage"), 0);
    ASSERT_TRUE(reaches(uuid, states::enroll));
    EXPECT_EQ(errors_in_history(), 1);
}

TEST_F(Provisioning, ALongErrorIsCutBetweenItsCharacters) {
    auto uuid = add(states::enroll);
    std::string euros;
    while (euros.size() < 2 * options.max_error_length) euros += "€";
    script.fail("power?", euros);
    EXPECT_EQ(verb(uuid, "manage"), 0);
    ASSERT_TRUE(reaches(uuid, states::enroll));
    auto text = last_error(uuid);
    EXPECT_LE(text.size(), options.max_error_length);
    EXPECT_GT(text.size(), options.max_error_length - 4);
    EXPECT_TRUE(text.ends_with("€"));
}

}  // namespace
}  // namespace ferrite::conductor
