#include "api/routes.h"

#include <string>

#include "api/api_fixture.h"
#include "api/text.h"
#include "store/history.h"
#include "store/nodes.h"

// Every row of the route table at both sides of its version, and every microversion there is.

namespace ferrite::api {
namespace {

/// A path that a pattern fits: `nodes/{node}/bios` is `/v1/nodes/x/bios`.
std::string path_of(std::string_view pattern) {
    std::string path = "/v1";
    for (auto word : split(pattern, '/'))
        path.append("/").append(word.starts_with('{') || word == "*" ? "x" : word);
    return path;
}

int status_of(TooOld refusal) {
    switch (refusal) {
        case TooOld::fault_406:
            return 406;
        case TooOld::fault_405:
        case TooOld::router_405:
            return 405;
        default:
            return 404;
    }
}

TEST_F(ApiTest, EveryRouteIsRefusedBelowItsVersion) {
    for (const auto& route : routes()) {
        if (route.since <= model::kMinimumVersion) continue;
        auto before = model::since(1, route.since.minor - 1).text();
        auto reply = send(std::string(route.method), path_of(route.pattern), before);
        EXPECT_EQ(reply.status, status_of(route.too_old))
            << route.method << " " << route.pattern << " at " << before << ": " << reply.text;
    }
}

TEST_F(ApiTest, NoRouteIsTooOldAtItsVersion) {
    for (const auto& route : routes()) {
        auto reply = send(std::string(route.method), path_of(route.pattern), route.since.text());
        EXPECT_EQ(reply.text.find("This part of the API is there since"), std::string::npos)
            << route.method << " " << route.pattern;
        EXPECT_LT(reply.status, 500) << route.method << " " << route.pattern << reply.text;
    }
}

TEST_F(ApiTest, SpeaksEveryMicroversion) {
    auto uuid = new_node(R"("name":"n")");
    for (int minor = 1; minor <= model::kLatestVersion.minor; ++minor) {
        auto version = model::since(1, minor).text();
        auto reply = get("/v1/nodes/" + uuid, version);
        EXPECT_EQ(reply.status, 200) << version;
        EXPECT_EQ(reply.headers.get("X-OpenStack-Ironic-API-Version"), version);
    }
}

TEST_F(ApiTest, VendorMethodsMayBeNamedInTheQuery) {
    new_node(R"("name":"n")");
    for (std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
        EXPECT_EQ(send(method, "/v1/nodes/n/vendor_passthru?method=now").status, 200) << method;
}

TEST_F(ApiTest, ADriverMayBeNamedInTheQuery) {
    EXPECT_EQ(get("/v1/drivers/properties?driver_name=fake-hardware").text,
              get("/v1/drivers/fake-hardware/properties").text);
    EXPECT_EQ(get("/v1/drivers/properties?driver_name=fake-hardware").status, 200);
}

TEST_F(ApiTest, EventsTellMoreToNewerClients) {
    auto node = new_node();
    store_.write_now([&](store::Sql& db) {
        store::history::add(
            db, store::nodes::get(db, node),
            {.conductor = "host", .severity = "ERROR", .type = "deploying", .text = "Why."},
            {.entries = 10});
    });
    auto event =
        string_member(get("/v1/nodes/" + node + "/history").at("history").as_array()[0], "uuid");
    auto keys = [&](std::string version) {
        return get("/v1/nodes/" + node + "/history/" + event, version).json.as_object();
    };
    EXPECT_FALSE(keys("1.112").contains("project"));
    EXPECT_TRUE(keys("1.113").contains("project"));
    EXPECT_FALSE(keys("1.114").contains("duration_seconds"));
    EXPECT_TRUE(keys("1.115").contains("duration_seconds"));
}

}  // namespace
}  // namespace ferrite::api
