#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hardware/interfaces.h"
#include "model/states.h"

namespace ferrite::test {

/// Power of a machine that does what it is told and says so.
class Machine : public hardware::PowerInterface {
public:
    Task<std::optional<std::string>> power_state(hardware::NodeContext*) override {
        co_return present;
    }
    Task<> set_power_state(hardware::NodeContext*, std::string target,
                           std::chrono::seconds) override {
        log.push_back(target);
        present = target;
        co_return;
    }
    Task<> reboot(hardware::NodeContext*, bool, std::chrono::seconds) override {
        log.push_back("reboot");
        present = std::string(model::power::on);
        co_return;
    }
    std::string present{model::power::on};
    std::vector<std::string> log;
};

/// Its boot interface, which notes in the same log.
class LoggedBoot : public hardware::BootInterface {
public:
    explicit LoggedBoot(Machine& machine) : machine_(machine) {}
    bool boots_user_ramdisk() const override { return user_ramdisks; }
    Task<> prepare_ramdisk(hardware::NodeContext*) override { return note("prepare ramdisk"); }
    Task<> clean_up_ramdisk(hardware::NodeContext*) override { return note("clean up ramdisk"); }
    Task<> prepare_instance(hardware::NodeContext*) override { return note("prepare instance"); }
    Task<> clean_up_instance(hardware::NodeContext*) override { return note("clean up instance"); }

    bool user_ramdisks = false;

private:
    Task<> note(std::string what) {
        machine_.log.push_back(std::move(what));
        co_return;
    }
    Machine& machine_;
};

}  // namespace ferrite::test
