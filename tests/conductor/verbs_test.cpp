#include "conductor/conductor_kit.h"
#include "conductor/operations.h"

namespace ferrite::conductor {
namespace {

constexpr std::string_view kVerbs[] = {"manage",  "provide",  "clean",    "active", "deploy",
                                       "rebuild", "deleted",  "undeploy", "adopt",  "inspect",
                                       "rescue",  "unrescue", "abort",    "unhold", "service"};

bool at_work(std::string_view state) {
    return state.ends_with("ing");
}

/// Every verb in every state does what the table of the state machine says: it begins and comes to
/// rest, or it is refused and nothing has changed.
class EveryVerb : public ConductorTest, public testing::WithParamInterface<std::string_view> {};

TEST_P(EveryVerb, IsTakenOrRefusedInEachStateAsTheMachineSays) {
    make();  // Without the work of a start: it would take on the nodes in busy states.
    script.set_steps(StepKind::clean, {{.interface = "deploy", .name = "wipe", .priority = 10}});
    std::string event(states::find_verb(GetParam())->event);
    for (const auto& from : states::all()) {
        SCOPED_TRACE(from.name);
        auto uuid = add(from.name, [](model::Node& n) { n.last_error = "an older error"; });
        bool legal = states::next(from.name, event).has_value();
        EXPECT_EQ(verb(uuid, std::string(GetParam())), legal ? 0 : 400) << message;
        EXPECT_TRUE(is_released(uuid));
        if (legal) {
            EXPECT_FALSE(at_work(state(uuid))) << state(uuid);
        } else {
            EXPECT_EQ(state(uuid), from.name);
            EXPECT_EQ(last_error(uuid), "an older error");
            EXPECT_THAT(message, testing::HasSubstr(uuid));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Verbs, EveryVerb, testing::ValuesIn(kVerbs),
                         [](const auto& param) { return std::string(param.param); });

TEST_F(ConductorTest, ServesEveryVerbOfTheApi) {
    for (const auto& known : states::verbs()) EXPECT_TRUE(find_operation(known.name)) << known.name;
    start();
    auto uuid = add(states::active);
    EXPECT_EQ(verb(uuid, "polish"), 400);
    EXPECT_THAT(message, testing::HasSubstr("polish"));
    EXPECT_EQ(verb(new_uuid(), "manage"), 404);
}

struct Refusal {
    const char* verb;
    std::string_view state;
    void (*make)(model::Node&, Options&);
    int status;
    const char* says;
};

class RefusedVerb : public ConductorTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedVerb, ChangesNothing) {
    const auto& row = GetParam();
    auto uuid = add(row.state, [&](model::Node& n) { row.make(n, options); });
    auto before = node(uuid);
    make();
    EXPECT_EQ(verb(uuid, row.verb), row.status);
    EXPECT_THAT(message, testing::HasSubstr(row.says));
    auto after = node(uuid);
    EXPECT_EQ(after.provision_state, before.provision_state);
    EXPECT_EQ(after.target_provision_state, before.target_provision_state);
    EXPECT_EQ(after.instance_info, before.instance_info);
    EXPECT_FALSE(after.reservation);
}

void in_maintenance(model::Node& n, Options&) {
    n.maintenance = true;
}
void is_protected(model::Node& n, Options&) {
    n.is_protected = true;
    n.protected_reason = "precious";
}
void no_bmc(model::Node& n, Options&) {
    n.driver_info.set("bmc", "missing");
}
void bad_image(model::Node& n, Options&) {
    n.instance_info.set("image_source", "bad");
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, RefusedVerb,
    testing::Values(Refusal{"active", states::available, in_maintenance, 400, "maintenance"},
                    Refusal{"rebuild", states::active, in_maintenance, 400, "maintenance"},
                    Refusal{"clean", states::manageable, in_maintenance, 400, "maintenance"},
                    Refusal{"rescue", states::active, in_maintenance, 400, "maintenance"},
                    Refusal{"unrescue", states::rescue, in_maintenance, 400, "maintenance"},
                    Refusal{"rebuild", states::active, is_protected, 403, "precious"},
                    Refusal{"deleted", states::active, is_protected, 403, "precious"},
                    Refusal{"active", states::available, no_bmc, 400, "Failed to validate"},
                    Refusal{"active", states::available, bad_image, 400, "image_source"},
                    Refusal{"clean", states::manageable, no_bmc, 400, "BMC"},
                    Refusal{"service", states::active, in_maintenance, 400, "maintenance"},
                    Refusal{"service", states::active, no_bmc, 400, "BMC"},
                    Refusal{"abort", states::service_failed, in_maintenance, 409, "maintenance"},
                    Refusal{"inspect", states::manageable, no_bmc, 400, "BMC"},
                    Refusal{"deleted", states::active, no_bmc, 400, "can not be undeployed"},
                    Refusal{"provide", states::manageable,
                            [](model::Node& n, Options& o) {
                                n.maintenance = true;
                                o.allow_provisioning_in_maintenance = false;
                            },
                            400, "maintenance"},
                    Refusal{"provide", states::manageable,
                            [](model::Node& n, Options&) { n.retired = true; }, 400, "retired"},
                    Refusal{"active", states::available,
                            [](model::Node&, Options& o) { o.max_workers = 0; }, 503, "limit"},
                    Refusal{"manage", states::enroll,
                            [](model::Node&, Options& o) { o.max_workers = 0; }, 503, "limit"},
                    Refusal{
                        "clean", states::manageable,
                        [](model::Node&, Options& o) { o.disallow_clean_steps = {"deploy.wipe"}; },
                        400, "disallow_clean_steps"}));

TEST_F(ConductorTest, CountsOperationsAgainstTheirLimits) {
    options.max_concurrent_deploy = 2;
    options.max_concurrent_clean = 1;
    make();
    add(states::deploying);
    add(states::clean_wait);
    auto one = add(states::available), two = add(states::available);
    EXPECT_EQ(verb(add(states::manageable), "clean"), 503);
    EXPECT_THAT(message, testing::HasSubstr("max_concurrent_clean"));
    EXPECT_EQ(verb(add(states::active), "deleted"), 503);
    script.close("prepare");
    EXPECT_EQ(verb(one, "active"), 0);
    EXPECT_EQ(verb(two, "active"), 503);
    EXPECT_EQ(state(two), states::available);
    EXPECT_EQ(verb(add(states::manageable), "provide"), 0) << "provide knows no limit";
    script.open("prepare");
    EXPECT_TRUE(reaches(one, states::active));
}

}  // namespace
}  // namespace ferrite::conductor
