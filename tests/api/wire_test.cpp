#include "api/api_fixture.h"
#include "api/negotiation.h"
#include "api/routes.h"

/// What is common to all requests: versions, envelopes, headers, links, limits.
namespace ferrite::api {
namespace {

constexpr auto kVersion = "X-OpenStack-Ironic-API-Version";

class WireTest : public ApiTest {};

TEST_F(WireTest, RootNamesTheVersions) {
    auto reply = get("/", "");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(string_member(reply.at("default_version"), "version"), "1.115");
    EXPECT_EQ(string_member(reply.at("default_version"), "min_version"), "1.1");
    EXPECT_EQ(reply.at("versions").as_array().size(), 1u);
    EXPECT_EQ(send("POST", "/", "", "{}").status, 200);
}

TEST_F(WireTest, DiscoveryGrowsWithTheVersion) {
    struct {
        std::string name;
        int first;
    } rows[] = {{"nodes", 1},     {"lookup", 22},          {"portgroups", 23},
                {"volume", 32},   {"conductors", 49},      {"allocations", 52},
                {"events", 54},   {"shards", 82},          {"continue_inspection", 84},
                {"runbooks", 92}, {"inspection_rules", 96}};
    for (const auto& [name, first] : rows) {
        auto at = [&](int minor) {
            return get("/v1", "1." + std::to_string(minor)).json.as_object().contains(name);
        };
        EXPECT_TRUE(at(first)) << name;
        if (first > 1) EXPECT_FALSE(at(first - 1)) << name;
    }
}

TEST_F(WireTest, V1TakesOnlyGet) {
    auto reply = send("DELETE", "/v1");
    EXPECT_EQ(reply.status, 405);
    EXPECT_TRUE(reply.is_fault());
}

TEST_F(WireTest, AnswersWithTheVersionThatIsUsed) {
    auto reply = get("/v1/nodes", "latest");
    EXPECT_EQ(reply.headers.get(kVersion), "1.115");
    EXPECT_EQ(reply.headers.get("X-OpenStack-Ironic-API-Minimum-Version"), "1.1");
    EXPECT_EQ(get("/v1/nodes", "").headers.get(kVersion), "1.1");
    EXPECT_EQ(get("/v1/nodes", " 1.30 ").headers.get(kVersion), "1.30");
}

TEST_F(WireTest, RefusesVersionsThatAreNone) {
    for (std::string version : {"1", "1.2.3", "abc", "1.x"}) {
        auto reply = get("/v1/nodes", version);
        EXPECT_EQ(reply.status, 406) << version;
        EXPECT_TRUE(reply.is_router_refusal()) << version;
        EXPECT_FALSE(reply.headers.has("X-OpenStack-Ironic-API-Maximum-Version")) << version;
    }
    for (std::string version : {"2.1", "1.0", "1.116", "-1.5"}) {
        auto reply = get("/v1/nodes", version);
        EXPECT_EQ(reply.status, 406) << version;
        EXPECT_EQ(reply.headers.get("X-OpenStack-Ironic-API-Maximum-Version"), "1.115") << version;
        EXPECT_FALSE(reply.headers.has(kVersion)) << version;
    }
    EXPECT_TRUE(get("/v1", "1.999").is_fault());
    EXPECT_EQ(get("/", "1.999").status, 406);
}

TEST_F(WireTest, StandardVersionHeaderWins) {
    struct {
        std::string standard;
        int minor;
    } rows[] = {{"baremetal 1.50", 50}, {"compute 2.1, baremetal 1.60", 60},
                {"compute 2.1", 30},    {"baremetal", 30},
                {"1.50", 30},           {"bare-metal 1.5", 30}};
    for (const auto& [standard, minor] : rows) {
        HttpHeaders headers;
        headers.set(kVersion, "1.30");
        headers.set("OpenStack-API-Version", standard);
        EXPECT_EQ(negotiate(headers, model::kLatestVersion, {}).version.minor, minor) << standard;
    }
}

TEST_F(WireTest, PinnedServiceKeepsTheMannersOfItsRelease) {
    make_api({.max_version = {82}});
    EXPECT_EQ(get("/", "1.999").status, 200);
    EXPECT_EQ(get("/v1/nodes", "1.83").status, 406);
    HttpRequest request;
    request.method = "GET";
    request.path = "/v1/nodes";
    request.headers.set("OpenStack-API-Version", "baremetal 1.50");
    EXPECT_EQ(send(request).headers.get(kVersion), "1.1");
}

TEST_F(WireTest, EveryAnswerHasARequestId) {
    for (std::string path : {"/", "/v1/nodes", "/v1/nodes/missing", "/v1/unknown"})
        EXPECT_EQ(get(path).headers.get("x-openstack-request-id").size(), 40u) << path;
}

TEST_F(WireTest, UnknownPathsAndMethods) {
    for (std::string path : {"//v1/nodes", "/v1/nodes/detail/", "/v1//nodes"})
        EXPECT_EQ(get(path).status, 404) << path;
    for (std::string path : {"/v1/unknown", "/unknown", "/v2", "/v2/nodes"}) {
        auto reply = get(path);
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_TRUE(reply.is_router_refusal()) << path;
    }
    auto reply = put("/v1/nodes", "{}");
    EXPECT_EQ(reply.status, 405);
    EXPECT_TRUE(reply.is_router_refusal());
    EXPECT_EQ(reply.headers.get("Allow"), "DELETE, GET, PATCH, POST");
    EXPECT_EQ(send("HEAD", "/v1/nodes").status, 405);
    EXPECT_EQ(send("HEAD", "/v1/nodes").text, "");
    EXPECT_EQ(send("OPTIONS", "/v1/nodes").status, 200);
    EXPECT_EQ(send("DELETE", "/v1/nodes").status, 400);
}

TEST_F(WireTest, PartsOfANodeAreNoFields) {
    auto uuid = new_node();
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/maintenance").status, 405);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/management/nope").status, 405);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/power_state/deeper").status, 405);
    EXPECT_EQ(send("DELETE", "/v1/nodes/" + uuid + "/nope").status, 404);
}

TEST_F(WireTest, RefusesTooOldVersionsInTheStyleOfThePlace) {
    auto uuid = new_node();
    EXPECT_TRUE(get("/v1/conductors", "1.48").is_fault());
    EXPECT_EQ(get("/v1/conductors", "1.48").status, 404);
    EXPECT_TRUE(get("/v1/shards", "1.81").is_fault());
    EXPECT_TRUE(get("/v1/nodes/" + uuid + "/history", "1.77").is_router_refusal());
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/traits", "1.36").status, 406);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/children", "1.82").status, 404);
    EXPECT_EQ(get("/v1/lookup", "1.21").status, 404);
}

TEST_F(WireTest, VersionElementAndTrailingSlashAreOptional) {
    EXPECT_EQ(get("/nodes").status, 200);
    EXPECT_EQ(get("/v1/nodes/").status, 200);
    EXPECT_EQ(get("/v1/").status, 200);
}

TEST_F(WireTest, JsonSuffixIsCutForOldClientsOnly) {
    new_node(R"("name":"full","uuid":"11110001-0000-4000-8000-000000000001")");
    new_node(R"("name":"odd.json")");
    EXPECT_EQ(get("/v1/nodes.json", "1.30").status, 200);
    EXPECT_EQ(get("/v1/nodes/full.json", "1.90").status, 200);
    EXPECT_EQ(get("/v1/nodes/full.json", "1.91").status, 404);
    EXPECT_EQ(get("/v1/nodes/odd.json", "1.90").status, 200);
    EXPECT_EQ(get("/v1/nodes/odd.json", "1.91").status, 200);
    EXPECT_EQ(get("/v1.json", "1.90").status, 200);
    EXPECT_EQ(get("/v1.json", "1.91").status, 404);
    EXPECT_EQ(get("/v1/nodes.json", "").status, 404);
}

TEST_F(WireTest, JsonSuffixWithAVersionThatIsNoneIsA406) {
    for (std::string version : {"nonsense", "1", "1.x", "1.2.3", "99999999999999999999.1"})
        for (std::string path : {"/v1/nodes.json", "/v1/nodes/full.json", "/v1.json"})
            EXPECT_EQ(get(path, version).status, 406) << path << " " << version;
}

TEST_F(WireTest, AcceptMustAllowJson) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/v1/nodes";
    for (auto [accept, status] : {std::pair("", 200),
                                  {"*/*", 200},
                                  {"application/json", 200},
                                  {"text/html, */*;q=0.8", 200},
                                  {"text/html", 406},
                                  {"application/xml", 406}}) {
        request.headers.set("Accept", accept);
        EXPECT_EQ(send(request).status, status) << accept;
    }
    request.path = "/v1/unknown";
    EXPECT_EQ(send(request).status, 404);
}

TEST_F(WireTest, BodiesAreLimited) {
    std::string deep(26, '[');
    auto reply = post("/v1/nodes", deep);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(reply.json.as_object().contains("faultcode"));
    EXPECT_FALSE(reply.json.as_object().contains("error_message"));

    HttpRequest head;
    head.path = "/v1/nodes/x/states/provision";
    EXPECT_EQ(api_->body_limit(head), 64u << 20);
    head.path = "/v1/nodes";
    EXPECT_EQ(api_->body_limit(head), 1u << 20);
    auto refusal = api_->refusal(head, 413);
    EXPECT_EQ(refusal.status, 413);
    EXPECT_TRUE(parse_json(refusal.body).as_object().contains("faultcode"));
    EXPECT_TRUE(parse_json(api_->refusal(head, 431).body).as_object().contains("error_message"));
}

TEST_F(WireTest, LinksBeginWithTheAddressThatWasAsked) {
    auto self = [](const Reply& reply) {
        return string_member(reply.at("links").as_array()[0], "href");
    };
    EXPECT_EQ(self(get("/v1")), "http://api.example:6385/v1/");
    make_api({.public_endpoint = "https://metal.example/bm/"});
    EXPECT_EQ(self(get("/v1")), "https://metal.example/bm/v1/");
    make_api({.enable_proxy_headers_parsing = true});
    HttpRequest request;
    request.method = "GET";
    request.path = "/v1";
    request.headers.set("X-Forwarded-Proto", "https");
    request.headers.set("X-Forwarded-Host", "front.example, inner");
    request.headers.set("X-Forwarded-Prefix", "/baremetal");
    EXPECT_EQ(self(send(request)), "https://front.example/baremetal/v1/");
    request.headers.set("Forwarded",
                        "For=1.2.3.4; Proto=http ; host=\"rfc.example:81\", for=5.6.7.8");
    EXPECT_EQ(self(send(request)), "http://rfc.example:81/baremetal/v1/");
    request.headers.set("Forwarded", "proto=gopher;host=\"bad host\";;=;host");
    request.headers.set("Host", "inner.example");
    EXPECT_EQ(self(send(request)), "http://inner.example/baremetal/v1/");
    make_api();
    request.headers.set("Host", "evil\"host");
    EXPECT_EQ(self(send(request)), "http://localhost/v1/");
}

TEST_F(WireTest, RoutesHaveExactlyOneHandler) {
    for (const auto& route : routes())
        EXPECT_NE(route.answer == nullptr, route.work == nullptr) << route.pattern;
}

}  // namespace
}  // namespace ferrite::api
