#include "hardware/fake_parts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/runtime.h"
#include "hardware/absent.h"
#include "hardware/node_fixture.h"

namespace ferrite::hardware {
namespace {

class FakeParts : public testing::Test {
protected:
    ~FakeParts() override { runtime_.stop(); }

    void run(Interface& interface, std::string step, std::string_view args = "{}") {
        Step wanted{.interface = "x", .name = std::move(step)};
        wanted.args = parse_json(args).as_object();
        runtime_.run(keep(interface.run_step(&node_, StepKind::clean, wanted), &outcome_));
    }
    template <class T>
    T ask(Task<T> task) {
        T result;
        runtime_.run(keep(std::move(task), &result));
        return result;
    }
    template <class T>
    static Task<> keep(Task<T> task, T* result) {
        *result = co_await std::move(task);
    }
    /// The names of the steps that are offered, each of which runs only when it is asked for.
    std::string offered(const Interface& interface, StepKind kind = StepKind::clean) {
        std::string names;
        for (const auto& step : interface.steps(node_, kind)) {
            EXPECT_EQ(step.priority, 0) << step.id();
            names += step.id() + " ";
        }
        return names;
    }

    Runtime runtime_{{.threads = 1, .name = "fake"}};
    test::LooseNode node_{"fake-hardware"};
    StepOutcome outcome_ = StepOutcome::wait;
};

TEST_F(FakeParts, TheBiosHasTheSettingsItWasGiven) {
    FakeBios bios({});
    EXPECT_EQ(offered(bios), "bios.apply_configuration bios.factory_reset ");
    EXPECT_EQ(offered(bios, StepKind::deploy), "");
    EXPECT_FALSE(ask(bios.settings(&node_))) << "nobody has set anything";
    run(bios, "apply_configuration",
        R"({"settings":[{"name":"b","value":"2"},{"name":"a","value":true}]})");
    EXPECT_EQ(outcome_, StepOutcome::done);
    auto settings = ask(bios.settings(&node_));
    ASSERT_EQ(settings->size(), 2u);
    EXPECT_EQ((*settings)[0].name, "b");
    EXPECT_EQ((*settings)[1].value, "true");
    run(bios, "apply_configuration", R"({"settings":[{"name":"c","value":"3"}]})");
    EXPECT_EQ(ask(bios.settings(&node_))->size(), 1u);
    run(bios, "factory_reset");
    EXPECT_EQ(ask(bios.settings(&node_))->size(), 0u);
    for (auto bad : {"{}", R"({"settings":"x"})", R"({"settings":["x"]})",
                     R"({"settings":[{"value":"1"}]})", R"({"settings":[{"name":5}]})"})
        EXPECT_THROW(run(bios, "apply_configuration", bad), InvalidValue) << bad;
}

TEST_F(FakeParts, FirmwareIsWhatItsFileIsCalled) {
    FakeFirmware firmware({});
    EXPECT_EQ(offered(firmware), "firmware.update ");
    EXPECT_FALSE(ask(firmware.components(&node_)));
    run(firmware, "update",
        R"({"settings":[{"component":"bios","url":"http://files/x/bios-2.bin"},
                        {"component":"nic:A1","url":"nic.bin"}]})");
    run(firmware, "update", R"({"settings":[{"component":"bmc","url":"http://files/bmc-9"}]})");
    auto parts = ask(firmware.components(&node_));
    ASSERT_EQ(parts->size(), 3u);
    EXPECT_EQ((*parts)[0].component, "bios");
    EXPECT_EQ((*parts)[0].current_version, "bios-2.bin");
    EXPECT_EQ((*parts)[1].current_version, "nic.bin");
    EXPECT_EQ((*parts)[2].current_version, "bmc-9");
    for (auto bad : {"{}", R"({"settings":[{"component":"bios"}]})",
                     R"({"settings":[{"component":"disk","url":"u"}]})",
                     R"({"settings":[{"component":"nic:","url":"u"}]})"})
        EXPECT_THROW(run(firmware, "update", bad), InvalidValue) << bad;
}

TEST_F(FakeParts, RaidBuildsWhatIsWanted) {
    FakeRaid raid({});
    EXPECT_EQ(offered(raid), "raid.create_configuration raid.delete_configuration ");
    run(raid, "create_configuration");
    EXPECT_TRUE(node_.node.raid_config.absent()) << "nothing is wanted";
    node_.node.target_raid_config.set(
        "logical_disks", parse_json(R"([{"size_gb":1,"raid_level":"1","is_root_volume":true},
                       {"size_gb":2,"raid_level":"0"}])"));
    auto sizes = [&] {
        std::string list;
        for (const auto& disk : node_.node.raid_config.get("logical_disks").as_array())
            list += ferrite::to_text(member(disk, "size_gb"));
        return list;
    };
    run(raid, "create_configuration");
    EXPECT_EQ(sizes(), "12");
    run(raid, "create_configuration", R"({"create_nonroot_volumes":false})");
    EXPECT_EQ(sizes(), "1");
    run(raid, "create_configuration", R"({"create_root_volume":false})");
    EXPECT_EQ(sizes(), "2");
    run(raid, "delete_configuration");
    EXPECT_TRUE(node_.node.raid_config.absent());
}

TEST_F(FakeParts, RaidIsValidatedByWhatIsWanted) {
    RaidInterface raid;
    EXPECT_NO_THROW(raid.validate(node_));
    node_.node.target_raid_config.set("logical_disks", JsonArray());
    EXPECT_THROW(raid.validate(node_), InvalidValue);
    EXPECT_THROW(NoRaid().validate(node_), Error);
    EXPECT_THROW(NoRaid().validate_target(node_, {}), NotFound);
}

TEST_F(FakeParts, TheConsoleCanBeStartedAndSaysNothing) {
    FakeConsole console;
    EXPECT_NO_THROW(console.validate(node_));
    runtime_.run(console.start(&node_));
    EXPECT_TRUE(ask(console.access(&node_)).empty());
    runtime_.run(console.stop(&node_));
    NoConsole none;
    EXPECT_THROW(none.validate(node_), Error);
    EXPECT_THROW(runtime_.run(none.start(&node_)), Error);
    EXPECT_THROW(runtime_.run(none.stop(&node_)), Error);
    EXPECT_THROW(ask(none.access(&node_)), Error);
}

TEST_F(FakeParts, TwoLightsAreOn) {
    FakeManagement management({});
    auto lights = management.indicators(node_);
    ASSERT_EQ(lights.size(), 2u);
    EXPECT_EQ(lights[0].id + "@" + lights[0].component, "led-0@chassis");
    EXPECT_TRUE(lights[0].read_only);
    EXPECT_EQ(lights[1].id + "@" + lights[1].component, "led@system");
    EXPECT_EQ(ask(management.indicator_state(&node_, lights[1])), "on");
    EXPECT_THROW(runtime_.run(management.set_indicator_state(&node_, lights[1], "off")), Error);
    EXPECT_THROW(runtime_.run(management.inject_nmi(&node_)), Error);
    EXPECT_THROW(runtime_.run(management.set_secure_boot(&node_, true)), Error);
}

}  // namespace
}  // namespace ferrite::hardware
