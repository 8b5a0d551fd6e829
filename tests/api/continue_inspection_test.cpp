#include <fmt/core.h>
#include <gmock/gmock.h>

#include "api/api_fixture.h"

/// Inspection data that agents post (reference: api.md section 22.3).
namespace ferrite::api {
namespace {

using testing::ElementsAre;

constexpr const char* kPath = "/v1/continue_inspection";

class ContinueInspectionTest : public ApiTest {
protected:
    void SetUp() override { uuid_ = waiting_node("one", "52:54:00:00:00:01", "10.0.0.7"); }

    /// A node in inspect wait.
    std::string waiting_node(const std::string& name, const std::string& mac,
                             const std::string& bmc) {
        auto uuid = new_node(fmt::format(R"("name":"{}")", name));
        EXPECT_EQ(
            post("/v1/ports", fmt::format(R"({{"node_uuid":"{}","address":"{}"}})", uuid, mac))
                .status,
            201);
        alter(uuid, [&](model::Node& node) {
            node.provision_state = "inspect wait";
            node.driver_internal_info.set("lookup_bmc_addresses", Json(JsonArray{Json(bmc)}));
        });
        return uuid;
    }
    static std::string report(const std::string& mac, const std::string& in_inventory = "",
                              const std::string& beside = "") {
        return fmt::format(
            R"({{"inventory":{{"interfaces":[{{"name":"eth0","mac_address":"{}"}}]{}}}{}}})", mac,
            in_inventory, beside);
    }
    int status(const std::string& body, std::string version = "1.115", std::string query = "") {
        return post(kPath + query, body, version).status;
    }

    std::string uuid_;
};

TEST_F(ContinueInspectionTest, GoesToTheNodeWithTheAddress) {
    auto reply = post(kPath, report("52:54:00:00:00:01", R"(,"cpu":{"count":2})",
                                    R"(,"error":null,"root_disk":{"name":"/dev/sda"})"));
    EXPECT_EQ(reply.status, 202);
    EXPECT_EQ(string_member(reply.at("node"), "uuid"), uuid_);
    EXPECT_EQ(string_member(reply.at("config"), "agent_token"), "token-in-clear");
    EXPECT_THAT(conductor_.asked, ElementsAre("inspected " + uuid_));
    EXPECT_EQ(to_text(Json(conductor_.inspected.plugin_data)),
              R"({"error":null,"root_disk":{"name":"/dev/sda"}})");
    EXPECT_TRUE(conductor_.inspected.inventory.contains("cpu"));
    EXPECT_FALSE(conductor_.inspected.discovered);
}

TEST_F(ContinueInspectionTest, OldAgentsAreToldTheUuidOnly) {
    auto reply = post(kPath, report("52:54:00:00:00:01"), "1.1");
    EXPECT_EQ(reply.status, 202);
    EXPECT_EQ(reply.text, R"({"uuid":")" + uuid_ + R"("})");
    EXPECT_EQ(post(kPath, report("52:54:00:00:00:01"), "").status, 202) << "no version: 1.1";
}

TEST_F(ContinueInspectionTest, HasItsVersions) {
    auto body = report("52:54:00:00:00:01");
    EXPECT_EQ(status(body, "1.83"), 404);
    EXPECT_EQ(status(body, "1.2"), 404);
    EXPECT_EQ(status(body, "1.1", "?node_uuid=" + uuid_), 404);
    EXPECT_EQ(status(body, "1.84", "?node_uuid=" + uuid_), 202);
    EXPECT_EQ(get(kPath).status, 405);
}

TEST_F(ContinueInspectionTest, IsNothingToAReleaseThatDoesNotHaveIt) {
    make_api({.max_version = model::since(1, 82)});
    for (auto method : {"GET", "POST"}) {
        auto reply = send(method, kPath, "1.82", report("52:54:00:00:00:01"));
        EXPECT_EQ(reply.status, 404) << method;
        EXPECT_TRUE(reply.is_router_refusal()) << reply.text;
    }
}

TEST_F(ContinueInspectionTest, TheBodyIsChecked) {
    for (const char* body :
         {"", "{}", "[]", "x", R"({"inventory":null})", R"({"inventory":{}})",
          R"({"inventory":{"interfaces":[]}})", R"({"inventory":{"interfaces":[1]}})",
          R"({"inventory":{"interfaces":[{}]}})",
          R"({"inventory":{"interfaces":[{"mac_address":1}]}})",
          R"({"inventory":{"interfaces":[{"mac_address":"a"}],"bmc_address":1}})",
          R"({"inventory":{"interfaces":[{"mac_address":"no mac"}],"bmc_address":""}})"})
        EXPECT_EQ(status(body), 400) << body;
    auto good = report("52:54:00:00:00:01");
    EXPECT_EQ(status(good, "1.115", "?node_uuid=x"), 400);
    EXPECT_EQ(status(good, "1.115", "?nonsense=x"), 400);
    EXPECT_THAT(conductor_.asked, ElementsAre());
}

TEST_F(ContinueInspectionTest, FindsTheNodeByWhateverMarkItHas) {
    EXPECT_EQ(status(report("52:54:00:00:00:99", R"(,"bmc_address":"10.0.0.7")")), 202);
    EXPECT_EQ(status(report("52:54:00:00:00:99", R"(,"bmc_v6address":"10.0.0.7")")), 202);
    EXPECT_EQ(status(report("no mac"), "1.115", "?node_uuid=" + uuid_), 202);
    EXPECT_EQ(status(report("52:54:00:00:00:99", R"(,"bmc_address":"10.0.0.8")")), 404);
    EXPECT_EQ(status(report("52:54:00:00:00:99")), 404);
}

TEST_F(ContinueInspectionTest, MarksMustNotDisagree) {
    auto other = waiting_node("two", "52:54:00:00:00:02", "10.0.0.8");
    EXPECT_EQ(status(report("52:54:00:00:00:01"), "1.115", "?node_uuid=" + other), 404);
    EXPECT_EQ(status(report("52:54:00:00:00:01", R"(,"bmc_address":"10.0.0.8")")), 404);
    EXPECT_EQ(
        status(
            R"({"inventory":{"interfaces":[{"mac_address":"52:54:00:00:00:01"},{"mac_address":"52:54:00:00:00:02"}]}})"),
        404);
    EXPECT_EQ(status(report("no mac"), "1.115", "?node_uuid=11110000-0000-4000-8000-000000000000"),
              404);
    waiting_node("three", "52:54:00:00:00:03", "10.0.0.8");
    EXPECT_EQ(status(report("52:54:00:00:00:99", R"(,"bmc_address":"10.0.0.8")")), 404)
        << "two nodes behind one BMC";
}

TEST_F(ContinueInspectionTest, OnlyNodesThatWaitAreFound) {
    for (const char* state : {"manageable", "inspecting", "enroll", "active"}) {
        alter(uuid_, [&](model::Node& node) { node.provision_state = state; });
        EXPECT_EQ(status(report("52:54:00:00:00:01")), 404) << state;
        EXPECT_EQ(status(report("52:54:00:00:00:01"), "1.115", "?node_uuid=" + uuid_), 404);
    }
}

TEST_F(ContinueInspectionTest, CanBeSwitchedOff) {
    make_api({.enable_ramdisk_endpoints = false});
    EXPECT_EQ(status(report("52:54:00:00:00:01")), 403);
    EXPECT_EQ(status(report("52:54:00:00:00:01"), "1.50"), 403);
}

TEST_F(ContinueInspectionTest, UnknownMachinesBecomeNodesWhenThatIsWanted) {
    make_api({.default_resource_class = "metal",
              .auto_discovery = true,
              .auto_discovery_driver = "fake-hardware"});
    auto reply = post(kPath, report("52:54:00:00:00:99"));
    ASSERT_EQ(reply.status, 202) << reply.text;
    auto node = get("/v1/nodes/" + string_member(reply.at("node"), "uuid"));
    EXPECT_EQ(node.string("provision_state"), "enroll");
    EXPECT_EQ(node.string("driver"), "fake-hardware");
    EXPECT_EQ(node.string("resource_class"), "metal");
    EXPECT_TRUE(conductor_.inspected.discovered);
    EXPECT_EQ(conductor_.inspected.plugin_data["auto_discovered"], Json(true));
    EXPECT_EQ(status(report("52:54:00:00:00:01")), 202) << "known ones are found as ever";
}

TEST_F(ContinueInspectionTest, ADiscoveryThatFailsTellsNothing) {
    make_api({.auto_discovery = true, .auto_discovery_driver = "unknown"});
    auto reply = post(kPath, report("52:54:00:00:00:99"));
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.fault().find("unknown"), std::string::npos) << reply.text;
}

}  // namespace
}  // namespace ferrite::api
