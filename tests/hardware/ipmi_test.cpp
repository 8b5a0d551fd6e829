#include "hardware/ipmi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/node_fixture.h"
#include "hardware/power_action.h"
#include "ipmi/sensor_bmc.h"
#include "ipmi/udp_bmc.h"

namespace ferrite::hardware {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct BadKey {
    const char* key;
    Json value;
    const char* says;
};

class BadDriverInfo : public testing::TestWithParam<BadKey> {};

TEST_P(BadDriverInfo, IsRefusedByTheNameOfTheKey) {
    const auto& row = GetParam();
    test::LooseNode node("ipmi");
    node.set_info("ipmi_address", "10.0.0.7");
    node.set_info(row.key, row.value);
    try {
        bmc_options(node.node, {});
        FAIL() << row.key << "=" << ferrite::to_text(row.value);
    } catch (const InvalidValue& error) {
        EXPECT_THAT(error.message(), HasSubstr(row.says));
        EXPECT_THAT(error.message(), testing::Not(HasSubstr("hunter2hunter2")));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Keys, BadDriverInfo,
    testing::Values(BadKey{"ipmi_address", nullptr, "ipmi_address"},
                    BadKey{"ipmi_address", "", "ipmi_address"}, BadKey{"ipmi_port", 0, "ipmi_port"},
                    BadKey{"ipmi_port", 65536, "ipmi_port"},
                    BadKey{"ipmi_port", "623x", "ipmi_port"}, BadKey{"ipmi_port", -1, "ipmi_port"},
                    BadKey{"ipmi_port", 6.23, "ipmi_port"},
                    BadKey{"ipmi_port", JsonArray(), "ipmi_port"},
                    BadKey{"ipmi_priv_level", "ROOT", "ipmi_priv_level"},
                    BadKey{"ipmi_priv_level", "user", "ipmi_priv_level"},
                    BadKey{"ipmi_protocol_version", "3.0", "ipmi_protocol_version"},
                    BadKey{"ipmi_protocol_version", 2, "ipmi_protocol_version"},
                    BadKey{"ipmi_cipher_suite", "best", "ipmi_cipher_suite"},
                    BadKey{"ipmi_cipher_suite", 18, "ipmi_cipher_suite"},
                    BadKey{"ipmi_hex_kg_key", "abc", "ipmi_hex_kg_key"},
                    BadKey{"ipmi_hex_kg_key", "zz", "ipmi_hex_kg_key"},
                    BadKey{"ipmi_hex_kg_key", "0x", "ipmi_hex_kg_key"},
                    BadKey{"ipmi_password", "hunter2hunter2hunter2", "password"},
                    BadKey{"ipmi_username", "seventeen-letters", "user"}));

TEST(BmcOptions, AreReadFromTextAndNumbers) {
    test::LooseNode node("ipmi");
    node.set_info("ipmi_address", "bmc-7.example");
    auto plain = bmc_options(node.node, {.timeout = 9s, .cipher_suites = {3}});
    EXPECT_EQ(plain.host, "bmc-7.example");
    EXPECT_EQ(plain.port, 623);
    EXPECT_EQ(plain.user, "");
    EXPECT_TRUE(plain.allow_v1_5) << "nothing was said of the version";
    EXPECT_EQ(plain.privilege, ipmi::Privilege::administrator);
    EXPECT_EQ(plain.timeout, 9s);
    EXPECT_EQ(plain.cipher_suites_to_try, (std::vector<std::uint8_t>{3}));

    node.set_info("ipmi_port", "6230");
    node.set_info("ipmi_username", "admin");
    node.set_info("ipmi_password", 12345);
    node.set_info("ipmi_priv_level", "OPERATOR");
    node.set_info("ipmi_protocol_version", 2.0);
    node.node.driver_info.set("ipmi_protocol_version", "2.0");
    node.set_info("ipmi_cipher_suite", "17");
    node.set_info("ipmi_hex_kg_key", "00ff");
    auto full = bmc_options(node.node, {});
    EXPECT_EQ(full.port, 6230);
    EXPECT_EQ(full.user, "admin");
    EXPECT_EQ(full.password.reveal(), "12345");
    EXPECT_EQ(full.privilege, ipmi::Privilege::operator_);
    EXPECT_EQ(full.cipher_suite, 17);
    EXPECT_FALSE(full.allow_v1_5);
    EXPECT_EQ(full.kg_key.reveal(), std::string("\0\xff", 2));

    node.set_info("ipmi_protocol_version", "1.5");
    EXPECT_THROW(bmc_options(node.node, {}), InvalidValue) << "1.5 has no cipher suites";
    node.node.driver_info.erase({"ipmi_cipher_suite"});
    EXPECT_EQ(bmc_options(node.node, {}).protocol, ipmi::Protocol::v1_5);
}

/// Power and boot devices of a machine behind a BMC on the loopback interface.
class IpmiHardware : public testing::Test {
protected:
    IpmiHardware() {
        node_.set_info("ipmi_address", "127.0.0.1");
        node_.set_info("ipmi_port", bmc_.port());
        node_.set_info("ipmi_username", "admin");
        node_.set_info("ipmi_password", "pa55word");
        node_.driver.power = &power_;
    }
    ~IpmiHardware() override { runtime_.stop(); }

    template <class T>
    static Task<> keep(Task<T> task, T* result) {
        *result = co_await std::move(task);
    }
    std::optional<std::string> power_state() {
        std::optional<std::string> state;
        runtime_.run(keep(power_.power_state(&node_), &state));
        return state;
    }
    BootDeviceSetting boot_device() {
        BootDeviceSetting setting;
        runtime_.run(keep(management_.boot_device(&node_), &setting));
        return setting;
    }
    /// The second byte of the boot flags: the device, and the third for the firmware kind.
    Bytes boot_flags() {
        return bmc_.with([](ipmi::FakeBmc& bmc) { return bmc.chassis.boot_option(5); });
    }
    std::vector<ipmi::PowerAction> controls() {
        return bmc_.with([this](ipmi::FakeBmc&) { return controls_; });
    }

    Runtime runtime_{{.threads = 2, .name = "ipmi"}};
    ipmi::UdpBmc bmc_{runtime_, ipmi::bmc_options()};
    ipmi::Transport transport_{runtime_};
    Bmcs bmcs_{transport_, {.timeout = 20s, .power_poll_interval = 1ms}};
    IpmiPower power_{bmcs_};
    IpmiManagement management_{bmcs_};
    test::LooseNode node_{"ipmi"};
    std::vector<ipmi::PowerAction> controls_;
};

TEST_F(IpmiHardware, ShowsSensorsAsTheyAreGathered) {
    ipmi::SensorBmc sensors;
    sensors.records = {
        ipmi::FullSensor{
            .id = 1, .number = 0x30, .type = 0x04, .unit = 18, .m = 100, .name = "FAN 1"}
            .bytes(),
        ipmi::compact_sensor(2, 0x64, 0x08, "PSU"),
        ipmi::FullSensor{.id = 3, .number = 9, .name = "Absent"}.bytes()};
    sensors.readings = {{0x30, {42, 0xC0, 0xC8}}, {0x64, {0, 0xC0, 0x01, 0x80}}};
    bmc_.with([&](ipmi::FakeBmc& bmc) {
        bmc.more = [&](const ipmi::Request& request) { return sensors.handle(request); };
        return 0;
    });
    JsonObject shown;
    runtime_.run(keep(management_.sensors(&node_), &shown));
    ASSERT_EQ(shown.size(), 2u) << "what gives no reading is left out";
    EXPECT_EQ(shown.at("Fan").at("FAN 1 (0x30)"),
              Json(JsonObject{{"Sensor ID", "FAN 1 (0x30)"},
                              {"Entity ID", "7.1 (System Board)"},
                              {"Sensor Type (Threshold)", "Fan (0x04)"},
                              {"Sensor Reading", "4200 (+/- 0) RPM"},
                              {"Status", "nc"}}));
    const auto& supply = shown.at("Power Supply").at("PSU (0x64)").as_object();
    EXPECT_EQ(supply.at("States Asserted"), Json("0x0001"));
    EXPECT_EQ(supply.at("Sensor Reading"), Json("0h"));
}

TEST_F(IpmiHardware, ForgetsTheConnectionOfANodeThatIsGone) {
    power_state();
    EXPECT_EQ(transport_.session_count(), 1u);
    management_.forget_node("another");
    EXPECT_EQ(transport_.session_count(), 1u);
    management_.forget_node(node_.node.uuid);
    EXPECT_EQ(transport_.session_count(), 0u);
}

TEST_F(IpmiHardware, SwitchesTheMachine) {
    bmc_.with([this](ipmi::FakeBmc& bmc) {
        bmc.chassis.on_control = [this](ipmi::PowerAction action) { controls_.push_back(action); };
        return 0;
    });
    EXPECT_EQ(power_state(), "power off");
    runtime_.run(power_.set_power_state(&node_, "power on", 20s));
    EXPECT_EQ(power_state(), "power on");
    runtime_.run(power_.reboot(&node_, false, 20s));
    runtime_.run(power_.set_power_state(&node_, "soft power off", 20s));
    EXPECT_EQ(power_state(), "power off");
    runtime_.run(power_.reboot(&node_, true, 20s));
    EXPECT_EQ(power_state(), "power on");
    runtime_.run(power_.set_power_state(&node_, "power off", 20s));
    using enum ipmi::PowerAction;
    EXPECT_EQ(controls(), (std::vector{ipmi::PowerAction::on, ipmi::PowerAction::off,
                                       ipmi::PowerAction::on, ipmi::PowerAction::soft,
                                       ipmi::PowerAction::on, ipmi::PowerAction::off}));
}

TEST_F(IpmiHardware, RestartsInOneGoWhatMustNeverBeOff) {
    node_.node.disable_power_off = true;
    bmc_.with([this](ipmi::FakeBmc& bmc) {
        bmc.chassis.power = ipmi::PowerState::on;
        bmc.chassis.on_control = [this](ipmi::PowerAction action) { controls_.push_back(action); };
        return 0;
    });
    runtime_.run(power_.reboot(&node_, false, 20s));
    EXPECT_EQ(controls(), std::vector{ipmi::PowerAction::reset});
    EXPECT_THROW(runtime_.run(power_.reboot(&node_, true, 20s)), Error);
}

TEST_F(IpmiHardware, InterruptsTheMachine) {
    bmc_.with([this](ipmi::FakeBmc& bmc) {
        bmc.chassis.power = ipmi::PowerState::on;
        bmc.chassis.on_control = [this](ipmi::PowerAction action) { controls_.push_back(action); };
        return 0;
    });
    runtime_.run(management_.inject_nmi(&node_));
    EXPECT_EQ(controls(), std::vector{ipmi::PowerAction::diag});
    EXPECT_EQ(power_state(), "power on");
    EXPECT_THROW(runtime_.run(management_.set_boot_mode(&node_, "uefi")), Error);
    EXPECT_THROW(management_.indicators(node_), Error);
}

TEST_F(IpmiHardware, ReportsAMachineThatDoesNotFollow) {
    bmc_.with([](ipmi::FakeBmc& bmc) {
        bmc.chassis.on_control = [&bmc](ipmi::PowerAction) {
            bmc.chassis.power = ipmi::PowerState::off;
        };
        return 0;
    });
    EXPECT_THROW(runtime_.run(power_.set_power_state(&node_, "power on", 0s)), Conflict);
}

TEST_F(IpmiHardware, SetsTheBootDeviceAsTheFirmwareWantsIt) {
    node_.node.properties.set("capabilities", "boot_mode:bios");
    runtime_.run(management_.set_boot_device(&node_, "pxe", false));
    EXPECT_EQ(boot_flags().at(0), 0x80);
    EXPECT_EQ(boot_flags().at(1), 0x04);
    node_.node.properties.set("capabilities", "boot_mode:uefi");
    runtime_.run(management_.set_boot_device(&node_, "disk", true));
    EXPECT_EQ(boot_flags().at(0), 0xe0);
    EXPECT_EQ(boot_flags().at(1), 0x08);
    auto setting = boot_device();
    EXPECT_EQ(setting.device, "disk");
    EXPECT_EQ(setting.persistent, true);
    node_.node.properties.set("vendor", "supermicro");
    runtime_.run(management_.set_boot_device(&node_, "disk", false));
    EXPECT_EQ(boot_flags().at(0), 0xa0);
    EXPECT_EQ(boot_flags().at(1), 0x24);
    EXPECT_THROW(runtime_.run(management_.set_boot_device(&node_, "floppy", false)), InvalidValue);
    EXPECT_THAT(management_.supported_boot_devices(),
                testing::ElementsAre("pxe", "disk", "cdrom", "bios", "safe"));
}

TEST_F(IpmiHardware, SwitchesTheBootTimeoutOffUnlessToldNotTo) {
    auto commands_for = [&](Json setting) {
        node_.set_info("ipmi_disable_boot_timeout", std::move(setting));
        bmc_.with([](ipmi::FakeBmc& bmc) {
            bmc.commands.clear();
            return 0;
        });
        runtime_.run(management_.set_boot_device(&node_, "pxe", false));
        return bmc_.with([](ipmi::FakeBmc& bmc) { return bmc.commands.size(); });
    };
    auto with = commands_for(true), without = commands_for(false),
         by_default = commands_for(nullptr);
    EXPECT_GT(with, without);
    EXPECT_EQ(with, by_default);
}

TEST_F(IpmiHardware, KeepsASessionUntilTheCredentialsChange) {
    auto first = bmcs_.session_for(node_.node);
    node_.node.properties.set("cpus", 8);
    EXPECT_EQ(bmcs_.session_for(node_.node), first);
    node_.set_info("ipmi_password", "another");
    auto second = bmcs_.session_for(node_.node);
    EXPECT_NE(second, first);
    EXPECT_THROW(power_state(), Error) << "and the new password is the one that counts";
    node_.set_info("ipmi_password", "pa55word");
    EXPECT_EQ(power_state(), "power off");
    auto other = node_.node;
    other.uuid[0] = '2';
    EXPECT_NE(bmcs_.session_for(other), bmcs_.session_for(node_.node));
}

TEST_F(IpmiHardware, SaysThatThePasswordIsWrongWithoutSayingIt) {
    node_.set_info("ipmi_password", "wr0ng-one");
    try {
        power_state();
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("password"));
        EXPECT_THAT(error.message(), testing::Not(HasSubstr("wr0ng-one")));
    }
}

}  // namespace
}  // namespace ferrite::hardware
