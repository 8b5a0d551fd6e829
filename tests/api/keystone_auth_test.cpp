#include "api/keystone_auth.h"

#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "api/recorded_keystone.h"
#include "base/http_client.h"

namespace ferrite::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using Keystone = RecordedKeystone;

class KeystoneAuthTest : public ApiTest {
protected:
    KeystoneAuthTest() {
        keystone_.tokens = {
            {"sys-admin", Keystone::document("admin,member,reader", Keystone::system())},
            {"p1-reader", Keystone::document("reader", Keystone::project("p1"))},
            {"p1-admin", Keystone::document("admin,reader", Keystone::project("p1"))},
            {"late", Keystone::document("reader", Keystone::system(), kPast)},
            {"nova", Keystone::document("service", Keystone::project("service"))},
            {"no-service", Keystone::document("reader", Keystone::project("service"))},
        };
        keystone_.expired = {
            {"was-admin", Keystone::document("admin,reader", Keystone::system(), kPast)}};
        start({});
    }

    static constexpr std::string_view kPast = "2020-01-01T00:00:00.000000Z";

    void start(KeystoneOptions options) {
        if (options.auth_url.empty()) options.auth_url = keystone_.url();
        options.username = "ironic";
        options.password = Secret("pass");
        options.project_name = "service";
        options.max_retries = 0;
        api_ = std::make_unique<Api>(ApiOptions{}, store_, conductor_,
                                     std::make_unique<KeystoneAuth>(std::move(options), client_));
    }

    Reply with(std::string token, std::string service_token = "", std::string method = "GET",
               std::string path = "/v1/nodes") {
        HttpRequest request;
        request.method = std::move(method);
        request.path = std::move(path);
        request.headers.set("Host", "api.example:6385");
        // What a client claims about itself is nothing.
        request.headers.set("X-Roles", "admin");
        request.headers.set("OpenStack-System-Scope", "all");
        request.headers.set("X-Identity-Status", "Confirmed");
        if (!token.empty()) request.headers.set("X-Auth-Token", std::move(token));
        if (!service_token.empty())
            request.headers.set("X-Service-Token", std::move(service_token));
        return send(std::move(request));
    }

    RecordedKeystone keystone_{runtime_};
    HttpClient client_{runtime_.executor()};
};

TEST_F(KeystoneAuthTest, BelievesTokensAndNothingElse) {
    EXPECT_EQ(with("sys-admin", "", "GET", "/v1/chassis").status, 200);
    EXPECT_EQ(with("p1-admin", "", "GET", "/v1/chassis").status, 403);
    EXPECT_EQ(with("p1-reader").status, 200);
    for (auto token : {"", "unknown", "late", "two words", "n\xc3\xb6n-ascii"}) {
        auto reply = with(token);
        EXPECT_EQ(reply.status, 401) << token;
        EXPECT_EQ(reply.headers.get("WWW-Authenticate"),
                  fmt::format("Keystone uri=\"{}\"", keystone_.url()));
        EXPECT_FALSE(reply.headers.has("X-OpenStack-Ironic-API-Version"));
    }
    EXPECT_EQ(with("", "", "GET", "/v1").status, 200);
    EXPECT_EQ(with("", "", "OPTIONS", "/v1/nodes").status, 200);
}

TEST_F(KeystoneAuthTest, AsksOnceAboutAToken) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(with("p1-reader").status, 200);
        EXPECT_EQ(with("unknown").status, 401);
    }
    EXPECT_EQ(keystone_.validations, 2);
    EXPECT_EQ(keystone_.logins, 1);
}

TEST_F(KeystoneAuthTest, AsksAgainWhenNothingIsCached) {
    start({.cache_time = std::chrono::seconds(0)});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(with("p1-reader").status, 200);
    EXPECT_EQ(keystone_.validations, 3);
}

TEST_F(KeystoneAuthTest, LogsInAgainWhenKeystoneForgets) {
    EXPECT_EQ(with("p1-reader").status, 200);
    keystone_.forgets = 1;
    EXPECT_EQ(with("sys-admin").status, 200);
    EXPECT_EQ(keystone_.logins, 2);
    keystone_.forgets = 2;
    EXPECT_EQ(with("p1-admin").status, 503);
    EXPECT_EQ(with("p1-admin").status, 200);
}

TEST_F(KeystoneAuthTest, LogsInAsItIsTold) {
    with("p1-reader");
    const auto& login = keystone_.last_login;
    EXPECT_EQ(to_text(member(member(login, "auth"), "scope")),
              R"({"project":{"name":"service","domain":{"name":"Default"}}})");
    start({.application_credential_id = "ac", .application_credential_secret = Secret("s")});
    with("p1-reader");
    EXPECT_EQ(to_text(keystone_.last_login),
              R"({"auth":{"identity":{"methods":["application_credential"],)"
              R"("application_credential":{"id":"ac","secret":"s"}}}})");
}

TEST_F(KeystoneAuthTest, TellsApartThatItCanNotAsk) {
    struct Row {
        int status;
        std::string_view body;
    };
    for (const auto& [status, body] :
         {Row{500, ""}, Row{403, ""}, Row{201, "{}"}, Row{201, "no json"}, Row{302, ""}}) {
        keystone_.status = status;
        keystone_.body = body;
        auto reply = with("p1-reader");
        EXPECT_EQ(reply.status, 503) << status;
        EXPECT_THAT(reply.text, Not(HasSubstr("127.0.0.1")));
    }
    keystone_.status = 0;
    EXPECT_EQ(with("p1-reader").status, 200);
    start({.auth_url = "http://127.0.0.1:1"});
    EXPECT_EQ(with("p1-reader").status, 503);
    EXPECT_EQ(with("", "", "GET", "/v1").status, 200);
}

TEST_F(KeystoneAuthTest, LetsServicesActForUsersWhoseTokenExpired) {
    EXPECT_EQ(with("was-admin").status, 401);
    EXPECT_EQ(with("was-admin", "no-service").status, 401);
    EXPECT_EQ(with("was-admin", "nova").status, 200);
    EXPECT_EQ(with("was-admin").status, 401);
    EXPECT_EQ(with("p1-reader", "unknown").status, 401);
    EXPECT_EQ(with("p1-reader", "no-service").status, 200);
    start({.service_token_roles_required = true});
    EXPECT_EQ(with("p1-reader", "no-service").status, 401);
    EXPECT_EQ(with("p1-reader", "nova").status, 200);
}

TEST_F(KeystoneAuthTest, KeepsApplicationCredentialsToTheirRules) {
    keystone_.tokens["limited"] =
        Keystone::document("reader", Keystone::system(), "2999-01-01T00:00:00.000000Z",
                           R"(,"application_credential":{"access_rules":[)"
                           R"({"service":"baremetal","method":"GET","path":"/v1/nodes"},)"
                           R"({"service":"compute","method":"GET","path":"/v1/ports"},)"
                           R"({"service":"baremetal","method":"GET","path":"/v1/chassis/**"}]})");
    EXPECT_EQ(with("limited").status, 200);
    EXPECT_EQ(with("limited", "", "GET", "/v1/ports").status, 401);
    EXPECT_EQ(with("limited", "", "POST", "/v1/nodes").status, 401);
    EXPECT_EQ(with("limited", "", "GET", "/v1/chassis/a/nodes").status, 400);
}

TEST(KeystoneToken, MatchesPathsOfAccessRules) {
    constexpr std::tuple<std::string_view, std::string_view, bool> kRows[] = {
        {"/v1/nodes", "/v1/nodes", true},
        {"/v1/nodes", "/v1/nodes/a", false},
        {"/v1/nodes/*", "/v1/nodes/a", true},
        {"/v1/nodes/{node_id}", "/v1/nodes/a", true},
        {"/v1/nodes/*", "/v1/nodes/a/b", false},
        {"/v1/nodes/*/b", "/v1/nodes/a/b", true},
        {"/v1/**", "/v1/nodes/a/b", true},
        {"/**/b", "/v1/nodes/a/b", true},
        {"/**/c", "/v1/nodes/a/b", false},
        {"**", "/v1", true},
        {"", "/v1", false},
    };
    for (const auto& [pattern, path, fits] : kRows) {
        KeystoneToken token{.limited = true, .rules = {{"baremetal", "GET", std::string(pattern)}}};
        EXPECT_EQ(token.permits("GET", path), fits) << pattern << " " << path;
    }
}

TEST(KeystoneToken, RefusesWhatIsNoToken) {
    for (auto text : {"null", "{}", R"({"token":{}})", R"({"token":{"expires_at":"soon"}})",
                      R"({"token":{"expires_at":"2999-01-01T00:00:00.0Z","user":[]}})"})
        EXPECT_THROW(parse_token(parse_json(text)), Error) << text;
}

}  // namespace
}  // namespace ferrite::api
