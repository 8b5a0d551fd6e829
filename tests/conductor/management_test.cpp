#include "conductor/conductor_kit.h"
#include "hardware/fake_parts.h"
#include "store/bios_settings.h"
#include "store/firmware_components.h"

/// What a node's hardware is asked beside verbs and power, and what is kept of its answers.
namespace ferrite::conductor {
namespace {

using testing::HasSubstr;

/// A machine that can do everything that the fake one refuses.
class ScriptedManagement : public hardware::FakeManagement {
public:
    explicit ScriptedManagement(Script& script) : FakeManagement({}), script_(script) {}
    void validate(const NodeContext& context) const override {
        if (!context.node.driver_info.get("broken").is_null()) throw InvalidValue("broken");
    }
    Task<> set_boot_device(NodeContext* context, std::string device, bool) override {
        co_await script_.act("device " + device);
        context->node.driver_internal_info.set("kept", Json(device));
    }
    Task<> set_boot_mode(NodeContext*, std::string mode) override {
        co_await script_.act("mode " + mode);
    }
    Task<> set_secure_boot(NodeContext*, bool on) override {
        co_await script_.act(on ? "secure" : "insecure");
    }
    Task<> inject_nmi(NodeContext*) override { co_await script_.act("nmi"); }
    Task<> set_indicator_state(NodeContext*, hardware::Indicator indicator,
                               std::string state) override {
        co_await script_.act("light " + indicator.id + " " + state);
    }

private:
    Script& script_;
};

class ScriptedConsole : public hardware::FakeConsole {
public:
    explicit ScriptedConsole(Script& script) : script_(script) {}
    Task<> start(NodeContext*) override { co_await script_.act("console start"); }
    Task<> stop(NodeContext*) override { co_await script_.act("console stop"); }

private:
    Script& script_;
};

/// Firmware settings that can not be read when the script says so.
class ScriptedBios : public hardware::FakeBios {
public:
    explicit ScriptedBios(Script& script) : FakeBios({}), script_(script) {}
    Task<std::optional<std::vector<model::BiosSetting>>> settings(NodeContext* context) override {
        co_await script_.act("read bios");
        co_return co_await FakeBios::settings(context);
    }

private:
    Script& script_;
};

class Management : public ConductorTest {
protected:
    Management() {
        auto parts = scripted(script);
        parts["management"]["fake"] = std::make_unique<ScriptedManagement>(script);
        parts["console"]["fake"] = std::make_unique<ScriptedConsole>(script);
        parts["bios"]["fake"] = std::make_unique<ScriptedBios>(script);
        parts["firmware"]["fake"] =
            std::make_unique<hardware::FakeFirmware>(hardware::FakeDelays{});
        parts["raid"]["fake"] = std::make_unique<hardware::FakeRaid>(hardware::FakeDelays{});
        drivers = hardware::Drivers(only_fake(), std::move(parts));
        make();
        uuid = add(states::manageable);
    }

    int boot_mode(std::string mode) { return status_of(conductor->set_boot_mode({}, uuid, mode)); }
    int secure_boot(bool on) { return status_of(conductor->set_secure_boot({}, uuid, on)); }
    int console(bool on) { return status_of(conductor->set_console({}, uuid, on)); }
    int raid(std::string_view config) {
        return status_of(
            conductor->set_target_raid_config({}, uuid, parse_json(config).as_object()));
    }
    int light(std::string component, std::string id, std::string state) {
        return status_of(conductor->set_indicator_state({}, uuid, component, id, state));
    }
    bool settles(const std::function<bool(const model::Node&)>& condition) {
        return eventually([&] {
            auto now = node(uuid);
            return !now.reservation && condition(now);
        });
    }
    std::optional<JsonObject> access() {
        std::optional<JsonObject> result;
        run(keep(conductor->console({}, uuid), &result));
        return result;
    }
    int clean(std::string_view steps) {
        ProvisionRequest request;
        request.verb = "clean";
        request.clean_steps = parse_json(steps).as_array();
        return status_of(provision(uuid, std::move(request)));
    }
    std::string settings() {
        std::string list;
        for (const auto& row :
             store->read([&](store::Sql& db) { return store::bios_settings::of_node(db, uuid); }))
            list += row.name + "=" + row.value.value_or("") + " ";
        return list;
    }
    std::string firmware() {
        std::string list;
        for (const auto& row : store->read(
                 [&](store::Sql& db) { return store::firmware_components::of_node(db, uuid); }))
            list += row.component + "=" + row.current_version.value_or("") + " ";
        return list;
    }

    std::string uuid;
};

TEST_F(Management, BootModeAndSecureBootAreRemembered) {
    EXPECT_EQ(boot_mode("uefi"), 0);
    EXPECT_TRUE(settles([](auto& now) { return now.boot_mode == "uefi"; }));
    EXPECT_EQ(secure_boot(true), 0);
    EXPECT_TRUE(settles([](auto& now) { return now.secure_boot == true; }));
    EXPECT_EQ(secure_boot(false), 0);
    EXPECT_TRUE(settles([](auto& now) { return now.secure_boot == false; }));
    EXPECT_TRUE(script.called("mode uefi"));
}

TEST_F(Management, AFailureAfterwardsIsTold) {
    script.fail("mode bios", "no such mode");
    script.fail("secure", "no keys");
    script.fail("console start", "no port");
    EXPECT_EQ(boot_mode("bios"), 0);
    EXPECT_TRUE(settles([](auto& now) { return now.last_error.has_value(); }));
    EXPECT_THAT(last_error(uuid), HasSubstr("no such mode"));
    EXPECT_FALSE(node(uuid).boot_mode);
    EXPECT_EQ(secure_boot(true), 0);
    EXPECT_TRUE(
        settles([&](auto&) { return last_error(uuid).find("no keys") != std::string::npos; }));
    EXPECT_EQ(console(true), 0);
    EXPECT_TRUE(
        settles([&](auto&) { return last_error(uuid).find("no port") != std::string::npos; }));
    EXPECT_FALSE(node(uuid).console_enabled);
}

TEST_F(Management, ABrokenConfigurationIsRefusedAtOnce) {
    change(uuid, [](model::Node& n) { n.driver_info.set("broken", Json(true)); });
    EXPECT_EQ(boot_mode("uefi"), 400);
    EXPECT_EQ(secure_boot(true), 400);
    EXPECT_EQ(status_of(conductor->inject_nmi({}, uuid)), 400);
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "pxe", false)), 400);
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(Management, ALockedNodeIsLeftAlone) {
    change(uuid, [](model::Node& n) { n.reservation = "there"; });
    EXPECT_EQ(boot_mode("uefi"), 409);
    EXPECT_EQ(secure_boot(true), 409);
    EXPECT_EQ(console(true), 409);
    EXPECT_EQ(raid("{}"), 409);
    EXPECT_EQ(light("system", "led", "on"), 409);
    EXPECT_EQ(status_of(conductor->inject_nmi({}, uuid)), 409);
    std::vector<Indicator> lights;
    run(keep(conductor->indicators({}, uuid), &lights));
    EXPECT_EQ(lights.size(), 2u) << "looking needs no lock";
}

TEST_F(Management, WhatSettingABootDeviceLeavesBehindIsSaved) {
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "disk", true)), 0);
    EXPECT_EQ(node(uuid).driver_internal_info.get_text("kept"), "disk");
    EXPECT_FALSE(node(uuid).reservation);
    script.fail("device pxe", "no");
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "pxe", true)), 500);
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(Management, TheConsoleIsStartedAndStoppedOnce) {
    EXPECT_FALSE(access());
    change(uuid, [](model::Node& n) { n.last_error = "old"; });
    EXPECT_EQ(console(false), 0);
    EXPECT_FALSE(script.called("console stop")) << "it was not running";
    EXPECT_EQ(last_error(uuid), "old");
    EXPECT_EQ(console(true), 0);
    EXPECT_TRUE(settles([](auto& now) { return now.console_enabled; }));
    EXPECT_EQ(last_error(uuid), "");
    EXPECT_TRUE(access());
    EXPECT_EQ(console(false), 0);
    EXPECT_TRUE(settles([](auto& now) { return !now.console_enabled; }));
    EXPECT_TRUE(script.called("console stop"));
}

TEST_F(Management, OnlyLightsThatExistCanBeSet) {
    EXPECT_EQ(light("system", "led", "off"), 0);
    EXPECT_TRUE(script.called("light led off"));
    EXPECT_EQ(light("system", "led", "green"), 400);
    EXPECT_EQ(light("chassis", "led-0", "off"), 400) << "it can only be read";
    EXPECT_EQ(light("system", "led-0", "off"), 400);
    EXPECT_EQ(light("nope", "led", "off"), 400);
    std::string state;
    run(keep(conductor->indicator_state({}, uuid, "system", "led"), &state));
    EXPECT_EQ(state, "on");
    EXPECT_EQ(status_of(keep(conductor->indicator_state({}, uuid, "x", "led"), &state)), 400);
}

TEST_F(Management, TheTargetOfRaidIsCheckedAndTakenAway) {
    EXPECT_EQ(raid(R"({"logical_disks":[{"size_gb":1,"raid_level":"1"}]})"), 0);
    EXPECT_FALSE(node(uuid).target_raid_config.absent());
    EXPECT_EQ(raid(R"({"logical_disks":[]})"), 400);
    EXPECT_FALSE(node(uuid).target_raid_config.absent());
    EXPECT_EQ(raid("{}"), 0);
    EXPECT_TRUE(node(uuid).target_raid_config.absent());
}

TEST_F(Management, StepsChangeWhatIsKeptOfTheHardware) {
    EXPECT_EQ(raid(R"({"logical_disks":[{"size_gb":1,"raid_level":"1"}]})"), 0);
    EXPECT_EQ(clean(R"([{"interface":"bios","step":"apply_configuration",
                         "args":{"settings":[{"name":"a","value":"1"}]}},
                        {"interface":"firmware","step":"update",
                         "args":{"settings":[{"component":"bmc","url":"http://x/v2"}]}},
                        {"interface":"raid","step":"create_configuration"}])"),
              0);
    EXPECT_TRUE(reaches(uuid, states::manageable));
    EXPECT_EQ(settings(), "a=1 ");
    EXPECT_EQ(firmware(), "bmc=v2 ");
    EXPECT_TRUE(node(uuid).raid_config.get("logical_disks").is_array());
    EXPECT_EQ(clean(R"([{"interface":"bios","step":"factory_reset"},
                        {"interface":"raid","step":"delete_configuration"}])"),
              0);
    EXPECT_TRUE(reaches(uuid, states::manageable));
    EXPECT_EQ(settings(), "");
    EXPECT_EQ(firmware(), "bmc=v2 ");
    EXPECT_TRUE(node(uuid).raid_config.absent());
}

TEST_F(Management, StepsWithWrongArgumentsFailTheCleaning) {
    EXPECT_EQ(clean(R"([{"interface":"bios","step":"apply_configuration"}])"), 0);
    EXPECT_TRUE(reaches(uuid, states::clean_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("settings"));
}

TEST_F(Management, SettingsThatCanNotBeReadStopNobody) {
    script.fail("read bios", "the BMC is silent");
    change(uuid, [](model::Node& n) { n.provision_state = std::string(states::enroll); });
    EXPECT_EQ(verb(uuid, "manage"), 0);
    EXPECT_TRUE(reaches(uuid, states::manageable));
    EXPECT_TRUE(script.called("read bios"));
    EXPECT_EQ(last_error(uuid), "");
}

}  // namespace
}  // namespace ferrite::conductor
