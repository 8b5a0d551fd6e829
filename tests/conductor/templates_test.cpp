#include "conductor/conductor_kit.h"
#include "conductor/steps.h"
#include "store/deploy_templates.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json step(const char* name, int priority, Json args = JsonObject()) {
    return Json{
        {"interface", "deploy"}, {"step", name}, {"priority", priority}, {"args", std::move(args)}};
}

/// Deploys of instances that ask for traits, with templates of these names.
class Templates : public ConductorTest {
protected:
    Templates() {
        script.set_steps(StepKind::deploy,
                         {{.interface = "deploy", .name = "deploy", .priority = 100},
                          {.interface = "deploy", .name = "tune", .priority = 50},
                          {.interface = "deploy", .name = "extra"}});
    }
    void keep(const std::string& name, JsonArray steps) {
        model::DeployTemplate row;
        row.uuid = new_uuid();
        row.name = name;
        row.steps = model::JsonText(Json(std::move(steps)));
        store->write_now([&](store::Sql& db) { store::deploy_templates::insert(db, row); });
    }
    std::string asking_for(JsonArray traits) {
        return add(states::available, [&](model::Node& n) {
            n.traits = model::JsonText(std::string(R"(["CUSTOM_A","CUSTOM_B","CUSTOM_C"])"));
            n.instance_info.set("traits", Json(std::move(traits)));
        });
    }
    int deploy(const std::string& uuid, JsonArray steps = {}) {
        ProvisionRequest request;
        request.verb = "active";
        request.deploy_steps = std::move(steps);
        return status_of(provision(uuid, std::move(request)));
    }
    std::vector<std::string> steps_of(const std::string& uuid, JsonArray steps = {}) {
        script.forget_calls();
        EXPECT_EQ(deploy(uuid, std::move(steps)), 0) << message;
        EXPECT_TRUE(reaches(uuid, states::active));
        std::vector<std::string> names;
        for (const auto& call : script.calls())
            if (call.starts_with("step deploy.")) names.push_back(call.substr(12));
        return names;
    }
};

TEST_F(Templates, AddTheirStepsForTheTraitsOfTheInstance) {
    start();
    keep("CUSTOM_A", {step("extra", 70)});
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_A"})), ElementsAre("deploy", "extra", "tune"));
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_B"})), ElementsAre("deploy", "tune"));
    EXPECT_THAT(steps_of(asking_for({})), ElementsAre("deploy", "tune"));
}

TEST_F(Templates, BeatTheNodesOwnStepsAndAreBeatenByTheUsers) {
    start();
    keep("CUSTOM_A", {step("extra", 70), step("tune", 120)});
    auto uuid = asking_for({"CUSTOM_A"});
    EXPECT_THAT(steps_of(uuid), ElementsAre("tune", "deploy", "extra"));
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_A"}), {step("tune", 10)}),
                ElementsAre("deploy", "extra", "tune"));
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_A"}), {step("tune", 0), step("extra", 0)}),
                ElementsAre("deploy"));
}

TEST_F(Templates, MaySwitchStepsOffAndNameUnknownOnes) {
    start();
    keep("CUSTOM_A", {step("tune", 0), step("unheard_of", 10)});
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_A"})), ElementsAre("deploy"));
}

TEST_F(Templates, ThatAreNotAllowedAreLeftOut) {
    options.disallow_deploy_steps = {"deploy.extra"};
    start();
    keep("CUSTOM_A", {step("extra", 70)});
    EXPECT_THAT(steps_of(asking_for({"CUSTOM_A"})), ElementsAre("deploy", "tune"));
}

TEST_F(Templates, AndTraitsThatCannotBeAreRefusedAtOnce) {
    start();
    keep("CUSTOM_A", {step("extra", 70)});
    keep("CUSTOM_B", {step("extra", 60)});
    keep("CUSTOM_C", {step("tune", 60, Json{{"nope", 1}})});
    struct {
        JsonArray traits;
        JsonArray steps;
        const char* says;
    } rows[] = {
        {{"CUSTOM_A", "CUSTOM_B"}, {}, "deploy.extra"},
        {{"CUSTOM_C"}, {}, "takes no argument 'nope'"},
        {{"CUSTOM_X", "CUSTOM_Y"}, {}, "does not have: CUSTOM_X, CUSTOM_Y"},
        {{1}, {}, "list of names"},
        {{}, {step("deploy", 10)}, "can only be switched off"},
        {{}, {step("tune", 10, Json{{"nope", 1}})}, "takes no argument 'nope'"},
    };
    for (const auto& row : rows) {
        auto uuid = asking_for(row.traits);
        EXPECT_EQ(deploy(uuid, row.steps), 400) << row.says;
        EXPECT_THAT(message, HasSubstr(row.says));
        EXPECT_EQ(state(uuid), states::available);
    }
    JsonObject results;
    auto uuid = asking_for({"CUSTOM_X"});
    run(ConductorTest::keep(conductor->validate({}, uuid), &results));
    EXPECT_EQ(member(results["deploy"], "result"), Json(false));
    EXPECT_THAT(string_member(results["deploy"], "reason"), HasSubstr("CUSTOM_X"));
}

}  // namespace
}  // namespace ferrite::conductor
