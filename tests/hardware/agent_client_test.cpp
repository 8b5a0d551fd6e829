#include "hardware/agent_client.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/fake_agent.h"
#include "hardware/node_fixture.h"

namespace ferrite::hardware {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class AgentClientTest : public testing::Test {
protected:
    AgentClientTest() { agent_.introduce(node_.node); }
    ~AgentClientTest() override { runtime_.run(nothing()); }
    static Task<> nothing() { co_return; }

    template <class T>
    static Task<> keep(Task<T> task, T* result) {
        *result = co_await std::move(task);
    }
    AgentCommand start(std::string name, JsonObject params = {}) {
        AgentCommand command;
        runtime_.run(
            keep(client_.start(&node_.node, std::move(name), std::move(params)), &command));
        return command;
    }
    AgentCommand run(std::string name, std::chrono::seconds limit = 60s) {
        AgentCommand command;
        runtime_.run(keep(client_.run(&node_.node, std::move(name), {}, limit), &command));
        return command;
    }
    std::vector<AgentCommand> commands() {
        std::vector<AgentCommand> list;
        runtime_.run(keep(client_.commands(&node_.node), &list));
        return list;
    }

    Runtime runtime_{{.threads = 2, .name = "agent"}};
    test::FakeAgent agent_{runtime_};
    HttpClient http_{runtime_.executor()};
    AgentClient client_{http_, {.timeout = 5s, .attempts = 3, .retry_interval = 1ms}};
    test::LooseNode node_{"ipmi"};
};

TEST_F(AgentClientTest, GivesACommandWithItsToken) {
    auto command = start("clean.execute_clean_step", {{"step", "x"}});
    EXPECT_EQ(command.id, "command-0");
    EXPECT_EQ(command.name, "execute_clean_step");
    EXPECT_TRUE(command.running());
    auto request = agent_.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/commands/");
    EXPECT_EQ(request.query, "wait=false&agent_token=t%26ken");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(agent_.params("clean.execute_clean_step"), (Json{{"step", "x"}}));
}

TEST_F(AgentClientTest, ReadsWhatBecameOfTheCommands) {
    agent_.ends("a.one", "SUCCEEDED", Json{{"n", 1}});
    agent_.ends("a.two", "FAILED", nullptr, Json{{"message", "short"}, {"details", "long"}});
    start("a.one");
    start("a.two");
    start("a.three");
    auto list = commands();
    ASSERT_EQ(list.size(), 3U);
    EXPECT_TRUE(list[0].succeeded());
    EXPECT_EQ(member(list[0].result, "n"), Json(1));
    EXPECT_EQ(list[1].failure(), "long");
    EXPECT_TRUE(list[2].running());
}

TEST(AgentCommandTest, SaysInWordsWhyItFailed) {
    AgentCommand command{.name = "sync", .status = "FAILED"};
    EXPECT_EQ(command.failure(), "command sync ended as FAILED");
    command.error = "just text";
    EXPECT_EQ(command.failure(), "just text");
    command.error = Json{{"message", "short"}};
    EXPECT_EQ(command.failure(), "short");
    command.error = Json{{"type", 7}};
    EXPECT_EQ(command.failure(), "command sync ended as FAILED");
}

TEST_F(AgentClientTest, WaitsForTheEndOfWhatItRuns) {
    std::atomic<int> asked = 0;
    agent_.ends("image.install_bootloader", "RUNNING");
    agent_.on_request([&](const HttpRequest& request) {
        if (request.method == "GET") ++asked;
    });
    AgentCommand command;
    Signal done;
    auto running = [](AgentClient* client, const model::Node* node, AgentCommand* result,
                      Signal* end) -> Task<> {
        *result = co_await client->run(node, "image.install_bootloader", {}, 60s);
        end->set();
    };
    runtime_.spawn("run", running(&client_, &node_.node, &command, &done));
    for (auto end = std::chrono::steady_clock::now() + 60s;
         asked < 2 && std::chrono::steady_clock::now() < end;)
        std::this_thread::yield();
    agent_.end_last("SUCCEEDED", Json{{"ok", true}});
    runtime_.run([](Signal* end) -> Task<> { co_await end->wait_for(60s); }(&done));
    ASSERT_TRUE(done.is_set());
    EXPECT_EQ(member(command.result, "ok"), Json(true));
}

TEST_F(AgentClientTest, TellsWhyWhatItRanFailed) {
    agent_.ends("standby.sync", "FAILED", nullptr, Json{{"details", "disk gone"}});
    try {
        run("standby.sync");
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("disk gone"));
        EXPECT_THAT(error.message(), HasSubstr("standby.sync"));
        EXPECT_THAT(error.message(), HasSubstr(node_.node.uuid));
    }
    EXPECT_THROW(run("never.ends", 0s), Error);
}

TEST_F(AgentClientTest, ABusyAgentIsNoFailure) {
    agent_.always(409, R"({"faultstring": "executing"})");
    EXPECT_THROW(start("a.b"), AgentBusy);
    agent_.always(500, R"({"faultstring": "The agent is busy right now"})");
    EXPECT_THROW(start("a.b"), AgentBusy) << "the older way to say so";
    EXPECT_EQ(agent_.requests().size(), 2U) << "and is not asked again at once";
    node_.node.driver_internal_info.erase({"agent_url"});
    EXPECT_THROW(start("a.b"), AgentBusy) << "it has yet to report";
}

TEST_F(AgentClientTest, WhatItRefusesIsToldWithoutTheToken) {
    agent_.always(401, R"({"faultstring": "Token invalid."})");
    try {
        commands();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "agent");
        EXPECT_THAT(error.message(), HasSubstr("401"));
        EXPECT_THAT(error.message(), HasSubstr("Token invalid."));
        EXPECT_THAT(error.message(), Not(HasSubstr("t&ken")));
        EXPECT_THAT(error.message(), Not(HasSubstr("t%26ken")));
    }
    agent_.always(502, "<html>Bad gateway</html>");
    EXPECT_THROW(commands(), Error);
}

TEST_F(AgentClientTest, WhatIsNoAgentIsNotTakenForAnIdleOne) {
    for (const char* body :
         {"", "<html>Welcome</html>", "[]", "null", "\"commands\"", "{\"commands\":"}) {
        agent_.always(200, body);
        EXPECT_THROW(commands(), Error) << body;
    }
    for (const char* body : {"{}", R"({"commands": 7})", R"({"commands": []})"}) {
        agent_.always(200, body);
        EXPECT_TRUE(commands().empty()) << body;
    }
    agent_.always(200, R"({"commands": [7, {"command_status": 8, "command_name": []}]})");
    auto list = commands();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_FALSE(list[1].running() || list[1].succeeded());
}

TEST_F(AgentClientTest, TriesAgainWhenNobodyListens) {
    // A port that was free a moment ago.
    auto other = std::make_unique<test::FakeAgent>(runtime_);
    auto url = other->url();
    other.reset();
    node_.node.driver_internal_info.set("agent_url", Json(url));
    try {
        start("a.b");
        FAIL();
    } catch (const AgentUnreachable& error) {
        EXPECT_THAT(error.message(), HasSubstr(url));
        EXPECT_THAT(error.message(), Not(HasSubstr("t&ken")));
        EXPECT_THAT(error.message(), Not(HasSubstr("agent_token")));
    }
}

TEST_F(AgentClientTest, NeverFollowsARedirect) {
    test::FakeAgent elsewhere(runtime_);
    agent_.always(302, "");
    EXPECT_THROW(commands(), Error);
    EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(AgentView, HidesWhatTheAgentNeedNotKnow) {
    test::LooseNode node("ipmi");
    node.set_info("ipmi_password", Json("secret"));
    node.node.instance_info.set("configdrive", Json("H4sI..."));
    node.node.instance_info.set("image_source", Json("http://x/y"));
    node.node.driver_internal_info.set("agent_secret_token", Json("token"));
    node.node.name = "web-1";
    auto view = agent_view(node.node);
    auto text = ferrite::to_text(Json(view));
    EXPECT_THAT(text, Not(HasSubstr("secret\"")));
    EXPECT_THAT(text, Not(HasSubstr("H4sI")));
    EXPECT_THAT(text, Not(HasSubstr("\"token\"")));
    EXPECT_EQ(view["name"], Json("web-1"));
    EXPECT_EQ(view["instance_info"].at("image_source"), Json("http://x/y"));
    EXPECT_FALSE(view.contains("driver_info"));
}

}  // namespace
}  // namespace ferrite::hardware
