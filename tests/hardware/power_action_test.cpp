#include "hardware/power_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime.h"
#include "hardware/absent.h"
#include "hardware/fake.h"
#include "hardware/node_fixture.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;
using namespace std::chrono_literals;

class RecordingPower : public PowerInterface {
public:
    Task<std::optional<std::string>> power_state(NodeContext*) override {
        asked = true;
        co_return present;
    }
    Task<> set_power_state(NodeContext*, std::string target, std::chrono::seconds t) override {
        sent = target;
        timeout = t;
        co_return;
    }
    Task<> reboot(NodeContext*, bool soft, std::chrono::seconds t) override {
        sent = soft ? "soft reboot" : "reboot";
        timeout = t;
        co_return;
    }

    std::optional<std::string> present;
    std::string sent;
    std::chrono::seconds timeout{0};
    bool asked = false;
};

class PowerAction : public testing::Test {
protected:
    PowerAction() { node_.driver.power = &power_; }
    void act(std::string_view action, std::optional<std::chrono::seconds> timeout = std::nullopt) {
        power_.sent.clear();
        runtime_.run(
            power_action(&node_, std::string(action), {.change = 7s, .soft_off = 11s}, timeout));
    }

    Runtime runtime_{{.threads = 1, .name = "power"}};
    RecordingPower power_;
    test::LooseNode node_{"ipmi"};
};

TEST_F(PowerAction, HasTheTimeThatItsKindHas) {
    act(power::on);
    EXPECT_EQ(power_.timeout, 7s);
    act(power::soft_off);
    EXPECT_EQ(power_.timeout, 11s);
    act(power::soft_reboot);
    EXPECT_EQ(power_.timeout, 11s);
    act(power::reboot);
    EXPECT_EQ(power_.timeout, 7s);
    act(power::soft_off, 3s);
    EXPECT_EQ(power_.timeout, 3s);
}

TEST_F(PowerAction, SendsNothingToAMachineThatIsThereAlready) {
    power_.present = std::string(power::off);
    node_.node.target_power_state = "power off";
    act(power::soft_off);
    EXPECT_EQ(power_.sent, "");
    EXPECT_EQ(node_.node.power_state, power::off);
    EXPECT_FALSE(node_.node.target_power_state);
    act(power::on);
    EXPECT_EQ(power_.sent, "power on");
}

TEST_F(PowerAction, SendsToAMachineThatDoesNotSay) {
    act(power::off);
    EXPECT_EQ(power_.sent, "power off");
    EXPECT_EQ(node_.node.power_state, power::off);
}

TEST_F(PowerAction, ForgetsTheAgentUnlessItsTokenWasMadeBefore) {
    auto& info = node_.node.driver_internal_info;
    info.set("agent_url", Json("x"));
    info.set("agent_secret_token", Json("t"));
    act(power::on);
    EXPECT_EQ(info.get_text("agent_url"), "x");
    act(power::reboot);
    EXPECT_TRUE(info.get("agent_url").is_null());
    EXPECT_TRUE(info.get("agent_secret_token").is_null());
    info.set("agent_secret_token", Json("t"));
    info.set("agent_secret_token_pregenerated", Json(true));
    act(power::off);
    EXPECT_EQ(info.get_text("agent_secret_token"), "t");
}

TEST_F(PowerAction, NeverGoesOffWhereThatIsDisabled) {
    node_.node.disable_power_off = true;
    node_.node.target_power_state = "power off";
    EXPECT_THROW(act(power::off), Conflict);
    EXPECT_FALSE(node_.node.target_power_state);
    EXPECT_FALSE(power_.asked);
    EXPECT_NO_THROW(act(power::reboot));
}

/// What a machine has not says so and does nothing.
TEST(AbsentHardware, SaysThatItIsNotThere) {
    Runtime runtime({.threads = 1, .name = "absent"});
    test::LooseNode node("manual-management");
    EXPECT_THROW(Absent<BiosInterface>("bios").validate(node), Error);
    EXPECT_THROW(NoInspect().validate(node), Error);
    EXPECT_THROW(NoRescue().validate(node), Error);
    EXPECT_THROW(AgentPower().validate(node), InvalidValue);
    EXPECT_NO_THROW(Noop().validate(node));
    AgentPower agent_power;
    EXPECT_FALSE(agent_power.supports_power_sync());
    EXPECT_THROW(runtime.run(agent_power.set_power_state(&node, "power on", 1s)), Error);
    EXPECT_THROW(runtime.run(agent_power.reboot(&node, false, 1s)), Error);
    NoRescue rescue;
    EXPECT_THROW(runtime.run(rescue.unrescue(&node)), Error);
    EXPECT_NO_THROW(runtime.run(rescue.clean_up(&node)));
    NoopManagement management;
    EXPECT_NO_THROW(runtime.run(management.set_boot_device(&node, "disk", true)));
    EXPECT_THROW(runtime.run(management.set_boot_device(&node, "floppy", true)), InvalidValue);
}

TEST(FakeHardware, PretendsToObey) {
    Runtime runtime({.threads = 1, .name = "fake"});
    test::LooseNode node("fake-hardware");
    FakePower fake(FakeDelays{.power = 1ms});
    node.driver.power = &fake;
    for (auto [action, state] : {std::pair{power::on, power::on},
                                 {power::soft_off, power::off},
                                 {power::reboot, power::on},
                                 {power::off, power::off}}) {
        runtime.run(power_action(&node, std::string(action), {}));
        EXPECT_EQ(node.node.power_state, state) << action;
    }
    EXPECT_THAT(fake.supported_power_states(), testing::SizeIs(5));
    FakeManagement management(FakeDelays{});
    EXPECT_THROW(runtime.run(management.set_boot_device(&node, "disk", false)), InvalidValue);
    EXPECT_EQ(FakeVendor({}).steps(node, StepKind::clean).size(), 1U);
    EXPECT_TRUE(FakeVendor({}).steps(node, StepKind::deploy).empty());
}

TEST(StepText, SurvivesTheWayToJsonAndBack) {
    Step step{.interface = "raid",
              .name = "create",
              .priority = 30,
              .abortable = true,
              .requires_ramdisk = false,
              .args = {{"level", 1}},
              .argsinfo = Json{{"level", {{"required", true}}}}};
    auto back = step_from_json(to_json(step));
    EXPECT_EQ(back.id(), "raid.create");
    EXPECT_EQ(back.priority, 30);
    EXPECT_TRUE(back.abortable);
    EXPECT_FALSE(back.requires_ramdisk);
    EXPECT_EQ(back.args, step.args);
    EXPECT_EQ(back.argsinfo, step.argsinfo);
}

TEST(StepText, BearsWhatStrangersSay) {
    EXPECT_EQ(step_from_json(nullptr).name, "");
    EXPECT_EQ(step_from_json(Json(JsonArray{1, 2})).name, "");
    auto odd = step_from_json(Json{{"interface", 5},
                                   {"step", nullptr},
                                   {"priority", "15"},
                                   {"abortable", "yes"},
                                   {"args", "none"}});
    EXPECT_EQ(odd.interface, "");
    EXPECT_EQ(odd.priority, 15);
    EXPECT_FALSE(odd.abortable);
    EXPECT_TRUE(odd.args.empty());
    EXPECT_EQ(step_from_json(Json{{"priority", 1e9}}).priority, 0);
}

}  // namespace
}  // namespace ferrite::hardware
