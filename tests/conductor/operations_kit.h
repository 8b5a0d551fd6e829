#pragma once

#include "conductor/conductor_kit.h"

namespace ferrite::conductor {

struct Operation {
    const char* name;
    const char* verb;
    std::string_view from;
    std::string_view to;
};
inline constexpr Operation kOperations[] = {
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

/// Every operation in turn, from its request to its end, on hardware that does what it is told.
class EveryOperation : public ConductorTest, public testing::WithParamInterface<Operation> {
protected:
    EveryOperation() {
        script.set_steps(StepKind::clean,
                         {{.interface = "deploy", .name = "wipe", .priority = 20},
                          {.interface = "deploy", .name = "burn", .priority = 10}});
        script.set_steps(StepKind::deploy,
                         {{.interface = "deploy", .name = "deploy", .priority = 100},
                          {.interface = "deploy", .name = "boot", .priority = 20}});
        script.set_steps(StepKind::service, {{.interface = "deploy", .name = "wipe"}});
    }

    /// A node of which the operation can be asked.
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

    /// The operation when nothing comes in between.
    struct Undisturbed {
        std::vector<std::string> calls;  ///< What the hardware was told, each call once.
        std::size_t commits;
    };
    Undisturbed undisturbed() {
        start();
        auto uuid = prepared();
        auto before = store->commits();
        EXPECT_EQ(status_of(request(uuid)), 0);
        EXPECT_TRUE(eventually([&] { return at_rest(uuid); }));
        return {each_once(script.calls()), store->commits() - before};
    }

    static std::vector<std::string> each_once(std::vector<std::string> calls) {
        std::vector<std::string> once;
        for (auto& call : calls)
            if (std::ranges::find(once, call) == once.end()) once.push_back(std::move(call));
        return once;
    }
};

#define INSTANTIATE_FOR_EVERY_OPERATION(Suite)                                  \
    INSTANTIATE_TEST_SUITE_P(Operations, Suite, testing::ValuesIn(kOperations), \
                             [](const auto& param) { return std::string(param.param.name); })

}  // namespace ferrite::conductor
