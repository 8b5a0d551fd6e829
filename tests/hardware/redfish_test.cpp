#include "hardware/redfish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/node_fixture.h"
#include "redfish/fake_service.h"

namespace ferrite::hardware {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

RedfishSettings quick_settings() {
    RedfishSettings settings;
    settings.retry_interval = 1ms;
    settings.power_on_conflict_interval = 1ms;
    settings.post_boot_delay = 1ms;
    settings.power_poll_interval = 1ms;
    return settings;
}

class RedfishHardwareTest : public ::testing::Test {
protected:
    RedfishHardwareTest() {
        node_.set_info("redfish_address", Json(bmc_.address()));
        node_.set_info("redfish_username", Json("admin"));
        node_.set_info("redfish_password", Json("s3cret"));
    }

    std::optional<std::string> power_state() {
        std::optional<std::string> state;
        runtime_.run(state_into(&power_, &node_, &state));
        return state;
    }
    BootDeviceSetting boot_device() {
        BootDeviceSetting setting;
        runtime_.run(device_into(&management_, &node_, &setting));
        return setting;
    }
    void set_power(std::string target) { runtime_.run(power_.set_power_state(&node_, target, 5s)); }
    void set_device(std::string device, bool persistent) {
        runtime_.run(management_.set_boot_device(&node_, device, persistent));
    }

    static Task<> state_into(RedfishPower* power, NodeContext* node,
                             std::optional<std::string>* state) {
        *state = co_await power->power_state(node);
    }
    static Task<> device_into(RedfishManagement* management, NodeContext* node,
                              BootDeviceSetting* setting) {
        *setting = co_await management->boot_device(node);
    }

    Runtime runtime_{{.threads = 2, .name = "redfish"}};
    test::FakeService bmc_{runtime_};
    HttpClient http_{runtime_.executor()};
    RedfishBmcs bmcs_{http_, quick_settings()};
    RedfishPower power_{bmcs_};
    image::ImageCache cache_{http_, {}};
    InstanceImages images_{http_, cache_, {.directory = testing::TempDir() + "redfish-images"}};
    RedfishManagement management_{bmcs_, images_};
    test::LooseNode node_{"redfish"};
};

TEST_F(RedfishHardwareTest, ASilentServiceIsPolledNoMore) {
    node_.set_info("redfish_address", Json("http://127.0.0.1:9"));  // nobody listens there
    node_.urgency = Urgency::poll;
    for (int i = 0; i < 3; ++i) EXPECT_THROW(power_state(), redfish::Error);
    EXPECT_THROW(power_state(), CircuitOpen);
    node_.urgency = Urgency::user;
    EXPECT_THROW(power_state(), redfish::Error) << "a user gets through";
    bmcs_.forget(node_.node.uuid);
    node_.urgency = Urgency::poll;
    EXPECT_THROW(power_state(), redfish::Error) << "a new client knows nothing of that";
}

TEST_F(RedfishHardwareTest, SwitchesOnAndOff) {
    EXPECT_EQ(power_state(), "power off");
    set_power("power on");
    EXPECT_EQ(power_state(), "power on");
    set_power("soft power off");
    EXPECT_EQ(power_state(), "power off");
    set_power("power on");
    set_power("power off");
    EXPECT_THAT(bmc_.changes(),
                ElementsAre(R"({"ResetType":"On"})", R"({"ResetType":"GracefulShutdown"})",
                            R"({"ResetType":"On"})", R"({"ResetType":"ForceOff"})"));
}

TEST_F(RedfishHardwareTest, RebootsByOffAndOn) {
    bmc_.powered = true;
    runtime_.run(power_.reboot(&node_, false, 5s));
    EXPECT_THAT(bmc_.changes(),
                ElementsAre(R"({"ResetType":"ForceOff"})", R"({"ResetType":"On"})"));
}

TEST_F(RedfishHardwareTest, RestartsWhatMayNotBeSwitchedOff) {
    bmc_.powered = true;
    node_.node.disable_power_off = true;
    runtime_.run(power_.reboot(&node_, false, 5s));
    runtime_.run(power_.reboot(&node_, true, 5s));
    EXPECT_THAT(bmc_.changes(), ElementsAre(R"({"ResetType":"ForceRestart"})",
                                            R"({"ResetType":"GracefulRestart"})"));
}

TEST_F(RedfishHardwareTest, InterruptsTheMachine) {
    bmc_.powered = true;
    runtime_.run(management_.inject_nmi(&node_));
    EXPECT_THAT(bmc_.changes(), ElementsAre(R"({"ResetType":"Nmi"})"));
    EXPECT_EQ(power_state(), "power on");
    bmc_.refusals = 1;
    bmc_.refusal_status = 400;
    EXPECT_THROW(runtime_.run(management_.inject_nmi(&node_)), Error);
}

TEST_F(RedfishHardwareTest, AsksAgainWhenTheBmcIsNotReadyToPowerOn) {
    bmc_.refusals = 2;
    set_power("power on");
    EXPECT_EQ(bmc_.changes().size(), 3U);
    EXPECT_TRUE(bmc_.powered);
}

TEST_F(RedfishHardwareTest, IsContentWhenItIsDoneAlready) {
    bmc_.refusals = 1;
    set_power("power off");
    EXPECT_EQ(bmc_.changes().size(), 1U);
}

TEST_F(RedfishHardwareTest, GivesUpOnOtherRefusals) {
    bmc_.refusals = 1;
    bmc_.refusal_status = 400;
    bmc_.refusal_id = "Base.1.8.ActionNotSupported";
    EXPECT_THROW(set_power("power on"), redfish::Error);
    EXPECT_EQ(bmc_.changes().size(), 1U);
}

TEST_F(RedfishHardwareTest, SetsBootDevices) {
    set_device("pxe", false);
    auto setting = boot_device();
    EXPECT_EQ(setting.device, "pxe");
    EXPECT_EQ(setting.persistent, false);
    set_device("pxe", false);
    EXPECT_EQ(bmc_.changes().size(), 1U) << "it was so already";
    set_device("disk", true);
    EXPECT_EQ(boot_device().device, "disk");
    EXPECT_EQ(boot_device().persistent, true);
    EXPECT_THROW(set_device("safe", false), InvalidValue);
    EXPECT_THAT(management_.supported_boot_devices(),
                ElementsAre("pxe", "disk", "cdrom", "bios", "uefihttp"));
}

TEST_F(RedfishHardwareTest, WaitsForTheSelfTest) {
    bmc_.refusals = 2;
    bmc_.refusal_status = 400;
    bmc_.refusal_id = "Vendor.1.0.UnableToModifyDuringSystemPOST";
    set_device("cdrom", false);
    EXPECT_EQ(bmc_.target, "Cd");
}

TEST_F(RedfishHardwareTest, RenewsADeviceThatTheBmcDoesNotKeep) {
    bmc_.keeps_devices = false;
    set_device("disk", true);
    EXPECT_EQ(bmc_.enabled, "Once");
    EXPECT_EQ(node_.node.driver_internal_info.get_text("redfish_boot_device"), "disk");
    bmc_.with([](auto& bmc) {
        bmc.target = "None";
        bmc.enabled = "Disabled";
    });
    set_power("power on");
    EXPECT_EQ(bmc_.target, "Hdd");
    set_device("pxe", false);
    EXPECT_EQ(node_.node.driver_internal_info.get_text("redfish_boot_device"), "");
}

TEST_F(RedfishHardwareTest, KeepsOneClientUntilDriverInfoChanges) {
    auto first = bmcs_.client_for(node_.node);
    EXPECT_EQ(bmcs_.client_for(node_.node), first);
    node_.set_info("redfish_password", Json("other"));
    EXPECT_NE(bmcs_.client_for(node_.node), first);
}

TEST_F(RedfishHardwareTest, ChecksDriverInfo) {
    auto reason = [&](const char* key, Json value) -> std::string {
        test::LooseNode node("redfish");
        node.node.driver_info = node_.node.driver_info;
        node.set_info(key, std::move(value));
        try {
            power_.validate(node);
        } catch (const InvalidValue& error) {
            return error.message();
        }
        return "";
    };
    EXPECT_EQ(reason("redfish_verify_ca", Json(false)), "");
    EXPECT_EQ(reason("redfish_verify_ca", Json("False")), "");
    EXPECT_THAT(reason("redfish_verify_ca", Json("/no/such/file")), HasSubstr("/no/such/file"));
    EXPECT_EQ(reason("redfish_auth_type", Json("basic")), "");
    EXPECT_THAT(reason("redfish_auth_type", Json("digest")), HasSubstr("auto, basic or session"));
    EXPECT_THAT(reason("redfish_address", Json("ftp://x")), HasSubstr("neither https nor http"));
    EXPECT_THAT(reason("redfish_address", Json()), HasSubstr("['redfish_address']"));
    EXPECT_THAT(reason("redfish_username", Json("")), HasSubstr("without redfish_username"));
}

TEST_F(RedfishHardwareTest, RefusesToInspect) {
    RedfishInspect inspect(bmcs_);
    EXPECT_NO_THROW(inspect.validate(node_));
    auto run = [](RedfishInspect* interface, NodeContext* node) -> Task<> {
        co_await interface->inspect(node);
    };
    EXPECT_THROW(runtime_.run(run(&inspect, &node_)), InvalidValue);
}

}  // namespace
}  // namespace ferrite::hardware
