#include "api/api_fixture.h"

/// POST and PATCH of nodes.
namespace ferrite::api {
namespace {

class NodeWriteTest : public ApiTest {
protected:
    Reply change(const std::string& uuid, const std::string& steps,
                 const std::string& version = "1.115") {
        return patch("/v1/nodes/" + uuid, "[" + steps + "]", version);
    }
    static std::string step(std::string op, std::string path, std::string value = "") {
        return R"({"op":")" + op + R"(","path":")" + path + '"' +
               (value.empty() ? "" : R"(,"value":)" + value) + "}";
    }
};

TEST_F(NodeWriteTest, CreatesANode) {
    auto reply =
        post("/v1/nodes", R"({"driver":"fake-hardware","name":"n1","extra":{"a":[1,2.5]}})");
    ASSERT_EQ(reply.status, 201) << reply.text;
    EXPECT_EQ(reply.headers.get("Location"),
              "http://api.example:6385/v1/nodes/" + reply.string("uuid"));
    EXPECT_EQ(reply.string("provision_state"), "enroll");
    EXPECT_EQ(to_text(reply.at("extra")), R"({"a":[1,2.5]})");
    EXPECT_EQ(reply.string("conductor"), "cond1");
    EXPECT_EQ(reply.at("updated_at"), Json());
}

TEST_F(NodeWriteTest, OldClientsCreateAvailableNodes) {
    auto reply = post("/v1/nodes", R"({"driver":"fake-hardware"})", "1.10");
    EXPECT_EQ(reply.string("provision_state"), "available");
    EXPECT_TRUE(get("/v1/nodes/" + reply.string("uuid"), "1.1").at("provision_state").is_null());
}

TEST_F(NodeWriteTest, RefusesDocumentsThatAreWrong) {
    const char* bodies[] = {
        R"({})",
        R"([])",
        R"("x")",
        R"(null)",
        R"({"driver":)",
        R"({"driver":null})",
        R"({"driver":5})",
        R"({"driver":""})",
        R"({"driver":"nope"})",
        R"({"driver":"fake-hardware","unknown":1})",
        R"({"driver":"fake-hardware","provision_state":"active"})",
        R"({"driver":"fake-hardware","traits":[]})",
        R"({"driver":"fake-hardware","protected":true})",
        R"({"driver":"fake-hardware","uuid":"x"})",
        R"({"driver":"fake-hardware","name":""})",
        R"({"driver":"fake-hardware","name":"a b"})",
        R"({"driver":"fake-hardware","name":"detail"})",
        R"({"driver":"fake-hardware","name":"1111004d-0000-4000-8000-00000000004d"})",
        R"({"driver":"fake-hardware","extra":"x"})",
        R"({"driver":"fake-hardware","maintenance":"x"})",
        R"({"driver":"fake-hardware","automated_clean":1})",
        R"({"driver":"fake-hardware","owner":"somebody"})",
        R"({"driver":"fake-hardware","chassis_uuid":"11110063-0000-4000-8000-000000000063"})",
        R"({"driver":"fake-hardware","parent_node":"nobody"})",
        R"({"driver":"fake-hardware","conductor_group":"other"})",
        R"({"driver":"fake-hardware","network_data":{"links":[]}})",
        R"({"driver":"fake-hardware","properties":{"memory_mb":"many"}})",
    };
    for (const auto* body : bodies) {
        auto reply = post("/v1/nodes", body);
        EXPECT_EQ(reply.status, 400) << body << reply.text;
        EXPECT_TRUE(reply.is_fault()) << body;
        EXPECT_EQ(string_member(reply.error(), "faultcode"), "Client");
        EXPECT_TRUE(reply.error().as_object().at("debuginfo").is_null());
    }
    for (std::string type : {"", "application/x-www-form-urlencoded"})
        EXPECT_EQ(send("POST", "/v1/nodes", "1.115", R"({"driver":"fake-hardware"})", type).status,
                  400);
    EXPECT_EQ(
        send("POST", "/v1/nodes", "1.115", R"({"driver":"fake-hardware"})", "text/plain").status,
        201);
    EXPECT_EQ(post("/v1/nodes?x=1", R"({"driver":"fake-hardware"})").status, 400);
    EXPECT_EQ(post("/v1/nodes/x", R"({"driver":"fake-hardware"})").status, 400);
}

TEST_F(NodeWriteTest, RefusesFieldsOfANewerVersion) {
    struct {
        std::string field;
        std::string value;
        int since;
    } rows[] = {{"name", R"("n")", 5},           {"resource_class", R"("r")", 21},
                {"lessee", R"("l")", 65},        {"shard", R"("s")", 82},
                {"retired", "true", 61},         {"description", R"("d")", 51},
                {"instance_name", R"("i")", 104}};
    for (const auto& [field, value, since] : rows) {
        auto body = R"({"driver":"fake-hardware",")" + field + "\":" + value + "}";
        EXPECT_EQ(post("/v1/nodes", body, "1." + std::to_string(since - 1)).status, 406) << field;
        EXPECT_EQ(post("/v1/nodes", body, "1." + std::to_string(since)).status, 201) << field;
        auto none = R"({"driver":"fake-hardware",")" + field + "\":null}";
        EXPECT_EQ(post("/v1/nodes", none, "1.1").status, 201) << field;
    }
}

TEST_F(NodeWriteTest, UniqueThingsCollide) {
    new_node(R"("name":"n","uuid":"11110001-0000-4000-8000-000000000001")");
    for (std::string twin : {R"("name":"n")", R"("uuid":"11110001-0000-4000-8000-000000000001")"})
        EXPECT_EQ(post("/v1/nodes", R"({"driver":"fake-hardware",)" + twin + "}").status, 409);
}

TEST_F(NodeWriteTest, OwnerFollowsTheProject) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/v1/nodes";
    request.body = R"({"driver":"fake-hardware","owner":"p1"})";
    request.headers.set("X-OpenStack-Ironic-API-Version", "1.115");
    request.headers.set("Content-Type", "application/json");
    EXPECT_EQ(send(request).status, 400);
    request.headers.set("X-Project-Id", "p1");
    EXPECT_EQ(send(request).string("owner"), "p1");
    request.headers.set("X-Project-Id", "p2");
    EXPECT_EQ(send(request).status, 400);
    request.headers.set("OpenStack-System-Scope", "all");
    EXPECT_EQ(send(request).string("owner"), "p1");
}

TEST_F(NodeWriteTest, PatchesValues) {
    auto uuid = new_node(R"("extra":{"a":{"b":1},"l":[1,2]})");
    auto reply = change(
        uuid, step("add", "/extra/a/c", "2") + "," + step("add", "/extra/l/-", "3") + "," +
                  step("remove", "/extra/l/0") + "," + step("replace", "/extra/a/b", "null") + "," +
                  step("add", "/name", R"("n")"));
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(to_text(reply.at("extra")), R"({"a":{"b":null,"c":2},"l":[2,3]})");
    EXPECT_EQ(reply.string("name"), "n");
}

TEST_F(NodeWriteTest, RemovingAFieldResetsIt) {
    auto uuid = new_node(
        R"("name":"n","extra":{"a":1},"maintenance":true,"automated_clean":true,"description":"d")");
    for (std::string field : {"name", "extra", "maintenance", "automated_clean", "description",
                              "conductor_group", "protected", "deploy_interface"})
        EXPECT_EQ(change(uuid, step("remove", "/" + field)).status, 200) << field;
    auto node = get("/v1/nodes/" + uuid);
    EXPECT_TRUE(node.at("name").is_null());
    EXPECT_EQ(to_text(node.at("extra")), "{}");
    EXPECT_EQ(node.at("maintenance"), Json(false));
    EXPECT_TRUE(node.at("automated_clean").is_null());
    EXPECT_EQ(node.string("conductor_group"), "");
    EXPECT_EQ(node.string("deploy_interface"), "fake");
    EXPECT_EQ(change(uuid, step("remove", "/driver")).status, 400);
    EXPECT_EQ(change(uuid, step("replace", "/name", "null")).status, 400);
    EXPECT_EQ(change(uuid, step("replace", "/conductor_group", "null")).status, 200);
}

TEST_F(NodeWriteTest, RefusesPatchesThatAreWrong) {
    auto uuid = new_node(R"("extra":{"a":1,"l":[1]})");
    std::string steps[] = {
        step("test", "/extra/a", "1"),
        R"({"op":"move","from":"/extra/a","path":"/extra/b"})",
        R"({"path":"/extra/a","value":1})",
        R"({"op":"add","value":1})",
        step("add", "/extra/a"),
        step("replace", "/extra/nope", "1"),
        step("remove", "/extra/nope"),
        step("add", "/extra/x/y", "1"),
        step("remove", "/extra/l/9"),
        step("add", "/extra/l/01", "1"),
        step("add", "/extra/a/b", "1"),
        step("add", "extra/a", "1"),
        step("add", "/", "1"),
        step("add", "/extra//x", "1"),
        step("add", "/extra/a.b", "1"),
        step("add", "/extra/a~1b", "1"),
        step("replace", "/uuid", R"("11110008-0000-4000-8000-000000000008")"),
        step("replace", "/provision_state", R"("active")"),
        step("add", "/nope", "1"),
        step("add", "/extra", R"("text")"),
        step("replace", "/network_data", "{}"),
        step("replace", "/chassis_uuid", R"("11110194-0000-4000-8000-000000000194")"),
        step("replace", "/driver", R"("nope")"),
        step("replace", "/parent_node", R"("nobody")"),
        "1",
    };
    for (const auto& one : steps) {
        auto reply = change(uuid, step("add", "/extra/seen", "1") + "," + one);
        EXPECT_EQ(reply.status, 400) << one << reply.text;
        EXPECT_TRUE(reply.is_fault()) << one;
    }
    EXPECT_EQ(to_text(get("/v1/nodes/" + uuid).at("extra")), R"({"a":1,"l":[1]})");
    for (std::string body : {"{}", "null", "x", "5"})
        EXPECT_EQ(patch("/v1/nodes/" + uuid, body).status, 400) << body;
    EXPECT_EQ(patch("/v1/nodes/" + uuid, "[]").status, 200);
}

TEST_F(NodeWriteTest, WrongRootIsFoundBeforeTheNode) {
    EXPECT_EQ(change("missing", step("add", "/uuid", "1")).status, 400);
    EXPECT_EQ(change("missing", step("add", "/extra/a", "1")).status, 404);
    EXPECT_EQ(change("missing", step("add", "/shard", R"("s")"), "1.81").status, 406);
}

TEST_F(NodeWriteTest, ResetInterfacesNeedsADriver) {
    auto uuid = new_node();
    auto path = "/v1/nodes/" + uuid + "?reset_interfaces=true";
    EXPECT_EQ(patch(path, "[" + step("add", "/extra/a", "1") + "]").status, 400);
    auto driver = "[" + step("replace", "/driver", R"("ipmi")") + "]";
    EXPECT_EQ(patch(path, driver, "1.44").status, 406);
    EXPECT_EQ(patch(path, driver).status, 200);
    EXPECT_TRUE(conductor_.reset_interfaces);
}

TEST_F(NodeWriteTest, NodesUnderWayAreLeftAlone) {
    auto uuid = new_node();
    auto at = [&](std::string state, std::optional<std::string> target, bool maintenance = false) {
        alter(uuid, [&](model::Node& node) {
            node.provision_state = state;
            node.target_provision_state = target;
            node.maintenance = maintenance;
        });
        return change(uuid, step("add", "/extra/a", "1")).status;
    };
    EXPECT_EQ(at("cleaning", "available"), 409);
    EXPECT_EQ(at("clean hold", "available", true), 409);
    EXPECT_EQ(at("clean failed", "available"), 200);
    EXPECT_EQ(at("inspecting", "manageable"), 409);
    EXPECT_EQ(change(uuid, step("add", "/extra/a", "1"), "1.38").status, 200);
    EXPECT_EQ(at("active", std::nullopt), 200);
    at("deploying", "active", true);
    EXPECT_EQ(change(uuid, step("remove", "/instance_uuid")).status, 200);
}

TEST_F(NodeWriteTest, ReturnedMasksDoNotDestroySecrets) {
    auto uuid = new_node(R"("driver_info":{"ipmi_password":"pw","host":"h"})");
    change(uuid, step("replace", "/driver_info", R"({"ipmi_password":"******","host":"g"})"));
    auto node = store_.read([&](store::Sql& db) { return store::nodes::get(db, uuid); });
    EXPECT_EQ(node.driver_info.text(), R"({"ipmi_password":"pw","host":"g"})");
}

TEST_F(NodeWriteTest, ConsoleKeepsTheDriver) {
    auto uuid = new_node(R"("console_enabled":true)");
    EXPECT_EQ(change(uuid, step("replace", "/driver", R"("ipmi")")).status, 409);
}

TEST_F(NodeWriteTest, DeletesANode) {
    auto uuid = new_node();
    EXPECT_EQ(send("DELETE", "/v1/nodes/" + uuid + "/x").status, 404);
    EXPECT_EQ(send("DELETE", "/v1/nodes/" + uuid).status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/" + uuid).status, 404);
    EXPECT_TRUE(send("DELETE", "/v1/nodes/a%20b").is_router_refusal());
}

}  // namespace
}  // namespace ferrite::api
