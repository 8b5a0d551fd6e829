#include "hardware/direct_deploy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/fake_agent.h"
#include "hardware/machine.h"
#include "hardware/node_fixture.h"
#include "image/image_fixture.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace states = model::states;
namespace power = model::power;
using namespace std::chrono_literals;
using test::LoggedBoot;
using test::Machine;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = AgentProgress::Kind;

class DirectDeployTest : public image::ImageTest {
protected:
    DirectDeployTest() {
        agent_.introduce(node_.node);
        node_.driver.power = &machine_;
        node_.driver.boot = &boot_;
        node_.node.provision_state = std::string(states::deploying);
        node_.node.power_state = std::string(power::on);
        node_.ports.push_back({.uuid = "p", .address = "52:54:00:00:00:01"});
        server_.put("disk.raw", {.body = content_});
        node_.node.instance_info.set("image_source", Json(server_.url("disk.raw")));
        node_.node.instance_info.set("image_os_hash_algo", "sha256");
        node_.node.instance_info.set("image_os_hash_value", Json(image::sum_of(content_).value));
    }

    static DirectDeploy::Options quick() {
        DirectDeploy::Options options;
        options.soft_stop_limit = 0s;
        options.poll_interval = 1ms;
        options.erase_devices_priority = 0;
        options.erase_settings = {{"agent_erase_devices_iterations", 2}};
        return options;
    }
    StepOutcome run(StepKind kind, Step step) {
        return await(deploy_.run_step(&node_, kind, std::move(step)));
    }
    StepOutcome run(const char* name) {
        return run(StepKind::deploy, {.interface = "deploy", .name = name});
    }
    /// What progress() makes of the agent while the node is at that step.
    Kind progress(StepKind kind, const char* interface, const char* name) {
        Step step{.interface = interface, .name = name};
        auto text = *name ? model::JsonText(Json(to_json(step))) : model::JsonText();
        (kind == StepKind::clean ? node_.node.clean_step : node_.node.deploy_step) = text;
        auto answer = await(deploy_.progress(&node_, kind));
        error_ = answer.error;
        return answer.kind;
    }
    static Json done(const char* kind, const char* name) {
        return Json{{std::string(kind) + "_step",
                     {{"interface", "deploy"}, {"step", name}, {"priority", 1}}}};
    }
    void start(const char* command) {
        await([](AgentClient* client, const model::Node* node, std::string name) -> Task<> {
            co_await client->start(node, name, {});
        }(&client_of_agent_, &node_.node, command));
    }

    std::string content_ = image::noise(300'000);
    test::FakeAgent agent_{runtime_};
    AgentClient client_of_agent_{client_, {.timeout = 10s, .retry_interval = 1ms}};
    image::ImageCache cache_{client_, {.directory = scratch_ / "masters"}};
    InstanceImages images_{
        client_, cache_, {.directory = scratch_ / "images", .url = "http://10.0.0.1/images"}};
    DirectDeploy deploy_{client_of_agent_, images_, quick()};
    Machine machine_;
    LoggedBoot boot_{machine_};
    test::LooseNode node_{"ipmi"};
    std::string error_;
};

TEST_F(DirectDeployTest, ReadsTheAgentsAnswersWhileItWorksOnAStep) {
    auto write = [&] { return progress(StepKind::deploy, "deploy", "write_image"); };
    EXPECT_EQ(write(), Kind::lost) << "it was never given";
    agent_.ends("deploy.get_deploy_steps", "SUCCEEDED");
    start("deploy.get_deploy_steps");
    EXPECT_EQ(write(), Kind::lost) << "questions do not count";
    start("deploy.execute_deploy_step");
    EXPECT_EQ(write(), Kind::running);
    agent_.end_last("SUCCEEDED", done("deploy", "write_image"));
    EXPECT_EQ(write(), Kind::succeeded);
    agent_.end_last("SUCCEEDED", done("deploy", "something_else"));
    EXPECT_EQ(write(), Kind::lost) << "the one before it is all that the agent was given";
    agent_.end_last("FAILED", nullptr, Json{{"details", "checksum is wrong"}});
    EXPECT_EQ(write(), Kind::failed);
    EXPECT_EQ(error_, "checksum is wrong");
    for (const char* status : {"VERSION_MISMATCH", "CLEAN_VERSION_MISMATCH"}) {
        agent_.end_last(status);
        EXPECT_EQ(write(), Kind::version_mismatch);
    }
    agent_.end_last("SUCCEEDED", "nonsense");
    EXPECT_EQ(write(), Kind::lost);
    agent_.ends("standby.sync", "SUCCEEDED");
    start("standby.sync");
    EXPECT_EQ(write(), Kind::running) << "something else is going on";
}

TEST_F(DirectDeployTest, ReadsTheAnswersForCleanStepsToo) {
    auto wipe = [&] { return progress(StepKind::clean, "deploy", "erase_devices"); };
    EXPECT_EQ(progress(StepKind::clean, "", ""), Kind::fresh);
    EXPECT_EQ(wipe(), Kind::lost);
    start("clean.execute_clean_step");
    EXPECT_EQ(wipe(), Kind::running);
    agent_.end_last("SUCCEEDED", done("clean", "erase_devices"));
    EXPECT_EQ(wipe(), Kind::succeeded);
}

TEST_F(DirectDeployTest, KnowsWhichStepsAreNoneOfTheAgents) {
    EXPECT_EQ(progress(StepKind::deploy, "deploy", "deploy"), Kind::fresh);
    start("deploy.execute_deploy_step");
    EXPECT_EQ(progress(StepKind::deploy, "deploy", "deploy"), Kind::running)
        << "left over from before the reboot";
    auto asked = agent_.requests().size();
    for (const char* own : {"prepare_instance_boot", "tear_down_agent", "boot_instance"})
        EXPECT_EQ(progress(StepKind::deploy, "deploy", own), Kind::not_given);
    EXPECT_EQ(progress(StepKind::clean, "vendor", "send_raw"), Kind::not_given);
    EXPECT_EQ(progress(StepKind::deploy, "vendor", "send_raw"), Kind::not_given);
    EXPECT_EQ(agent_.requests().size(), asked) << "nobody needed to ask";
}

TEST_F(DirectDeployTest, OffersItsOwnStepsAndThoseOfTheAgent) {
    agent_.ends("deploy.get_deploy_steps", "SUCCEEDED",
                Json{{"hardware_manager_version", {{"generic", "1"}}},
                     {"deploy_steps",
                      {{"GenericHardwareManager",
                        JsonArray{Json{{"interface", "deploy"}, {"step", "write_image"}},
                                  Json{{"interface", "deploy"},
                                       {"step", "inject_files"},
                                       {"priority", 45},
                                       {"argsinfo", {{"files", {{"required", true}}}}}}}},
                       {"Broken", "nothing"}}}});
    EXPECT_EQ(deploy_.steps(node_, StepKind::deploy).size(), 6U);
    EXPECT_TRUE(deploy_.steps(node_, StepKind::deploy)[0].abortable) << "waiting for the boot";
    await(deploy_.refresh_steps(&node_, StepKind::deploy));
    auto steps = deploy_.steps(node_, StepKind::deploy);
    ASSERT_EQ(steps.size(), 7U) << "its write_image is the conductor's";
    EXPECT_EQ(steps[6].id(), "deploy.inject_files");
    EXPECT_EQ(steps[6].priority, 45);
    EXPECT_EQ(node_.node.driver_internal_info.get("hardware_manager_version"),
              (Json{{"generic", "1"}}));
    EXPECT_EQ(agent_.params("deploy.get_deploy_steps").at("ports").at(0).at("address"),
              "52:54:00:00:00:01");
}

TEST_F(DirectDeployTest, CleanStepsHaveThePrioritiesThatAreConfigured) {
    agent_.ends(
        "clean.get_clean_steps", "SUCCEEDED",
        Json{
            {"clean_steps",
             {{"Generic",
               JsonArray{Json{{"interface", "deploy"}, {"step", "erase_devices"}, {"priority", 10}},
                         Json{{"interface", "deploy"},
                              {"step", "erase_devices_metadata"},
                              {"priority", 99}}}}}}});
    await(deploy_.refresh_steps(&node_, StepKind::clean));
    auto steps = deploy_.steps(node_, StepKind::clean);
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].priority, 0);
    EXPECT_EQ(steps[1].priority, 99);
}

TEST_F(DirectDeployTest, PreparesImageAndRamdisk) {
    await(deploy_.prepare(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("power off", "prepare ramdisk"));
    EXPECT_EQ(node_.node.instance_info.get_text("image_url"), server_.url("disk.raw"));
    EXPECT_TRUE(node_.node.driver_internal_info.get("agent_url").is_null());
}

TEST_F(DirectDeployTest, BootsTheAgentAgainAfterAnEarlierBootUsedUpTheOrder) {
    EXPECT_EQ(run("deploy"), StepOutcome::wait);
    EXPECT_EQ(run("deploy"), StepOutcome::wait);
    EXPECT_THAT(machine_.log, ElementsAre("power off", "prepare ramdisk", "power on", "power off",
                                          "prepare ramdisk", "power on"));
}

TEST_F(DirectDeployTest, TouchesNoRunningInstance) {
    node_.node.provision_state = std::string(states::adopting);
    await(deploy_.prepare(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("prepare instance"));
}

TEST_F(DirectDeployTest, GivesTheImageToTheAgent) {
    node_.node.instance_info.set("configdrive", "http://192.0.2.1/drive");
    await(deploy_.prepare(&node_));
    agent_.introduce(node_.node);
    EXPECT_EQ(run("write_image"), StepOutcome::wait);
    auto step = agent_.params("deploy.execute_deploy_step").at("step");
    EXPECT_EQ(step.at("step"), "write_image");
    EXPECT_EQ(step.at("interface"), "deploy");
    const auto& info = step.at("args").at("image_info");
    EXPECT_EQ(info.at("urls").at(0), Json(server_.url("disk.raw")));
    EXPECT_EQ(info.at("id"), "disk.raw");
    EXPECT_EQ(info.at("os_hash_algo"), "sha256");
    EXPECT_EQ(info.at("os_hash_value"), Json(image::sum_of(content_).value));
    EXPECT_EQ(info.at("disk_format"), "raw");
    EXPECT_EQ(info.at("node_uuid"), Json(node_.node.uuid));
    EXPECT_EQ(step.at("args").at("configdrive"), "http://192.0.2.1/drive");
    EXPECT_EQ(agent_.params("deploy.execute_deploy_step").at("node").at("uuid"),
              Json(node_.node.uuid));
}

TEST_F(DirectDeployTest, GivesOtherStepsToTheAgentAsTheyAre) {
    Step erase{.interface = "deploy", .name = "erase_devices", .args = {{"x", 1}}};
    EXPECT_EQ(run(StepKind::clean, erase), StepOutcome::wait);
    EXPECT_EQ(agent_.params("clean.execute_clean_step").at("step").at("args"), (Json{{"x", 1}}));
    EXPECT_EQ(agent_.params("clean.execute_clean_step").at("clean_version"), Json());
}

TEST_F(DirectDeployTest, InstallsABootLoaderUnderUefiOnly) {
    agent_.ends("image.install_bootloader", "SUCCEEDED");
    EXPECT_EQ(run("prepare_instance_boot"), StepOutcome::done);
    EXPECT_EQ(agent_.params("image.install_bootloader").at("target_boot_mode"), "uefi");
    EXPECT_THAT(machine_.log, ElementsAre("prepare instance"));
    node_.node.properties.set("capabilities", "boot_mode:bios");
    EXPECT_EQ(run("prepare_instance_boot"), StepOutcome::done);
    EXPECT_EQ(agent_.given().size(), 1U);
    node_.node.properties.set("capabilities", "boot_mode:uefi");
    agent_.ends("image.install_bootloader", "FAILED", nullptr, Json{{"details", "no ESP"}});
    EXPECT_THAT(image::error_of([&] { run("prepare_instance_boot"); }), HasSubstr("no ESP"));
}

TEST_F(DirectDeployTest, SwitchesTheAgentOffAndTheInstanceOn) {
    agent_.ends("standby.power_off", "SUCCEEDED");
    EXPECT_EQ(run("tear_down_agent"), StepOutcome::done);
    EXPECT_THAT(agent_.given(), ElementsAre("standby.power_off"));
    EXPECT_THAT(machine_.log, ElementsAre("power off")) << "it did not go by itself in time";
    EXPECT_TRUE(node_.node.driver_internal_info.get("agent_url").is_null());
    EXPECT_EQ(run("switch_to_tenant_network"), StepOutcome::done);
    EXPECT_EQ(run("boot_instance"), StepOutcome::done);
    EXPECT_EQ(machine_.present, power::on);
    EXPECT_EQ(run("tear_down_agent"), StepOutcome::done) << "an agent that is gone is as good";
    EXPECT_EQ(machine_.present, power::off);
}

TEST_F(DirectDeployTest, NeverSwitchesOffWhatMustStayOn) {
    node_.node.disable_power_off = true;
    agent_.ends("system.lockdown", "SUCCEEDED");
    await(deploy_.prepare(&node_));
    agent_.introduce(node_.node);
    run("deploy");
    agent_.introduce(node_.node);
    run("tear_down_agent");
    run("boot_instance");
    await(deploy_.tear_down(&node_));
    EXPECT_EQ(await(deploy_.prepare_cleaning(&node_)), StepOutcome::wait);
    await(deploy_.tear_down_cleaning(&node_));
    EXPECT_THAT(agent_.given(), ElementsAre("system.lockdown"));
    EXPECT_THAT(machine_.log, testing::Not(testing::Contains("power off")));
    EXPECT_EQ(std::ranges::count(machine_.log, "reboot"), 3);
}

TEST_F(DirectDeployTest, BootsTheAgentToClean) {
    node_.node.provision_state = std::string(states::cleaning);
    EXPECT_EQ(await(deploy_.prepare_cleaning(&node_)), StepOutcome::wait);
    EXPECT_THAT(machine_.log, ElementsAre("power off", "prepare ramdisk", "power on"));
    EXPECT_EQ(node_.node.driver_internal_info.get("agent_erase_devices_iterations"), Json(2));
    machine_.log.clear();
    await(deploy_.tear_down_cleaning(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("power off", "clean up ramdisk"));
    machine_.log.clear();
    machine_.present = std::string(power::on);
    node_.node.fault = std::string(model::faults::clean_failure);
    await(deploy_.tear_down_cleaning(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("clean up ramdisk")) << "left on for whoever looks";
}

TEST_F(DirectDeployTest, BootsTheAgentToServiceAndTheInstanceAfterwards) {
    node_.node.provision_state = std::string(states::servicing);
    EXPECT_EQ(await(deploy_.prepare_service(&node_)), StepOutcome::wait);
    EXPECT_THAT(machine_.log,
                ElementsAre("power off", "clean up instance", "prepare ramdisk", "power on"));
    machine_.log.clear();
    await(deploy_.tear_down_service(&node_));
    EXPECT_THAT(machine_.log,
                ElementsAre("power off", "clean up ramdisk", "prepare instance", "power on"));
    machine_.log.clear();
    node_.node.fault = std::string(model::faults::service_failure);
    await(deploy_.tear_down_service(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("clean up ramdisk")) << "left on for whoever looks";
    node_.node.fault.reset();
    node_.node.disable_power_off = true;
    machine_.log.clear();
    EXPECT_EQ(await(deploy_.prepare_service(&node_)), StepOutcome::wait);
    await(deploy_.tear_down_service(&node_));
    EXPECT_THAT(machine_.log, testing::Not(testing::Contains("power off")));
}

TEST_F(DirectDeployTest, TakesBackWhatItPrepared) {
    image::write_file(scratch_ / "images" / node_.node.uuid, "x");
    await(deploy_.clean_up(&node_));
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "images" / node_.node.uuid));
    await(deploy_.tear_down(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("clean up ramdisk", "clean up instance", "power off"));
}

TEST_F(DirectDeployTest, ValidatesCapabilitiesByName) {
    EXPECT_NO_THROW(deploy_.validate(node_));
    for (const char* bad : {"boot_mode:legacy", "secure_boot:maybe", "disk_label:mbr"}) {
        node_.node.properties.set("capabilities", bad);
        auto name = std::string(bad).substr(0, std::string(bad).find(':'));
        EXPECT_THAT(image::error_of([&] { deploy_.validate(node_); }), HasSubstr(name));
    }
    node_.node.properties = {};
    node_.node.instance_info.set("capabilities", Json{{"boot_mode", "floppy"}});
    EXPECT_THAT(image::error_of([&] { deploy_.validate(node_); }), HasSubstr("floppy"));
}

}  // namespace
}  // namespace ferrite::hardware
