#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "api/access_log.h"
#include "api/api_fixture.h"
#include "api/public_url.h"
#include "api/request_id.h"
#include "base/log.h"

/// How requests are named, and what is told of them and of their failures.
namespace ferrite::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kGlobal = "req-11110001-0000-4000-8000-00000000000a";

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// Fails inside, as a bug would.
struct BrokenConductor : FakeConductor {
    using FakeConductor::FakeConductor;
    Task<JsonObject> validate(conductor::RequestContext, std::string) override {
        throw std::runtime_error("the flux is low");
    }
};

class RequestLogTest : public ApiTest {
protected:
    ~RequestLogTest() override { configure_log(LogLevel::info); }

    HttpRequest failing_request() {
        HttpRequest request;
        request.method = "GET";
        request.path = "/v1/nodes/" + new_node() + "/validate";
        request.headers.set("X-Auth-Token", "hunter2");
        return request;
    }
    void break_api(ApiOptions options = {}) {
        api_ = std::make_unique<Api>(std::move(options), store_, broken_);
    }

    BrokenConductor broken_{store_};
};

TEST_F(RequestLogTest, TheCallersIdIsTakenOnlyWhenItIsOne) {
    HttpHeaders headers;
    EXPECT_EQ(global_request_id(headers), "");
    for (auto [sent, taken] : {std::pair(kGlobal, true),
                               {"11110001-0000-4000-8000-00000000000a", false},
                               {"req-11110001-0000-4000-8000-00000000000A", false},
                               {"req-1111000100004000800000000000000a", false},
                               {"req-11110001-0000-4000-8000-00000000000a ", false},
                               {"req-11110001-0000-4000-8000-00000000000a\nX", false},
                               {"req-", false}}) {
        headers.set("x-openstack-request-id", sent);
        EXPECT_EQ(global_request_id(headers), taken ? sent : "") << sent;
    }
}

TEST_F(RequestLogTest, AnswersCarryAnIdOfTheirOwn) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/v1/nodes";
    request.headers.set("X-Openstack-Request-Id", kGlobal);
    auto first = send(request).headers;
    auto own = first.get("x-openstack-request-id");
    EXPECT_TRUE(own.starts_with("req-"));
    EXPECT_NE(own, kGlobal);
    EXPECT_EQ(first.get("openstack-request-id"), own);
    EXPECT_NE(send(request).headers.get("x-openstack-request-id"), own);
}

TEST_F(RequestLogTest, FailuresAreLoggedUnderBothIds) {
    auto log = directory_ + "/log";
    configure_log(LogLevel::info, log);
    auto request = failing_request();
    request.headers.set("X-Openstack-Request-Id", kGlobal);
    break_api();
    auto reply = send(request);
    EXPECT_EQ(reply.status, 500);
    auto id = std::string(reply.headers.get("x-openstack-request-id"));
    EXPECT_THAT(content(log), HasSubstr("API_REQUEST_FAILED method=GET path="));
    EXPECT_THAT(content(log), HasSubstr(" request=" + id + "/" + kGlobal + "\n"));
    EXPECT_THAT(content(log), Not(HasSubstr("hunter2")));
    EXPECT_THAT(reply.fault(), HasSubstr(id));
    EXPECT_THAT(reply.text, Not(HasSubstr("flux")));
}

TEST_F(RequestLogTest, DebuginfoIsForServersInDevelopment) {
    configure_log(LogLevel::info, directory_ + "/log");
    auto request = failing_request();
    break_api();
    EXPECT_TRUE(send(request).error().at("debuginfo").is_null());
    break_api({.debug_tracebacks_in_api = true});
    auto debug = string_member(send(request).error(), "debuginfo");
    EXPECT_THAT(debug, HasSubstr("std::runtime_error: the flux is low"));
    EXPECT_THAT(debug, HasSubstr("GET /v1/nodes/"));
    EXPECT_THAT(debug, Not(HasSubstr("hunter2")));
    EXPECT_TRUE(get("/v1/nodes/missing").error().at("debuginfo").is_null());
}

TEST_F(RequestLogTest, AccessLogHasALineForEachRequest) {
    auto path = directory_ + "/access";
    {
        AccessLog log(runtime_, path);
        Api api({}, store_, conductor_, nullptr, &log);
        HttpRequest request;
        request.method = "GET";
        request.path = "/v1/nodes/a b\"\n\xC3";
        request.query = "agent_token=hunter2";
        request.remote_address = "192.0.2.7";
        HttpResponse response;
        runtime_.run(answer(&api, request, &response));
        auto id = response.headers.get("x-openstack-request-id");
        log.reopen();
        api.refusal(request, 413);
        request.method = std::string(600, 'M');
        request.remote_address = "";
        runtime_.run(answer(&api, request, &response));
        EXPECT_FALSE(id.empty());
    }
    auto lines = content(path);
    EXPECT_EQ(std::ranges::count(lines, '\n'), 3);
    EXPECT_THAT(lines, testing::MatchesRegex(
                           "[0-9-]{10}T[0-9:.]{12}Z client=192.0.2.7 request=req-[0-9a-f-]{36} "
                           "method=GET path=/v1/nodes/a%20b%22%0A%C3 status=400 bytes=[0-9]+ "
                           "ms=[0-9]+\\.[0-9]{3}\n(.|\n)*"));
    EXPECT_THAT(lines, HasSubstr("status=413"));
    EXPECT_THAT(lines, HasSubstr("client=local"));
    EXPECT_THAT(lines, Not(HasSubstr("hunter2")));
}

TEST_F(RequestLogTest, AccessLogNeedsAFileThatCanBeOpened) {
    EXPECT_THROW(AccessLog(runtime_, directory_), Error);
}

TEST_F(RequestLogTest, ProxiesTellOfTheClient) {
    HttpRequest request;
    request.remote_address = "10.0.0.1";
    request.headers.set("X-Forwarded-For", "192.0.2.7, 10.0.0.9");
    EXPECT_EQ(client_address({}, request), "10.0.0.1");
    ApiOptions behind{.enable_proxy_headers_parsing = true};
    EXPECT_EQ(client_address(behind, request), "192.0.2.7");
    request.headers.set("Forwarded", "for=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.9");
    EXPECT_EQ(client_address(behind, request), "[2001:db8::1]:4711");
    request.headers.set("Forwarded", "for=\"bad client\"");
    EXPECT_EQ(client_address(behind, request), "10.0.0.1");
}

}  // namespace
}  // namespace ferrite::api
