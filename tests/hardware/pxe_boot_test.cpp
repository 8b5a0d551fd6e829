#include "hardware/pxe_boot.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime.h"
#include "hardware/node_fixture.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace states = model::states;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RecordingManagement : public ManagementInterface {
public:
    std::vector<std::string> supported_boot_devices() const override { return {}; }
    Task<BootDeviceSetting> boot_device(NodeContext*) override { co_return BootDeviceSetting{}; }
    Task<> set_boot_device(NodeContext*, std::string device, bool persistent) override {
        calls.push_back(device + (persistent ? " always" : " once"));
        co_return;
    }
    std::vector<std::string> calls;
};

class PxeBootTest : public testing::Test {
protected:
    PxeBootTest() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "ferrite-pxe-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        for (const char* name : {"kernel", "ramdisk"}) std::ofstream(directory_ / name) << "x";
        options_.deploy_kernel = (directory_ / "kernel").string();
        options_.deploy_ramdisk = "file://" + (directory_ / "ramdisk").string();
        options_.api_url = "http://10.0.0.1:6385";
        options_.file_url_allowed = {directory_};
        node_.driver.management = &management_;
        node_.node.provision_state = "deploying";
        node_.ports.emplace_back();
    }
    ~PxeBootTest() override { std::filesystem::remove_all(directory_); }

    RamdiskBoot ramdisk() { return PxeBoot(options_).ramdisk(node_.node); }
    std::string refusal() {
        try {
            PxeBoot(options_).validate(node_);
        } catch (const Error& error) {
            EXPECT_EQ(error.http_status(), 400);
            return error.message();
        }
        return {};
    }

    Runtime runtime_{{.threads = 1, .name = "pxe"}};
    std::filesystem::path directory_;
    PxeBoot::Options options_;
    RecordingManagement management_;
    test::LooseNode node_{"ipmi"};
};

TEST_F(PxeBootTest, LoadsWhatIsConfigured) {
    auto boot = ramdisk();
    auto real = std::filesystem::canonical(directory_);
    EXPECT_EQ(boot.kernel, (real / "kernel").string());
    EXPECT_EQ(boot.ramdisk, (real / "ramdisk").string());
    EXPECT_EQ(boot.kernel_command_line,
              "selinux=0 troubleshoot=0 text nofb vga=normal ipa-api-url=http://10.0.0.1:6385");
    options_.debug = true;
    EXPECT_THAT(ramdisk().kernel_command_line, HasSubstr(" ipa-debug=1"));
}

TEST_F(PxeBootTest, LoadsWhatTheNodeNames) {
    node_.set_info("deploy_kernel", "http://192.0.2.1/k");
    node_.set_info("deploy_ramdisk", "https://192.0.2.1/r");
    node_.set_info("kernel_append_params", "console=ttyS0 %default%");
    EXPECT_EQ(ramdisk().kernel, "http://192.0.2.1/k");
    EXPECT_EQ(ramdisk().ramdisk, "https://192.0.2.1/r");
    EXPECT_THAT(ramdisk().kernel_command_line, HasSubstr("text console=ttyS0 nofb vga=normal ipa"));
    node_.node.instance_info.set("kernel_append_params", "quiet");
    EXPECT_THAT(ramdisk().kernel_command_line, HasSubstr("text quiet ipa"));
}

TEST_F(PxeBootTest, SaysWhatIsMissing) {
    EXPECT_EQ(refusal(), "");
    node_.set_info("deploy_kernel", "http://192.0.2.1/k");
    EXPECT_THAT(refusal(), HasSubstr("deploy_ramdisk")) << "half a pair is no pair";
    node_.set_info("deploy_ramdisk", "file:///etc/shadow");
    EXPECT_THAT(refusal(), HasSubstr("/etc"));
    node_.set_info("deploy_ramdisk", "tftp://192.0.2.1/r");
    EXPECT_FALSE(refusal().empty());
    node_.node.driver_info = {};
    options_.deploy_kernel.clear();
    EXPECT_THAT(refusal(), HasSubstr("[conductor]deploy_kernel"));
    node_.ports.clear();
    EXPECT_THAT(refusal(), HasSubstr("port"));
}

TEST_F(PxeBootTest, BootsTheRamdiskOnceAndTheDiskAlways) {
    PxeBoot boot(options_);
    runtime_.run(boot.prepare_ramdisk(&node_));
    EXPECT_EQ(node_.node.driver_internal_info.get_text("deploy_boot_mode"), "uefi");
    runtime_.run(boot.clean_up_ramdisk(&node_));
    runtime_.run(boot.prepare_instance(&node_));
    runtime_.run(boot.clean_up_instance(&node_));
    EXPECT_THAT(management_.calls, ElementsAre("pxe once", "disk always"));
    node_.set_info("force_persistent_boot_device", "Never");
    runtime_.run(boot.prepare_instance(&node_));
    EXPECT_EQ(management_.calls.back(), "disk once");
}

TEST_F(PxeBootTest, LeavesARunningInstanceAlone) {
    PxeBoot boot(options_);
    for (auto state : {states::active, states::adopting}) {
        node_.node.provision_state = std::string(state);
        runtime_.run(boot.prepare_instance(&node_));
    }
    EXPECT_TRUE(management_.calls.empty());
}

TEST_F(PxeBootTest, DoesNotBootARamdiskThatIsNotThere) {
    options_.deploy_kernel = "/nowhere/kernel";
    PxeBoot boot(options_);
    EXPECT_THROW(runtime_.run(boot.prepare_ramdisk(&node_)), Error);
    EXPECT_TRUE(management_.calls.empty());
}

TEST_F(PxeBootTest, LoadsTheRamdiskOfTheUser) {
    options_.deploy_kernel.clear();
    options_.deploy_ramdisk.clear();
    auto& node = node_.node;
    node.deploy_interface = "ramdisk";
    node.instance_info.set("kernel", "http://192.0.2.1/k");
    node.instance_info.set("ramdisk", Json((directory_ / "ramdisk").string()));
    EXPECT_EQ(refusal(), "") << "no agent is needed";
    node.instance_info.set("ramdisk_kernel_arguments", "rescue ip=dhcp");
    auto boot = PxeBoot(options_).user_ramdisk(node);
    EXPECT_EQ(boot.kernel, "http://192.0.2.1/k");
    EXPECT_EQ(boot.ramdisk, (std::filesystem::canonical(directory_) / "ramdisk").string());
    EXPECT_EQ(boot.kernel_command_line, "root=/dev/ram0 text nofb vga=normal rescue ip=dhcp");
    EXPECT_EQ(boot.iso, "");
    runtime_.run(PxeBoot(options_).prepare_instance(&node_));
    EXPECT_THAT(management_.calls, ElementsAre("pxe always"));
}

TEST_F(PxeBootTest, LoadsTheIsoOfTheUser) {
    node_.node.deploy_interface = "ramdisk";
    node_.node.instance_info.set("boot_iso", "https://192.0.2.1/live.iso");
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(PxeBoot(options_).user_ramdisk(node_.node).iso, "https://192.0.2.1/live.iso");
    EXPECT_EQ(PxeBoot(options_).user_ramdisk(node_.node).kernel, "");
}

TEST_F(PxeBootTest, SaysWhatTheRamdiskOfTheUserLacks) {
    auto& node = node_.node;
    node.deploy_interface = "ramdisk";
    auto with = [&](std::initializer_list<const char*> keys, const char* source) {
        node.instance_info = {};
        for (auto key : keys) node.instance_info.set(key, source);
        return refusal();
    };
    constexpr auto kWeb = "http://192.0.2.1/x";
    EXPECT_THAT(with({}, kWeb), HasSubstr("no kernel and no ramdisk"));
    EXPECT_THAT(with({"kernel"}, kWeb), HasSubstr("no ramdisk"));
    EXPECT_THAT(with({"ramdisk"}, kWeb), HasSubstr("no kernel:"));
    EXPECT_THAT(with({"image_source"}, kWeb), HasSubstr("no kernel and no ramdisk"));
    EXPECT_THAT(with({"kernel", "ramdisk", "boot_iso"}, kWeb), HasSubstr("both"));
    EXPECT_THAT(with({"kernel", "boot_iso"}, kWeb), HasSubstr("both"));
    EXPECT_FALSE(with({"boot_iso"}, "file:///etc/passwd").empty());
    EXPECT_FALSE(with({"kernel", "ramdisk"}, "glance-image").empty());
    EXPECT_EQ(with({"kernel", "ramdisk"}, kWeb), "");
}

TEST_F(PxeBootTest, WhatIsLoadedFollowsTheState) {
    PxeBoot boot(options_);
    auto& node = node_.node;
    node.instance_info.set("boot_iso", "http://192.0.2.1/live.iso");
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        node.provision_state = std::string(row.name);
        node.deploy_interface = "direct";
        bool agent = boots_ramdisk(node);
        EXPECT_EQ(boot.next_boot(node).has_value(), agent);
        node.deploy_interface = "ramdisk";
        bool has_instance = row.name == states::active || row.name == states::deploying ||
                            row.name == states::deploy_wait || row.name == states::deploy_hold ||
                            row.name == states::unrescuing || row.name == states::rescue_failed ||
                            row.name == states::unrescue_failed ||
                            row.name == states::service_failed;
        auto next = boot.next_boot(node);
        EXPECT_EQ(next && !next->iso.empty(), has_instance);
        EXPECT_EQ(next && next->iso.empty(), agent && !has_instance);
    }
}

TEST(BootsRamdisk, OnlyWhereAnAgentIsWantedToRun) {
    model::Node node;
    EXPECT_FALSE(boots_ramdisk(node));
    for (const char* key : {"cleaning_disable_ramdisk", "service_disable_ramdisk"}) {
        model::Node without;
        without.provision_state = "servicing";
        without.driver_internal_info.set(key, Json(true));
        EXPECT_FALSE(boots_ramdisk(without)) << key;
    }
    for (const auto& row : states::all()) {
        node.provision_state = std::string(row.name);
        bool wanted = row.name.ends_with("hold") || row.name.ends_with("wait") ||
                      row.name == states::deploy_wait || row.name == states::deploying ||
                      row.name == states::cleaning || row.name == states::inspecting ||
                      row.name == states::rescuing || row.name == states::servicing;
        EXPECT_EQ(boots_ramdisk(node), wanted) << row.name;
    }
}

TEST_F(PxeBootTest, AnInspectedMachineIsToldWhereToReport) {
    node_.node.inspect_interface = "agent";
    EXPECT_THAT(ramdisk().kernel_command_line, Not(HasSubstr("inspection"))) << "it is deployed";
    options_.inspection_kernel_params = "ipa-collect-lldp=1";
    for (auto state : {states::inspecting, states::inspect_wait}) {
        node_.node.provision_state = std::string(state);
        EXPECT_THAT(ramdisk().kernel_command_line,
                    HasSubstr(" ipa-collect-lldp=1 ipa-inspection-callback-url="
                              "http://10.0.0.1:6385/v1/continue_inspection"));
    }
    node_.node.inspect_interface = "redfish";
    EXPECT_THAT(ramdisk().kernel_command_line, Not(HasSubstr("inspection")));
}

}  // namespace
}  // namespace ferrite::hardware
