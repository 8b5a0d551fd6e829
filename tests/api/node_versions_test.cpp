#include "api/api_fixture.h"
#include "api/text.h"
#include "model/node.h"

/// Every field of a node at the version that brought it and at the one before.
namespace ferrite::api {
namespace {

using NodeField = model::Field<model::Node>;

/// A value of the field's type that a client may send; none for those that name other things.
std::string sample(const NodeField& field) {
    std::string name(field.name);
    if (name.ends_with("_interface")) return R"("fake")";
    if (name == "network_data") return R"({"links":[],"networks":[],"services":[]})";
    if (name == "conductor_group") return R"("")";
    if (name == "parent_node" || name == "chassis_uuid") return "";
    switch (field.type) {
        case model::FieldType::boolean:
            return "false";
        case model::FieldType::object:
            return R"({"a":1})";
        case model::FieldType::uuid:
            return R"("11110001-0000-4000-8000-000000000001")";
        default:
            return R"("word")";
    }
}

std::string version(int minor) {
    return fmt::format("1.{}", minor);
}

class NodeVersionsTest : public ApiTest {
protected:
    /// Fields that came later than the first version and are shown.
    static std::vector<NodeField> newer_fields() {
        std::vector<NodeField> fields;
        for (const auto& field : model::node_fields())
            if (field.since.minor > 1 && field.shown != model::Shown::never)
                fields.push_back(field);
        return fields;
    }
    static int born(const NodeField& field) { return field.since.minor; }
};

TEST_F(NodeVersionsTest, FieldsAreShownFromTheirVersionOn) {
    auto path = "/v1/nodes/" + new_node();
    for (const auto& field : newer_fields()) {
        auto before = get(path, version(born(field) - 1)), now = get(path, version(born(field)));
        EXPECT_FALSE(before.json.as_object().contains(field.name)) << field.name;
        EXPECT_TRUE(now.json.as_object().contains(field.name)) << field.name;
    }
}

TEST_F(NodeVersionsTest, FieldsAreSelectedFromTheirVersionOn) {
    auto path = "/v1/nodes/" + new_node();
    for (const auto& field : newer_fields()) {
        if (!field.selectable) continue;
        for (auto target : {path, std::string("/v1/nodes")}) {
            auto asked = fmt::format("{}?fields={}", target, field.name);
            EXPECT_EQ(get(asked, version(born(field) - 1)).status, 406) << asked;
            if (born(field) >= 8) {
                EXPECT_EQ(get(asked, version(born(field))).status, 200) << asked;
            }
        }
    }
}

TEST_F(NodeVersionsTest, FieldsSortListsFromTheirVersionOn) {
    for (const auto& field : newer_fields()) {
        if (!field.sortable) continue;
        auto asked = fmt::format("/v1/nodes?sort_key={}", field.name);
        EXPECT_EQ(get(asked, version(born(field) - 1)).status, 406) << asked;
        EXPECT_EQ(get(asked, version(born(field))).status, 200) << asked;
    }
}

TEST_F(NodeVersionsTest, FieldsAreSetOnCreationFromTheirVersionOn) {
    for (const auto& field : newer_fields()) {
        auto value = sample(field);
        if (!field.settable_on_create || value.empty() || field.name == "owner") continue;
        auto body = fmt::format(R"({{"driver":"fake-hardware","{}":{}}})", field.name, value);
        if (field.name != "conductor_group") {
            EXPECT_EQ(post("/v1/nodes", body, version(born(field) - 1)).status, 406) << body;
        }
        auto created = post("/v1/nodes", body, version(born(field)));
        EXPECT_EQ(created.status, 201) << body << created.text;
        EXPECT_EQ(send("DELETE", "/v1/nodes/" + created.string("uuid")).status, 204);
    }
}

TEST_F(NodeVersionsTest, FieldsArePatchedFromTheirVersionOnInEveryWay) {
    auto path = "/v1/nodes/" + new_node();
    for (const auto& field : newer_fields()) {
        auto value = sample(field);
        if (!field.settable_on_patch || value.empty()) continue;
        auto step = [&](std::string_view op, std::string_view below, std::string_view with) {
            return fmt::format(R"([{{"op":"{}","path":"/{}{}"{}}}])", op, field.name, below,
                               with.empty() ? "" : fmt::format(R"(,"value":{})", with));
        };
        for (const auto& steps : {step("add", "", value), step("replace", "", value),
                                  step("add", "/x", "1"), step("remove", "", "")})
            EXPECT_EQ(patch(path, steps, version(born(field) - 1)).status, 406) << steps;
        for (const auto& steps : {step("add", "", value), step("remove", "", "")}) {
            auto reply = patch(path, steps, version(born(field)));
            EXPECT_EQ(reply.status, 200) << steps << reply.text;
        }
    }
}

TEST_F(NodeVersionsTest, WhatCanNotBeSetIsRefusedAtEveryVersion) {
    auto path = "/v1/nodes/" + new_node();
    for (const auto& field : model::node_fields()) {
        auto name = std::string(field.name);
        if (!field.settable_on_create) {
            EXPECT_EQ(
                post("/v1/nodes", R"({"driver":"fake-hardware",")" + name + R"(":null})").status,
                400)
                << name;
        }
        if (!field.settable_on_patch) {
            EXPECT_EQ(patch(path, R"([{"op":"remove","path":"/)" + name + R"("}])").status, 400)
                << name;
        }
    }
}

}  // namespace
}  // namespace ferrite::api
