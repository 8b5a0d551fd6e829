#include "conductor/conductor_kit.h"

/// When maintenance, fault and last_error are set and cleared (reference: conductor.md
/// sections 1.5, 1.6 and 4).
namespace ferrite::conductor {
namespace {

using testing::HasSubstr;

struct Case {
    const char* what;
    std::string_view from;
    std::function<void(model::Node&)> given;
    std::function<void(Script&, Options&)> world;
    const char* verb;  ///< Empty: nothing is asked; a time-out or the start does it.
    std::string_view to;
    bool maintenance;
    std::string_view fault;  ///< Empty: none.
    const char* says;        ///< In last_error; empty: there is none.
};

void in_vain(model::Node&) {}
void quiet(Script&, Options&) {}

void older_error(model::Node& node) {
    node.last_error = "older";
}
void silent_for_long(model::Node& node) {
    node.provision_updated_at = node.inspection_started_at = now_seconds() - 2h;
}
/// As it is while the step is under way; `abortable` or not.
std::function<void(model::Node&)> at_step(model::JsonText model::Node::* field, bool abortable,
                                          bool silent = false) {
    return [=](model::Node& node) {
        node.*field = model::JsonText(
            Json(JsonObject{{"interface", "deploy"}, {"step", "wipe"}, {"abortable", abortable}}));
        if (silent) silent_for_long(node);
    };
}
void in_maintenance_of_users(model::Node& node) {
    node.maintenance = true;
    node.maintenance_reason = "new fans";
    node.last_error = "older";
}
std::function<void(Script&, Options&)> failing(const char* call) {
    return [=](Script& script, Options&) { script.fail(call, "broken"); };
}

const auto kClean = &model::Node::clean_step;
const auto kDeploy = &model::Node::deploy_step;
const auto kService = &model::Node::service_step;
namespace faults = model::faults;

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        // A verb begins: what was wrong before is over, but maintenance is the operator's.
        {"manage clears", states::enroll, older_error, quiet, "manage", states::manageable, false,
         "", ""},
        {"manage fails", states::enroll, in_vain, failing("power?"), "manage", states::enroll,
         false, "", "broken"},
        {"manage of a failed clean keeps maintenance", states::clean_failed,
         in_maintenance_of_users, quiet, "manage", states::manageable, true, "", "older"},
        {"provide clears", states::manageable, older_error, quiet, "provide", states::available,
         false, "", ""},
        {"provide in maintenance", states::manageable, in_maintenance_of_users, quiet, "provide",
         states::available, true, "", ""},
        {"inspect in maintenance", states::manageable, in_maintenance_of_users, quiet, "inspect",
         states::manageable, true, "", ""},
        {"inspect fails", states::manageable, in_vain, failing("inspect"), "inspect",
         states::inspect_failed, false, "", "broken"},
        {"adopt fails", states::manageable, in_vain, failing("prepare"), "adopt",
         states::adopt_failed, false, "", "broken"},
        {"deploy clears", states::available, older_error, quiet, "active", states::active, false,
         "", ""},
        {"deploy fails", states::available, in_vain, failing("prepare"), "active",
         states::deploy_failed, false, "", "broken"},
        {"a deploy step fails", states::available, in_vain, failing("step deploy.deploy"), "active",
         states::deploy_failed, false, "", "broken"},
        {"undeploy fails", states::active, in_vain, failing("tear_down"), "deleted", states::error,
         false, "", "broken"},
        {"rescue fails", states::active, in_vain, failing("rescue"), "rescue",
         states::rescue_failed, false, "", "broken"},
        {"unrescue fails", states::rescue, in_vain, failing("unrescue"), "unrescue",
         states::unrescue_failed, false, "", "broken"},
        {"cleaning cannot be prepared", states::manageable, in_vain, failing("prepare_cleaning"),
         "provide", states::clean_failed, false, "", "broken"},

        // Only cleaning and servicing put the node into maintenance, and only at a step.
        {"a clean step fails", states::manageable, in_vain,
         [](Script& script, Options&) {
             script.set_steps(StepKind::clean,
                              {{.interface = "deploy", .name = "wipe", .priority = 10}});
             script.fail("step deploy.wipe", "broken");
         },
         "provide", states::clean_failed, true, faults::clean_failure, "broken"},
        {"a machine whose cleaning failed is powered off", states::manageable, in_vain,
         [](Script& script, Options& options) {
             options.power_off_in_clean_fail = true;
             script.fail("prepare_cleaning", "broken");
             script.fail("power?", "no answer");
         },
         "provide", states::clean_failed, false, "", "Also failed to power it off"},

        // Time-outs.
        {"deploy times out", states::deploy_wait, silent_for_long, quiet, "", states::deploy_failed,
         false, "", "Timeout reached"},
        {"a deploy step times out", states::deploy_wait, at_step(kDeploy, false, true), quiet, "",
         states::deploy_failed, false, "", "Timeout reached"},
        {"clean times out before a step", states::clean_wait, silent_for_long, quiet, "",
         states::clean_failed, false, "", "Timeout reached"},
        {"clean times out at a step", states::clean_wait, at_step(kClean, false, true), quiet, "",
         states::clean_failed, true, faults::clean_failure, "Timeout reached"},
        {"service times out before a step", states::service_wait, silent_for_long, quiet, "",
         states::service_failed, false, "", "Timeout reached"},
        {"service times out at a step", states::service_wait, at_step(kService, false, true), quiet,
         "", states::service_failed, true, faults::service_failure, "Timeout reached"},
        {"inspection times out", states::inspect_wait, silent_for_long, quiet, "",
         states::inspect_failed, false, "", "Timeout reached"},
        {"rescue times out", states::rescue_wait, silent_for_long, quiet, "", states::rescue_failed,
         false, "", "Timeout reached"},
        {"rescue times out and cannot be cleaned up", states::rescue_wait, silent_for_long,
         failing("rescue clean_up"), "", states::rescue_failed, false, "",
         "Also failed to clean up"},

        // Aborts: the operator knows, so there is no fault, but last_error says what happened.
        {"abort of a clean", states::clean_wait, at_step(kClean, true), quiet, "abort",
         states::clean_failed, false, "", "By request, the clean operation was aborted"},
        {"abort of a deploy", states::deploy_wait, in_vain, quiet, "abort", states::deploy_failed,
         false, "", "By request, the deploy operation was aborted"},
        {"abort of a service", states::service_wait, at_step(kService, true), quiet, "abort",
         states::active, false, "", "By request, the service operation was aborted"},
        {"abort of a service whose instance does not start", states::service_wait,
         at_step(kService, true), failing("tear_down_service"), "abort", states::service_failed,
         false, "", "Failed to start the instance again"},
        {"abort of an inspection", states::inspect_wait, in_vain, quiet, "abort",
         states::inspect_failed, false, "", "aborted by request"},
        {"abort of a rescue", states::rescue_wait, older_error, quiet, "abort",
         states::rescue_failed, false, "", ""},
        {"abort of a rescue that cannot be cleaned up", states::rescue_wait, in_vain,
         failing("rescue clean_up"), "abort", states::rescue_failed, true,
         faults::rescue_abort_failure, "broken"},
    };
    return all;
}

class Faults : public ConductorTest, public testing::WithParamInterface<Case> {};

TEST_P(Faults, AreSetAndClearedWhereTheyShould) {
    const auto& row = GetParam();
    row.world(script, options);
    auto uuid = add(row.from, row.given);
    if (*row.verb == '\0') {
        start();
    } else {
        make();
        ASSERT_EQ(verb(uuid, row.verb), 0);
    }
    ASSERT_TRUE(reaches(uuid, row.to));
    auto now = node(uuid);
    EXPECT_EQ(now.maintenance, row.maintenance);
    EXPECT_EQ(now.fault.value_or(""), row.fault);
    EXPECT_EQ(now.maintenance_reason.has_value(), row.maintenance) << "as it goes with it";
    if (*row.says == '\0')
        EXPECT_EQ(now.last_error, std::nullopt);
    else
        EXPECT_THAT(now.last_error.value_or(""), HasSubstr(row.says));
    if (now.fault) {
        EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, false, {})), 0);
        EXPECT_FALSE(node(uuid).fault) << "an operator ends it";
        EXPECT_FALSE(node(uuid).maintenance_reason);
    }
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    std::string name = info.param.what;
    for (auto& c : name)
        if (c == ' ') c = '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Table, Faults, testing::ValuesIn(cases()), name_of);

TEST_F(ConductorTest, AnAbortByRequestIsNoErrorInTheHistory) {
    make();
    for (auto [wait, field] :
         {std::pair{states::clean_wait, kClean}, std::pair{states::deploy_wait, kDeploy},
          std::pair{states::service_wait, kService}}) {
        auto uuid = add(wait, at_step(field, true));
        EXPECT_EQ(verb(uuid, "abort"), 0);
        EXPECT_TRUE(is_released(uuid));
    }
    EXPECT_EQ(errors_in_history(), 0);
}

TEST_F(ConductorTest, MachinesOfFailedOperationsArePoweredOffWhereThatIsAskedFor) {
    options.power_off_in_clean_fail = true;
    make();
    script.fail("prepare_cleaning", "broken");
    auto uuid = add(states::manageable);
    auto stays = add(states::manageable, [](model::Node& n) { n.disable_power_off = true; });
    for (const auto& each : {uuid, stays}) {
        script.set_power(each, std::string(power::on));
        EXPECT_EQ(verb(each, "provide"), 0);
        EXPECT_TRUE(reaches(each, states::clean_failed));
    }
    EXPECT_EQ(script.power_of(uuid), power::off);
    EXPECT_EQ(script.power_of(stays), power::on);
}

TEST_F(ConductorTest, NothingButRescueTimesOutWhenWaitsAreNotChecked) {
    options.ends_waits = false;
    auto cleans = add(states::clean_wait, silent_for_long);
    auto rescues = add(states::rescue_wait, [](model::Node& n) {
        silent_for_long(n);
        n.instance_info.set("rescue_password", "x");
    });
    script.set_power(rescues, std::string(power::on));
    start();
    ASSERT_TRUE(reaches(rescues, states::rescue_failed));
    EXPECT_EQ(script.power_of(rescues), power::off);
    EXPECT_TRUE(node(rescues).instance_info.get("rescue_password").is_null());
    EXPECT_EQ(state(cleans), states::clean_wait);
}

}  // namespace
}  // namespace ferrite::conductor
