#include "hardware/agent_inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime.h"
#include "hardware/fake.h"
#include "hardware/node_fixture.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Power, boot and management that write down what they are told.
class Recorder : public PowerInterface, public BootInterface {
public:
    explicit Recorder(std::vector<std::string>& calls) : calls_(calls) {}
    void validate(const NodeContext&) const override {
        if (cannot_boot) throw InvalidValue("There is no kernel.");
    }
    Task<std::optional<std::string>> power_state(NodeContext* context) override {
        co_return context->node.power_state;
    }
    Task<> set_power_state(NodeContext*, std::string target, std::chrono::seconds) override {
        calls_.push_back(target);
        co_return;
    }
    Task<> reboot(NodeContext*, bool, std::chrono::seconds) override {
        calls_.push_back("reboot");
        co_return;
    }
    Task<> prepare_ramdisk(NodeContext*) override {
        calls_.push_back("prepare");
        co_return;
    }
    Task<> clean_up_ramdisk(NodeContext*) override {
        calls_.push_back("clean up");
        co_return;
    }
    Task<> prepare_instance(NodeContext*) override { co_return; }
    Task<> clean_up_instance(NodeContext*) override { co_return; }

    bool cannot_boot = false;

private:
    std::vector<std::string>& calls_;
};

class AgentInspectTest : public testing::Test {
protected:
    AgentInspectTest() {
        node_.driver.power = &recorder_;
        node_.driver.boot = &recorder_;
        node_.driver.management = &management_;
        node_.node.power_state = "power on";
    }
    void inspect() { runtime_.run(keep(AgentInspect(options_).inspect(&node_))); }
    void clean_up() {
        AgentInspect inspector(options_);
        runtime_.run(inspector.clean_up(&node_));
    }
    static Task<> keep(Task<StepOutcome> task) {
        EXPECT_EQ(co_await std::move(task), StepOutcome::wait);
    }

    Runtime runtime_{{.threads = 1, .name = "inspect"}};
    std::vector<std::string> calls_;
    Recorder recorder_{calls_};
    FakeManagement management_{FakeDelays{}};
    AgentInspect::Options options_;
    test::LooseNode node_{"ipmi"};
};

TEST_F(AgentInspectTest, BootsTheAgentAndPowersOffInTheEnd) {
    node_.set_info("ipmi_address", Json("10.0.0.7"));
    inspect();
    EXPECT_THAT(calls_, ElementsAre("power off", "prepare", "power on"));
    EXPECT_EQ(ferrite::to_text(node_.node.driver_internal_info.get("lookup_bmc_addresses")),
              R"(["10.0.0.7"])");
    calls_.clear();
    clean_up();
    EXPECT_THAT(calls_, ElementsAre("clean up", "power off"));
    EXPECT_TRUE(node_.node.driver_internal_info.get("lookup_bmc_addresses").is_null());
}

TEST_F(AgentInspectTest, LeavesTheMachineOnWhereThatIsWanted) {
    options_.power_off = false;
    inspect();
    calls_.clear();
    clean_up();
    EXPECT_THAT(calls_, ElementsAre("clean up"));
}

TEST_F(AgentInspectTest, RebootsWhatMayNotBeSwitchedOff) {
    node_.node.disable_power_off = true;
    inspect();
    clean_up();
    EXPECT_THAT(calls_, ElementsAre("prepare", "reboot", "clean up", "reboot"));
}

TEST_F(AgentInspectTest, RefusesWhatItCanNotBootUnlessOthersMay) {
    recorder_.cannot_boot = true;
    EXPECT_THROW(AgentInspect(options_).validate(node_), InvalidValue);
    options_.require_managed_boot = false;
    EXPECT_NO_THROW(AgentInspect(options_).validate(node_));
    inspect();
    clean_up();
    EXPECT_THAT(calls_, ElementsAre("power off", "power on", "power off"));
}

TEST_F(AgentInspectTest, KnowsTheHostsOfBmcs) {
    node_.set_info("ipmi_address", Json("10.0.0.7"));
    node_.set_info("redfish_address", Json("https://[fd00::7]:8443/redfish"));
    node_.set_info("x_address", Json("http://bmc.example:80/x"));
    node_.set_info("y_address", Json(5));
    node_.set_info("z_address", Json("fd00::9"));
    node_.set_info("ipmi_username", Json("admin"));
    EXPECT_THAT(bmc_hosts(node_.node),
                ElementsAre("10.0.0.7", "fd00::7", "bmc.example", "fd00::9"));
    node_.node.driver_info = {};
    EXPECT_THAT(bmc_hosts(node_.node), IsEmpty());
}

}  // namespace
}  // namespace ferrite::hardware
