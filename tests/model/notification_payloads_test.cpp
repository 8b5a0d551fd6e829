#include "model/notification_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferrite::model {
namespace {

template <class R>
void expect_fields(const PayloadSchema& schema, std::span<const Field<R>> fields) {
    // Rules of ours have no scope: the original stores one and never looks at it.
    for (auto name : schema.fields)
        if (name != "scope") EXPECT_TRUE(find_field(fields, name)) << schema.name << " " << name;
}

TEST(NotificationPayloads, HaveOnlyFieldsThatThereAre) {
    expect_fields(crud_payload<Allocation>(), allocation_fields());
    expect_fields(crud_payload<Chassis>(), chassis_fields());
    expect_fields(crud_payload<DeployTemplate>(), deploy_template_fields());
    expect_fields(crud_payload<InspectionRule>(), inspection_rule_fields());
    expect_fields(crud_payload<Node>(), node_fields());
    expect_fields(crud_payload<Port>(), port_fields());
    expect_fields(crud_payload<Portgroup>(), portgroup_fields());
    expect_fields(crud_payload<Runbook>(), runbook_fields());
    expect_fields(crud_payload<VolumeConnector>(), volume_connector_fields());
    expect_fields(crud_payload<VolumeTarget>(), volume_target_fields());
    expect_fields(node_payload(), node_fields());
    expect_fields(node_provision_payload(), node_fields());
}

TEST(NotificationPayloads, AreVersionedObjects) {
    Chassis chassis;
    chassis.uuid = "c1";
    chassis.extra = JsonText(Json(JsonObject{{"rack", 7}}));
    auto payload = payload_of(crud_payload<Chassis>(), chassis);
    EXPECT_EQ(payload.at("ironic_object.namespace"), Json("ironic"));
    EXPECT_EQ(payload.at("ironic_object.name"), Json("ChassisCRUDPayload"));
    EXPECT_EQ(payload.at("ironic_object.version"), Json("1.0"));
    auto& data = payload.at("ironic_object.data").as_object();
    EXPECT_EQ(data.at("uuid"), Json("c1"));
    EXPECT_EQ(data.at("extra"), Json(JsonObject{{"rack", 7}}));
    EXPECT_TRUE(data.at("description").is_null());
    EXPECT_TRUE(data.at("created_at").is_null());
    EXPECT_EQ(data.size(), 5u);
}

TEST(NotificationPayloads, TellNoSecrets) {
    Node node;
    node.uuid = "n1";
    node.driver_info.set("ipmi_password", "hunter2");
    node.driver_info.set("ipmi_address", "10.0.0.7");
    node.driver_internal_info.set("agent_secret_token", "hunter2");
    node.instance_info.set("image_url", "http://u:hunter2@images/x");
    node.instance_info.set("configdrive", "hunter2");
    for (const auto* schema : {&crud_payload<Node>(), &node_provision_payload(), &node_payload()}) {
        auto text = to_text(Json(payload_of(*schema, node)));
        EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunter2"))) << schema->name;
    }
    auto data = payload_of(crud_payload<Node>(), node).at("ironic_object.data");
    EXPECT_EQ(member(member(data, "driver_info"), "ipmi_address"), Json("10.0.0.7"));
    EXPECT_EQ(member(member(data, "driver_info"), "ipmi_password"), Json("******"));
}

TEST(NotificationPayloads, ASensitiveRuleIsToldWithoutWhatItDoes) {
    InspectionRule rule;
    rule.actions = JsonText(Json(JsonArray{JsonObject{{"op", "fail"}}}));
    auto data = payload_of(crud_payload<InspectionRule>(), rule).at("ironic_object.data");
    EXPECT_TRUE(member(data, "actions").is_array());
    rule.sensitive = true;
    data = payload_of(crud_payload<InspectionRule>(), rule).at("ironic_object.data");
    EXPECT_TRUE(member(data, "actions").is_null());
}

TEST(NotificationLevels, AreWordsInOrder) {
    EXPECT_EQ(notification_level("warning"), NotificationLevel::warning);
    EXPECT_EQ(notification_level("loud"), std::nullopt);
    EXPECT_LT(NotificationLevel::debug, NotificationLevel::info);
    EXPECT_EQ(level_word(NotificationLevel::critical), "critical");
}

}  // namespace
}  // namespace ferrite::model
