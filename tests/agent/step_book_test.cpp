#include "agent/step_book.h"

#include <gtest/gtest.h>

#include "agent/agent_error.h"
#include "base/runtime.h"

namespace ferrite::agent {
namespace {

Task<Json> echo(Json node, JsonObject arguments) {
    co_return JsonObject{{"node", string_member(node, "uuid")},
                         {"arguments", std::move(arguments)}};
}
Task<Json> explode(Json, JsonObject) {
    throw std::runtime_error("boom");
    co_return nullptr;
}
Task<Json> refuse(Json, JsonObject) {
    throw AgentError(Fault::block_device_erase, "no");
    co_return nullptr;
}

class StepBookTest : public testing::Test {
protected:
    StepBookTest() {
        steps.add({.name = "one", .clean_priority = 10, .deploy_priority = 0, .run = echo});
        steps.add({.name = "two",
                   .interface = "raid",
                   .deploy_priority = 5,
                   .arguments = {{"a", JsonObject{{"required", true}}}},
                   .run = explode});
        steps.add({.name = "three", .service_priority = 1, .run = refuse});
    }

    Json execute(StepKind kind, std::string_view parameters) {
        Json result;
        runtime.run(execute_into(kind, parse_json(parameters).as_object(), &result));
        return result;
    }
    Task<> execute_into(StepKind kind, JsonObject parameters, Json* result) {
        *result = co_await steps.execute(kind, std::move(parameters));
    }
    Fault fault_of(StepKind kind, std::string_view parameters) {
        try {
            execute(kind, parameters);
        } catch (const AgentError& error) {
            details = error.message();
            return error.fault();
        }
        return Fault::invalid_content;
    }

    Runtime runtime{{.threads = 1, .name = "test"}};
    KnownNode node;
    StepBook steps{node};
    std::string details;
};

TEST_F(StepBookTest, ListsTheStepsOfAKind) {
    auto listed = steps.list(StepKind::clean, {{"node", JsonObject{{"uuid", "u"}}}});
    EXPECT_EQ(Json(listed), parse_json(R"({"clean_steps":{"GenericHardwareManager":[
        {"step":"one","priority":10,"interface":"deploy","reboot_requested":false,
         "abortable":true}]},
        "hardware_manager_version":{"generic_hardware_manager":"1.2"}})"));
    EXPECT_EQ(string_member(node.get(), "uuid"), "u");
    auto deploy = steps.list(StepKind::deploy, {});
    const auto& group = deploy.at("deploy_steps").at("GenericHardwareManager").as_array();
    ASSERT_EQ(group.size(), 2u);
    EXPECT_FALSE(group[0].as_object().contains("abortable"));
    EXPECT_TRUE(group[1].as_object().contains("argsinfo"));
}

TEST_F(StepBookTest, EchoesTheStepAndMergesArguments) {
    auto result = execute(StepKind::clean, R"({"node":{"uuid":"u"},"ports":[],"beside":1,"x":2,
        "clean_version":{"generic_hardware_manager":"1.2"},
        "step":{"step":"one","interface":"deploy","args":{"x":3},"other":true}})");
    EXPECT_EQ(result, parse_json(R"({"clean_result":{"node":"u","arguments":{"beside":1,"x":3}},
        "clean_step":{"step":"one","interface":"deploy","args":{"x":3},"other":true}})"));
}

TEST_F(StepBookTest, TakesNoVersionAsAny) {
    EXPECT_NO_THROW(execute(StepKind::clean, R"({"clean_version":null,"step":{"step":"one"}})"));
}

TEST_F(StepBookTest, SaysWhatWentWrong) {
    EXPECT_EQ(fault_of(StepKind::clean, R"({"clean_version":{"a":"1"},"step":{"step":"one"}})"),
              Fault::version_mismatch);
    EXPECT_EQ(fault_of(StepKind::clean, R"({"step":{"step":"two"}})"), Fault::unknown_step);
    EXPECT_EQ(details, "Could not find method: two");
    EXPECT_EQ(fault_of(StepKind::clean, R"({"step":{}})"), Fault::command_failed);
    EXPECT_EQ(fault_of(StepKind::deploy, R"({"step":{"step":"two"}})"), Fault::deployment);
    EXPECT_EQ(details, "Unexpected exception performing deploy step two. boom");
    EXPECT_EQ(fault_of(StepKind::service, R"({"step":{"step":"three"}})"),
              Fault::block_device_erase);
}

}  // namespace
}  // namespace ferrite::agent
