#include "api/announce.h"

#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "model/heard.h"

/// What is told of the changes that requests make.
namespace ferrite::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AnnounceTest : public ApiTest {
protected:
    AnnounceTest() {
        ApiOptions options;
        options.notifier = heard;
        make_api(options);
    }

    /// Sends it and expects both ends of `event` to be told, and nothing else.
    Reply told(const std::string& event, const std::string& method, const std::string& path,
               const std::string& body = "") {
        heard->forget();
        auto reply = send(method, path, "1.115", body);
        EXPECT_LT(reply.status, 300) << event << " " << reply.text;
        EXPECT_THAT(heard->events(),
                    ElementsAre("baremetal." + event + ".start", "baremetal." + event + ".end"));
        return reply;
    }
    void told_of_life(const std::string& object, const std::string& collection,
                      const std::string& document, const std::string& change) {
        auto uuid = told(object + ".create", "POST", "/v1/" + collection, document).string("uuid");
        EXPECT_EQ(heard->data("baremetal." + object + ".create.end").at("uuid"), Json(uuid));
        EXPECT_FALSE(heard->data("baremetal." + object + ".create.end").at("created_at").is_null());
        auto path = "/v1/" + collection + "/" + uuid;
        told(object + ".update", "PATCH", path, change);
        told(object + ".delete", "DELETE", path);
        EXPECT_EQ(heard->data("baremetal." + object + ".delete.end").at("uuid"), Json(uuid));
    }

    std::shared_ptr<test::Heard> heard = std::make_shared<test::Heard>();
};

constexpr const char* kExtra = R"([{"op":"add","path":"/extra/a","value":1}])";

TEST_F(AnnounceTest, TheLifeOfEveryResourceIsTold) {
    auto node = new_node(R"("resource_class":"big")");
    alter(node, [](model::Node& n) { n.power_state = "power off"; });
    auto of_node = R"({"node_uuid":")" + node + R"(",)";
    told_of_life("node", "nodes", R"({"driver":"fake-hardware"})", kExtra);
    told_of_life("port", "ports", of_node + R"("address":"52:54:00:00:00:01"})", kExtra);
    told_of_life("portgroup", "portgroups", of_node + R"("name":"g"})", kExtra);
    told_of_life("chassis", "chassis", "{}", kExtra);
    told_of_life("volumeconnector", "volume/connectors",
                 of_node + R"("type":"iqn","connector_id":"iqn.2026-01.example:a"})", kExtra);
    told_of_life(
        "volumetarget", "volume/targets",
        of_node + R"("volume_type":"iscsi","boot_index":0,"volume_id":"v","properties":{}})",
        kExtra);
    told_of_life("allocation", "allocations", R"({"resource_class":"big"})", kExtra);
    told_of_life(
        "deploytemplate", "deploy_templates",
        R"({"name":"CUSTOM_A","steps":[{"interface":"bios","step":"x","args":{},"priority":1}]})",
        kExtra);
    told_of_life("runbook", "runbooks",
                 R"({"name":"CUSTOM_B","steps":[{"interface":"bios","step":"x","order":1}]})",
                 kExtra);
    told_of_life("inspectionrule", "inspection_rules",
                 R"({"actions":[{"op":"fail","args":{"msg":"no"}}],"conditions":[]})",
                 R"([{"op":"add","path":"/description","value":"d"}])");
}

TEST_F(AnnounceTest, MaintenanceIsTold) {
    auto node = new_node();
    told("node.maintenance_set", "PUT", "/v1/nodes/" + node + "/maintenance",
         R"({"reason":"fans"})");
    auto data = heard->data("baremetal.node.maintenance_set.start");
    EXPECT_EQ(data.at("maintenance"), Json(true));
    EXPECT_EQ(data.at("maintenance_reason"), Json("fans"));
    told("node.maintenance_set", "DELETE", "/v1/nodes/" + node + "/maintenance");
    EXPECT_EQ(heard->data("baremetal.node.maintenance_set.end").at("maintenance"), Json(false));
}

TEST_F(AnnounceTest, AFailureIsToldAsAnError) {
    auto node = new_node(R"("name":"taken")");
    auto other = new_node();
    heard->forget();
    auto reply = patch("/v1/nodes/" + other, R"([{"op":"add","path":"/name","value":"taken"}])");
    ASSERT_EQ(reply.status, 409);
    if (!heard->events().empty()) {
        EXPECT_THAT(heard->events(),
                    ElementsAre("baremetal.node.update.start", "baremetal.node.update.error"));
        EXPECT_EQ(heard->all().back().level, model::NotificationLevel::error);
        EXPECT_EQ(heard->all().back().service, "ironic-api");
    }
    auto document = R"({"uuid":"c0000000-0000-4000-8000-000000000001"})";
    ASSERT_EQ(post("/v1/chassis", document).status, 201);
    heard->forget();
    ASSERT_EQ(post("/v1/chassis", document).status, 409);
    EXPECT_THAT(heard->events(),
                ElementsAre("baremetal.chassis.create.start", "baremetal.chassis.create.error"));
}

TEST_F(AnnounceTest, WhatIsRefusedBeforeItBeginsIsNotTold) {
    post("/v1/chassis", R"({"nope":1})");
    EXPECT_THAT(heard->events(), IsEmpty());
}

}  // namespace
}  // namespace ferrite::api
