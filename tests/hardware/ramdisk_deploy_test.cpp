#include "hardware/ramdisk_deploy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/fake_agent.h"
#include "hardware/machine.h"
#include "hardware/node_fixture.h"
#include "image/image_fixture.h"

namespace ferrite::hardware {
namespace {

namespace states = model::states;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class RamdiskDeployTest : public image::ImageTest {
protected:
    RamdiskDeployTest() {
        agent_.introduce(node_.node);
        node_.driver.power = &machine_;
        node_.driver.boot = &boot_;
        node_.node.boot_interface = "ipxe";
        node_.node.provision_state = std::string(states::deploying);
        node_.node.power_state = std::string(model::power::on);
        boot_.user_ramdisks = true;
    }
    std::string refusal() {
        try {
            deploy_.validate(node_);
        } catch (const Error& error) {
            EXPECT_EQ(error.http_status(), 400);
            return error.message();
        }
        return {};
    }

    test::FakeAgent agent_{runtime_};
    AgentClient client_of_agent_{client_, {.timeout = 10s, .retry_interval = 1ms}};
    RamdiskDeploy deploy_{client_of_agent_, {}};
    test::Machine machine_;
    test::LoggedBoot boot_{machine_};
    test::LooseNode node_{"ipmi"};
};

TEST_F(RamdiskDeployTest, StartsTheMachineAndIsDone) {
    auto steps = deploy_.steps(node_, StepKind::deploy);
    ASSERT_EQ(steps.size(), 1u);
    EXPECT_EQ(steps[0].id(), "deploy.deploy");
    EXPECT_EQ(steps[0].priority, 100);
    await(deploy_.prepare(&node_));
    EXPECT_TRUE(machine_.log.empty()) << "no agent is booted";
    EXPECT_EQ(await(deploy_.run_step(&node_, StepKind::deploy, steps[0])), StepOutcome::done);
    EXPECT_THAT(machine_.log, ElementsAre("power off", "prepare instance", "power on"));
    EXPECT_TRUE(agent_.requests().empty());
}

TEST_F(RamdiskDeployTest, RestartsAMachineThatMustStayOn) {
    node_.node.disable_power_off = true;
    await(deploy_.run_step(&node_, StepKind::deploy,
                           {.interface = "deploy", .name = "deploy", .priority = 100}));
    EXPECT_THAT(machine_.log, ElementsAre("prepare instance", "reboot"));
}

TEST_F(RamdiskDeployTest, IsTakenBackAndTornDown) {
    await(deploy_.clean_up(&node_));
    await(deploy_.tear_down(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("clean up ramdisk", "clean up instance", "power off"));
}

TEST_F(RamdiskDeployTest, CleansWithTheAgent) {
    node_.node.provision_state = std::string(states::cleaning);
    EXPECT_EQ(await(deploy_.prepare_cleaning(&node_)), StepOutcome::wait);
    EXPECT_THAT(machine_.log, ElementsAre("power off", "prepare ramdisk", "power on"));
}

TEST_F(RamdiskDeployTest, IsTakenOverByBootingWhatItRan) {
    node_.node.provision_state = std::string(states::active);
    await(deploy_.prepare(&node_));
    EXPECT_THAT(machine_.log, ElementsAre("prepare instance"));
}

TEST_F(RamdiskDeployTest, SaysWhatItCanNotDo) {
    EXPECT_EQ(refusal(), "");
    node_.node.instance_info.set("configdrive", "H4sI");
    EXPECT_THAT(refusal(), HasSubstr("config drive"));
    node_.node.instance_info = {};
    node_.node.properties.set("capabilities", "boot_mode:dos");
    EXPECT_THAT(refusal(), HasSubstr("boot_mode"));
    boot_.user_ramdisks = false;
    EXPECT_THAT(refusal(), HasSubstr("boot_interface ipxe"));
}

}  // namespace
}  // namespace ferrite::hardware
