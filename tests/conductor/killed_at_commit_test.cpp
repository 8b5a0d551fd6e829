#include "conductor/conductor_kit.h"

namespace ferrite::conductor {
namespace {

struct Case {
    const char* name;
    const char* verb;
    std::string_view from;
    std::string_view to;
};
constexpr Case kCases[] = {
    {"manage", "manage", states::enroll, states::manageable},
    {"provide", "provide", states::manageable, states::available},
    {"inspect", "inspect", states::manageable, states::manageable},
    {"clean", "clean", states::manageable, states::manageable},
    {"deploy", "active", states::available, states::active},
    {"rebuild", "rebuild", states::active, states::active},
    {"undeploy", "deleted", states::active, states::available},
    {"adopt", "adopt", states::manageable, states::active},
    {"rescue", "rescue", states::active, states::rescue},
    {"unrescue", "unrescue", states::rescue, states::active},
    {"service", "service", states::active, states::active},
    {"power", "power on", states::active, states::active},
    {"reboot", "rebooting", states::active, states::active},
};

/// Ends the process, as far as the database can tell, behind each commit of an operation in turn,
/// and starts it again. Nothing may be left undone, half done or locked.
class KilledAtEveryCommit : public ConductorTest, public testing::WithParamInterface<Case> {
protected:
    KilledAtEveryCommit() {
        script.set_steps(StepKind::clean,
                         {{.interface = "deploy", .name = "wipe", .priority = 20},
                          {.interface = "deploy", .name = "burn", .priority = 10}});
        script.set_steps(StepKind::deploy,
                         {{.interface = "deploy", .name = "deploy", .priority = 100},
                          {.interface = "deploy", .name = "boot", .priority = 20}});
        script.set_steps(StepKind::service, {{.interface = "deploy", .name = "wipe"}});
    }

    std::string prepared() {
        // Only a machine that is on is rebooted; one that is off is switched on.
        auto power = std::string(GetParam().verb) == "rebooting" ? power::on : power::off;
        auto uuid = add(GetParam().from, [&](model::Node& node) {
            node.power_state = std::string(power);
            node.instance_info.set("image_source", Json("http://192.0.2.1/image"));
        });
        script.set_power(uuid, std::string(power));
        return uuid;
    }

    Task<> request(std::string uuid) {
        std::string verb = GetParam().verb;
        if (verb == "power on" || verb == "rebooting")
            return conductor->change_power({}, std::move(uuid), verb, {});
        ProvisionRequest wanted{.verb = verb};
        JsonObject step{{"interface", "deploy"}, {"step", "wipe"}};
        if (verb == "clean") wanted.clean_steps.emplace_back(step);
        if (verb == "service") wanted.service_steps.emplace_back(step);
        if (verb == "rescue") wanted.rescue_password = "secret";
        return provision(std::move(uuid), std::move(wanted));
    }

    bool at_rest(const std::string& uuid) {
        auto now = node(uuid);
        return now.in_state(GetParam().to) && !now.reservation && !now.target_power_state;
    }

    /// How often the operation writes when nothing comes in between.
    std::size_t undisturbed_commits() {
        start();
        auto uuid = prepared();
        auto before = store->commits();
        EXPECT_EQ(status_of(request(uuid)), 0);
        EXPECT_TRUE(eventually([&] { return at_rest(uuid); }));
        return store->commits() - before;
    }
};

TEST_P(KilledAtEveryCommit, EndsAsIfNothingHadHappened) {
    auto commits = undisturbed_commits();
    ASSERT_GE(commits, 3u);
    auto calls = script.calls();
    for (std::size_t last = 1; last <= commits; ++last) {
        SCOPED_TRACE(last);
        script.forget_calls();
        auto uuid = prepared();
        auto end = store->commits() + last;
        store->end_after(end);
        runtime->spawn("request", request(uuid));
        ASSERT_TRUE(eventually([&] { return store->commits() >= end; }));
        kill();
        start();
        // The first commit is that of the lock: what was not begun was not accepted.
        if (last == 1) {
            EXPECT_TRUE(is_released(uuid));
            EXPECT_EQ(state(uuid), GetParam().from);
            EXPECT_TRUE(script.calls().empty());
            continue;
        }
        EXPECT_TRUE(eventually([&] {
            return at_rest(uuid) && std::ranges::all_of(calls, [&](const std::string& call) {
                       return script.called(call);
                   });
        })) << "state "
            << state(uuid) << ", done " << testing::PrintToString(script.calls());
        EXPECT_EQ(last_error(uuid), "");
    }
    EXPECT_EQ(errors_in_history(), 0);
}

INSTANTIATE_TEST_SUITE_P(Operations, KilledAtEveryCommit, testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace ferrite::conductor
