#include "agent/agent_api.h"

#include <gtest/gtest.h>

#include "agent/agent_error.h"

namespace ferrite::agent {
namespace {

const std::string kToken(43, 'k');

Task<Json> give_text(JsonObject) {
    co_return "done";
}
Task<Json> give_object(JsonObject parameters) {
    co_return JsonObject{{"got", parameters.at("x")}};
}
Task<Json> fail_known(JsonObject) {
    throw AgentError(Fault::block_device_erase, "/dev/sda: broken");
    co_return nullptr;
}
Task<Json> fail_version(JsonObject) {
    throw AgentError(Fault::version_mismatch, "other");
    co_return nullptr;
}
Task<Json> fail_unknown(JsonObject) {
    throw std::runtime_error("surprise");
    co_return nullptr;
}
Task<Json> wait_for(std::shared_ptr<Signal> gate) {
    while (!co_await gate->wait_for(std::chrono::minutes(1))) {
    }
    co_return nullptr;
}
void refuse_all(const JsonObject&) {
    throw AgentError(Fault::invalid_params, "never");
}

class AgentApiTest : public testing::Test {
protected:
    AgentApiTest() {
        using Kind = Command::Kind;
        board.add("t.text", {Kind::sync, give_text});
        board.add("t.object", {Kind::sync, give_object});
        board.add("t.broken", {Kind::sync, fail_known});
        board.add("t.later", {Kind::async, give_text});
        board.add("t.later_broken", {Kind::async, fail_known});
        board.add("t.later_surprise", {Kind::async, fail_unknown});
        board.add("t.mismatch", {Kind::async, fail_version});
        board.add("t.picky", {Kind::async, give_text, refuse_all});
        board.add("t.gated", {Kind::async, [this](JsonObject) { return wait_for(gate); }});
        board.on_finished([this] { ++finished; });
        api.set_token(Secret(kToken));
    }

    ~AgentApiTest() override { work.stop(); }

    HttpResponse call(std::string method, std::string path, std::string body = "") {
        HttpRequest request;
        request.method = std::move(method);
        request.target = path;
        auto question = path.find('?');
        request.path = path.substr(0, question);
        if (question != path.npos) request.query = path.substr(question + 1);
        request.headers.set("Host", "h:9999");
        request.body = std::move(body);
        HttpResponse response;
        caller.run(answer_into(std::move(request), &response));
        return response;
    }
    Task<> answer_into(HttpRequest request, HttpResponse* response) {
        *response = co_await api.answer(std::move(request));
    }
    Json run(const std::string& name, std::string params = "{}", bool wait = true) {
        auto response =
            call("POST", "/v1/commands/?agent_token=" + kToken + (wait ? "&wait=true" : ""),
                 R"({"name":")" + name + R"(","params":)" + params + "}");
        status = response.status;
        return parse_json(response.body);
    }
    std::string fault(const HttpResponse& response) {
        return string_member(parse_json(response.body), "faultstring");
    }
    JsonArray history() {
        auto response = call("GET", "/v1/commands/?agent_token=" + kToken);
        return member(parse_json(response.body), "commands").as_array();
    }

    Runtime caller{{.threads = 2, .name = "caller"}};
    Runtime work{{.threads = 2, .name = "work"}};
    CommandBoard board{work};
    AgentApi api{board, "9.9"};
    std::shared_ptr<Signal> gate = std::make_shared<Signal>();
    std::atomic<int> finished{0};
    int status = 0;
};

TEST_F(AgentApiTest, DescribesItself) {
    auto root = parse_json(call("GET", "/").body);
    EXPECT_EQ(string_member(member(root, "default_version"), "id"), "v1");
    auto v1 = parse_json(call("GET", "/v1/").body);
    EXPECT_EQ(string_member(member(v1, "commands").as_array()[0], "href"),
              "http://h:9999/v1/commands/");
    EXPECT_EQ(call("GET", "/v1").status, 200);
    auto state = parse_json(call("GET", "/v1/status").body);
    EXPECT_EQ(string_member(state, "version"), "9.9");
    EXPECT_TRUE(member(state, "started_at").is_double());
    EXPECT_EQ(call("HEAD", "/v1/status").body, "");
}

TEST_F(AgentApiTest, AnswersUnknownPlacesAndMethods) {
    EXPECT_EQ(call("GET", "/v1/nothing").status, 404);
    EXPECT_EQ(call("GET", "/v1/status/").status, 404);
    auto response = call("DELETE", "/v1/commands/?agent_token=" + kToken);
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD, OPTIONS, POST");
}

TEST_F(AgentApiTest, WantsItsTokenForEveryCommand) {
    for (auto query : {"", "?agent_token=", "?agent_token=kk", "?token=x"}) {
        auto response = call("GET", std::string("/v1/commands/") + query);
        EXPECT_EQ(response.status, 401) << query;
        EXPECT_EQ(fault(response), "401 Unauthorized: Token invalid.");
        EXPECT_EQ(call("POST", std::string("/v1/commands") + query, "{}").status, 401);
        EXPECT_EQ(call("GET", std::string("/v1/commands/some-id") + query).status, 401);
    }
}

TEST_F(AgentApiTest, RefusesEverythingWithoutATokenOfItsOwn) {
    api.set_token(Secret());
    EXPECT_EQ(call("GET", "/v1/commands/?agent_token=").status, 401);
}

TEST_F(AgentApiTest, LetsOnlyTheTokenSendLargeBodies) {
    HttpRequest head;
    head.method = "POST";
    EXPECT_LT(api.body_limit(head), 1u << 20);
    head.query = "agent_token=" + kToken;
    EXPECT_GT(api.body_limit(head), 100u << 20);
}

TEST_F(AgentApiTest, RunsASynchronousCommand) {
    auto record = run("t.text");
    EXPECT_EQ(status, 200);
    EXPECT_EQ(string_member(record, "command_name"), "text");
    EXPECT_EQ(string_member(record, "command_status"), "SUCCEEDED");
    EXPECT_EQ(string_member(member(record, "command_result"), "result"), "done");
    EXPECT_TRUE(member(record, "command_error").is_null());
    EXPECT_EQ(member(member(run("t.object", R"({"x":7})"), "command_result"), "got").as_int64(), 7);
    EXPECT_EQ(history().size(), 2u);
    EXPECT_EQ(finished, 0);
}

TEST_F(AgentApiTest, ReportsAFailureUnderTheFullNameWhenSynchronous) {
    auto record = run("t.broken");
    EXPECT_EQ(status, 200);
    EXPECT_EQ(string_member(record, "command_name"), "t.broken");
    EXPECT_EQ(string_member(record, "command_status"), "FAILED");
    const auto error = member(record, "command_error");
    EXPECT_EQ(string_member(error, "type"), "BlockDeviceEraseError");
    EXPECT_EQ(member(error, "code").as_int64(), 500);
    EXPECT_EQ(string_member(error, "details"), "/dev/sda: broken");
    EXPECT_TRUE(member(record, "command_result").is_null());
}

TEST_F(AgentApiTest, RunsAnAsynchronousCommandToItsEnd) {
    auto record = run("t.later");
    EXPECT_EQ(string_member(record, "command_name"), "later");
    EXPECT_EQ(string_member(member(record, "command_result"), "result"), "later: done");
    EXPECT_EQ(string_member(run("t.later_broken"), "command_name"), "later_broken");
    auto surprise = run("t.later_surprise");
    EXPECT_EQ(string_member(member(surprise, "command_error"), "type"), "CommandExecutionError");
    EXPECT_EQ(string_member(member(surprise, "command_error"), "details"), "surprise");
    EXPECT_EQ(string_member(run("t.mismatch"), "command_status"), "CLEAN_VERSION_MISMATCH");
}

TEST_F(AgentApiTest, IsBusyWhileACommandRuns) {
    auto record = run("t.gated", "{}", false);
    EXPECT_EQ(string_member(record, "command_status"), "RUNNING");
    EXPECT_EQ(string_member(history().at(0), "command_status"), "RUNNING");
    auto refused = run("t.text");
    EXPECT_EQ(status, 409);
    EXPECT_EQ(string_member(refused, "faultstring"), "Agent is busy: executing command gated");
    gate->set();
    auto id = string_member(record, "id");
    auto done = call("GET", "/v1/commands/" + id + "?wait=TRUE&agent_token=" + kToken);
    EXPECT_EQ(string_member(parse_json(done.body), "command_status"), "SUCCEEDED");
    EXPECT_EQ(history().size(), 1u);
}

TEST_F(AgentApiTest, KnowsWhetherAResultWasRead) {
    EXPECT_FALSE(board.has_unread_result());
    run("t.later");
    EXPECT_TRUE(board.has_unread_result());
    history();
    EXPECT_FALSE(board.has_unread_result());
}

TEST_F(AgentApiTest, RefusesWithoutATrace) {
    const std::string path = "/v1/commands?agent_token=" + kToken;
    struct Row {
        std::string body;
        int status;
        std::string_view says;
    };
    for (const auto& row : {
             Row{"{", 400, "400 Bad Request: Failed to decode JSON object"},
             Row{"7", 400, "400 Bad Request: Missing or invalid name or params"},
             Row{R"({"name":"t.text"})", 400, "400 Bad Request: Missing or invalid name or params"},
             Row{R"({"name":"t.text","params":[]})", 400, "400 Bad Request: Missing"},
             Row{R"({"name":"text","params":{}})", 400,
                 "Invalid command: Command name must be of the form <extension>.<name>"},
             Row{R"({"name":"x.text","params":{}})", 404,
                 "Not found: Extension with id x not found."},
             Row{R"({"name":"t.y","params":{}})", 400, "Invalid command: Unknown command: y"},
             Row{R"({"name":"t.picky","params":{}})", 400, "Invalid command parameters: never"},
         }) {
        auto response = call("POST", path, row.body);
        EXPECT_EQ(response.status, row.status) << row.body;
        EXPECT_TRUE(fault(response).starts_with(row.says)) << fault(response);
    }
    EXPECT_TRUE(history().empty());
    EXPECT_EQ(fault(call("GET", "/v1/commands/nope?agent_token=" + kToken)),
              "Not found: Command Result with id nope not found.");
}

}  // namespace
}  // namespace ferrite::agent
