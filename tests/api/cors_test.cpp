#include "api/cors.h"

#include "api/api_fixture.h"

namespace ferrite::api {
namespace {

constexpr auto kOrigin = "Access-Control-Allow-Origin";
constexpr auto kMethods = "Access-Control-Allow-Methods";

/// What web pages in browsers are told ([cors]).
class CorsTest : public ApiTest {
protected:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    void allow(CorsOptions cors) { make_api({.cors = std::move(cors)}); }

    Reply ask(std::string method, std::string path, const Fields& fields) {
        HttpRequest request;
        request.method = std::move(method);
        request.path = std::move(path);
        for (const auto& [name, value] : fields) request.headers.add(name, value);
        return send(std::move(request));
    }
    Reply preflight(const std::string& origin, const std::string& method,
                    const std::string& headers = "") {
        Fields fields{{"Origin", origin}, {"Access-Control-Request-Method", method}};
        if (!headers.empty()) fields.emplace_back("Access-Control-Request-Headers", headers);
        return ask("OPTIONS", "/v1/nodes", fields);
    }
};

TEST_F(CorsTest, SaysNothingWhenNoOriginIsAllowed) {
    EXPECT_FALSE(ask("GET", "/v1/nodes", {{"Origin", "https://a"}}).headers.has(kOrigin));
    auto reply = preflight("https://a", "GET");
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.headers.has(kOrigin));
}

TEST_F(CorsTest, EachAllowedOriginIsRepeated) {
    allow({.allowed_origin = {"https://a", "http://b:8080"}});
    for (std::string origin : {"https://a", "http://b:8080"}) {
        auto reply = ask("GET", "/v1/nodes", {{"Origin", origin}});
        EXPECT_EQ(reply.headers.get(kOrigin), origin);
        EXPECT_EQ(reply.headers.get("Vary"), "Origin");
        EXPECT_EQ(reply.headers.get("Access-Control-Allow-Credentials"), "true");
        EXPECT_EQ(reply.headers.get("Access-Control-Expose-Headers"),
                  "X-OpenStack-Ironic-API-Minimum-Version,"
                  "X-OpenStack-Ironic-API-Maximum-Version,X-OpenStack-Ironic-API-Version");
    }
    for (std::string origin : {"http://a", "https://a:443", "https://a/", "null", "https://evil"})
        EXPECT_FALSE(ask("GET", "/v1/nodes", {{"Origin", origin}}).headers.has(kOrigin)) << origin;
    EXPECT_FALSE(ask("GET", "/v1/nodes", {}).headers.has("Vary"));
}

TEST_F(CorsTest, ErrorsCanBeReadByPagesToo) {
    allow({.allowed_origin = {"https://a"}});
    for (std::string path : {"/v1/nodes/missing", "/v1/unknown", "/v1/nodes?limit=-1"})
        EXPECT_EQ(ask("GET", path, {{"Origin", "https://a"}}).headers.get(kOrigin), "https://a")
            << path;
    HttpRequest head;
    head.headers.set("Origin", "https://a");
    EXPECT_EQ(api_->refusal(head, 413).headers.get(kOrigin), "https://a");
}

TEST_F(CorsTest, StarAllowsEveryOrigin) {
    allow({.allowed_origin = {"*", "https://a"}, .allow_credentials = false});
    auto reply = ask("GET", "/v1/nodes", {{"Origin", "https://whoever"}});
    EXPECT_EQ(reply.headers.get(kOrigin), "*");
    EXPECT_FALSE(reply.headers.has("Access-Control-Allow-Credentials"));
    EXPECT_EQ(ask("GET", "/v1/nodes", {{"Origin", "https://a"}}).headers.get(kOrigin), "https://a");
}

TEST_F(CorsTest, Preflight) {
    allow({.allowed_origin = {"https://a"}, .allow_headers = {"X-Mine"}});
    struct {
        std::string method, headers;
        bool let_through;
    } rows[] = {
        {"GET", "", true},
        {"PATCH", "content-type", true},
        {"PUT", "x-auth-token, X-OpenStack-Ironic-API-Version,OpenStack-API-Version", true},
        {"DELETE", "x-mine", true},
        {"POST", "x-other", false},
        {"POST", "x-mine,x-other", false},
        {"TRACE", "", false},
        {"get", "", false},
        {"", "", false},
    };
    for (const auto& [method, headers, let_through] : rows) {
        auto reply = preflight("https://a", method, headers);
        EXPECT_EQ(reply.status, 200) << method;
        EXPECT_EQ(reply.text, "");
        EXPECT_EQ(reply.headers.has(kOrigin), let_through) << method << " " << headers;
        EXPECT_EQ(reply.headers.get(kMethods), let_through ? method : "");
        EXPECT_EQ(reply.headers.get("Access-Control-Max-Age"), let_through ? "3600" : "");
        EXPECT_FALSE(reply.headers.has("Access-Control-Expose-Headers"));
    }
    EXPECT_EQ(preflight("https://a", "GET", "x-mine , Accept")
                  .headers.get("Access-Control-Allow-Headers"),
              "x-mine,Accept");
    EXPECT_FALSE(preflight("https://b", "GET").headers.has(kOrigin));
    allow({.allowed_origin = {"https://a"}, .max_age = std::chrono::seconds(0)});
    EXPECT_FALSE(preflight("https://a", "GET").headers.has("Access-Control-Max-Age"));
}

TEST_F(CorsTest, OptionsIsAnsweredWellEverywhere) {
    EXPECT_EQ(ask("OPTIONS", "/v1/no/such/thing", {}).status, 200);
    EXPECT_EQ(ask("OPTIONS", "*", {}).status, 200);
    auto root = ask("OPTIONS", "/", {{"X-OpenStack-Ironic-API-Version", "nonsense"}});
    EXPECT_EQ(root.status, 200);
    EXPECT_EQ(root.text, "");
    EXPECT_EQ(ask("OPTIONS", "/", {}).string("name"), "OpenStack Ironic API");
}

}  // namespace
}  // namespace ferrite::api
