#include "sim/machine.h"

#include <gmock/gmock.h>

#include "ipmi/chassis.h"

namespace ferrite::sim {
namespace {

using ipmi::BootDevice;
using ipmi::Persistence;
using ipmi::PowerAction;
using std::chrono::milliseconds;

const Timings kTimings{.boot = {milliseconds(7), milliseconds(7)},
                       .shutdown = {milliseconds(3), milliseconds(3)},
                       .step = {milliseconds(2), milliseconds(2)},
                       .write = {milliseconds(9), milliseconds(9)}};

/// A machine and a console that may hurry the clock.
class MachineTest : public testing::Test {
protected:
    std::optional<Coming> power(PowerAction action, std::string_view driver = "a") {
        return machine.handle(ipmi::chassis_control(action), driver).second;
    }
    void set_device(BootDevice device, Persistence persistence) {
        machine.handle(ipmi::set_boot_flags(device, persistence, ipmi::Firmware::uefi), "a");
    }
    /// Switches it on and waits for what it boots.
    Machine::Change boot() { return machine.complete(power(PowerAction::on).value()); }
    void boot_agent() {
        set_device(BootDevice::pxe, Persistence::next_boot);
        ASSERT_TRUE(boot().agent_boots);
        machine.begin_agent(machine.episode(), "node-1", "secret");
    }
    std::pair<AgentCommands::Answer, std::optional<Coming>> give(const std::string& name,
                                                                 JsonObject parameters = {}) {
        return machine.give_command(name, parameters);
    }
    std::pair<AgentCommands::Answer, std::optional<Coming>> step(const std::string& kind,
                                                                 const std::string& name) {
        JsonObject info{
            {"id", "image-1"}, {"urls", JsonArray{"http://images/1"}}, {"os_hash_value", "cafe"}};
        JsonObject one{{"interface", "deploy"}, {"step", name}};
        if (name == "write_image") one["args"] = JsonObject{{"image_info", info}};
        return give(kind + ".execute_" + kind + "_step", {{"step", one}});
    }
    void write_image() {
        boot_agent();
        machine.complete(step("deploy", "write_image").second.value());
    }
    Json fact(std::string_view key) { return machine.to_json().at(key); }
    std::string running() { return std::string(fact("running").as_string()); }
    std::string last_status() {
        auto list = machine.list_commands();
        return string_member(list.at("commands").as_array().back(), "command_status");
    }
    void fault(std::string_view word) {
        Faults faults;
        parse_fault(word, faults);
        machine.set_faults(faults);
    }

    Machine machine{{.number = 1, .name = "sim-1", .mac = "02:f0:7f:01:00:01"}, kTimings, {}, 5};
};

TEST_F(MachineTest, BootsFromTheNetworkOnceAndThenItsDisk) {
    write_image();
    EXPECT_EQ(fact("images_written"), Json(1));
    EXPECT_EQ(string_member(fact("last_image"), "checksum"), "cafe");
    EXPECT_FALSE(power(PowerAction::off));
    EXPECT_EQ(running(), "nothing");
    EXPECT_FALSE(boot().agent_boots);
    EXPECT_EQ(running(), "instance");
    EXPECT_EQ(fact("boots"), Json(2));
    EXPECT_EQ(fact("network_boots"), Json(1));
}

TEST_F(MachineTest, ALastingOrderHoldsBeyondAnotherForOneBoot) {
    write_image();
    power(PowerAction::off);
    set_device(BootDevice::disk, Persistence::all_boots);
    boot();
    EXPECT_EQ(running(), "instance");
    power(PowerAction::off);
    set_device(BootDevice::pxe, Persistence::next_boot);
    EXPECT_TRUE(boot().agent_boots);
    power(PowerAction::off);
    boot();
    EXPECT_EQ(running(), "instance");
}

TEST_F(MachineTest, AnEmptyDiskBootsNothing) {
    set_device(BootDevice::disk, Persistence::all_boots);
    EXPECT_FALSE(boot().agent_boots);
    EXPECT_EQ(running(), "nothing");
    EXPECT_EQ(fact("power"), Json("on"));
}

TEST_F(MachineTest, WhatWasComingIsOverWithThePower) {
    auto booted = power(PowerAction::on).value();
    EXPECT_EQ(booted.delay, milliseconds(7));
    power(PowerAction::off);
    EXPECT_FALSE(machine.complete(booted).agent_boots);
    EXPECT_EQ(running(), "nothing");
    EXPECT_FALSE(power(PowerAction::off));
}

TEST_F(MachineTest, ASoftOffTakesItsTimeWhenSomethingRuns) {
    write_image();
    auto off = power(PowerAction::soft).value();
    EXPECT_EQ(off.delay, milliseconds(3));
    EXPECT_EQ(fact("power"), Json("on"));
    machine.complete(off);
    EXPECT_EQ(fact("power"), Json("off"));
}

TEST_F(MachineTest, PowerOnDoesNotDisturbWhatIsOn) {
    boot_agent();
    EXPECT_FALSE(power(PowerAction::on));
    EXPECT_EQ(running(), "agent");
    EXPECT_TRUE(power(PowerAction::reset));
    EXPECT_EQ(running(), "firmware");
    EXPECT_EQ(machine.admit("secret"), Machine::Admission::no_agent);
}

TEST_F(MachineTest, TheAgentTakesOneCommandAtATime) {
    boot_agent();
    EXPECT_EQ(machine.admit("guess"), Machine::Admission::wrong_token);
    EXPECT_EQ(machine.admit("secret"), Machine::Admission::admitted);
    auto [answer, coming] = step("clean", "erase_devices");
    EXPECT_EQ(string_member(answer.body, "command_status"), "RUNNING");
    EXPECT_EQ(step("clean", "erase_devices").first.status, 409);
    EXPECT_EQ(fact("commands_refused_as_busy"), Json(1));
    auto woken = machine.next_report(machine.episode());
    machine.complete(coming.value());
    EXPECT_TRUE(woken->is_set());
    EXPECT_TRUE(machine.has_unread_result(machine.episode()));
    auto done = machine.list_commands().at("commands").as_array().back();
    EXPECT_FALSE(machine.has_unread_result(machine.episode()));
    EXPECT_EQ(string_member(done, "command_status"), "SUCCEEDED");
    EXPECT_EQ(string_member(done.at("command_result").at("clean_step"), "step"), "erase_devices");
}

TEST_F(MachineTest, CleaningErasesTheDisk) {
    write_image();
    EXPECT_EQ(fact("disk"), Json("image-1"));
    machine.complete(step("clean", "erase_devices_metadata").second.value());
    EXPECT_TRUE(fact("disk").is_null());
    EXPECT_EQ(fact("images_written"), Json(1));
}

TEST_F(MachineTest, TheAgentPowersTheMachineOffWhenTold) {
    boot_agent();
    machine.complete(give("standby.power_off").second.value());
    EXPECT_EQ(fact("power"), Json("off"));
    EXPECT_EQ(machine.next_report(machine.episode()), nullptr);
}

TEST_F(MachineTest, UnknownStepsAndCommandsAreRefusedAsAgentsDo) {
    boot_agent();
    EXPECT_EQ(give("standby.fly").first.status, 404);
    auto [answer, coming] = step("clean", "polish");
    EXPECT_FALSE(coming);
    EXPECT_EQ(string_member(answer.body, "command_status"), "FAILED");
    EXPECT_EQ(string_member(answer.body.at("command_error"), "type"),
              "HardwareManagerMethodNotFound");
}

TEST_F(MachineTest, AStuckBmcTakesCommandsAndDoesNothing) {
    fault("stuck-bmc");
    auto [reply, coming] = machine.handle(ipmi::chassis_control(PowerAction::on), "a");
    EXPECT_EQ(reply.completion_code, 0);
    EXPECT_FALSE(coming);
    EXPECT_EQ(fact("power"), Json("off"));
}

TEST_F(MachineTest, AWrongChecksumFailsTheWriting) {
    fault("bad-checksum");
    write_image();
    EXPECT_EQ(last_status(), "FAILED");
    EXPECT_EQ(fact("writes_begun"), Json(1));
    EXPECT_EQ(fact("images_written"), Json(0));
    EXPECT_TRUE(fact("disk").is_null());
}

TEST_F(MachineTest, AHangingAgentReportsOnceAndEndsNothing) {
    fault("agent-hang");
    boot_agent();
    auto episode = machine.episode();
    EXPECT_NE(machine.next_report(episode), nullptr);
    machine.count_heartbeat(episode);
    EXPECT_EQ(machine.next_report(episode), nullptr);
    EXPECT_FALSE(step("deploy", "write_image").second);
    EXPECT_EQ(last_status(), "RUNNING");
}

TEST_F(MachineTest, ACrashedAgentIsGone) {
    fault("agent-crash");
    write_image();
    EXPECT_EQ(machine.admit("secret"), Machine::Admission::no_agent);
    EXPECT_EQ(machine.next_report(machine.episode()), nullptr);
    EXPECT_EQ(fact("images_written"), Json(0));
}

TEST_F(MachineTest, AMachineThatDoesNotBootStaysInItsFirmware) {
    fault("no-boot");
    EXPECT_FALSE(power(PowerAction::on));
    EXPECT_EQ(running(), "firmware");
}

TEST_F(MachineTest, CountsDriversThatComeBack) {
    power(PowerAction::on, "a");
    power(PowerAction::off, "b");
    EXPECT_EQ(fact("driver_returns"), Json(0));
    machine.handle(ipmi::get_chassis_status(), "a");
    EXPECT_EQ(fact("driver_returns"), Json(0));
    power(PowerAction::on, "a");
    EXPECT_EQ(fact("driver_returns"), Json(1));
    EXPECT_EQ(fact("drivers").as_array().size(), 2u);
}

}  // namespace
}  // namespace ferrite::sim
