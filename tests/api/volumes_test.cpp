#include "api/api_fixture.h"

/// Volume connectors and targets (reference: api.md section 15).
namespace ferrite::api {
namespace {

class VolumesTest : public ApiTest {
protected:
    std::string created(const std::string& collection, const std::string& members,
                        int status = 201) {
        auto reply = post("/v1/volume/" + collection, "{" + members + "}");
        EXPECT_EQ(reply.status, status) << members << reply.text;
        return reply.string("uuid");
    }
    static std::string of(const std::string& node) { return R"("node_uuid":")" + node + "\","; }
    std::string new_connector(const std::string& node, const std::string& id) {
        return created("connectors", of(node) + R"("type":"iqn","connector_id":")" + id + '"');
    }
    std::string new_target(const std::string& node, int index, const std::string& more = "") {
        return created("targets", of(node) +
                                      R"("volume_type":"iscsi","volume_id":"v","boot_index":)" +
                                      std::to_string(index) + more);
    }
    Reply change(const std::string& path, const std::string& op, const std::string& field,
                 const std::string& value = "") {
        return patch(path, R"([{"op":")" + op + R"(","path":"/)" + field + '"' +
                               (value.empty() ? "" : R"(,"value":)" + value) + "}]");
    }
    int count(const std::string& path, const std::string& key) {
        auto reply = get(path);
        return reply.status == 200 ? static_cast<int>(reply.at(key).as_array().size())
                                   : reply.status;
    }

    const std::string kNobody = "11110194-0000-4000-8000-000000000194";
    const std::string kConnectors = "/v1/volume/connectors";
    const std::string kTargets = "/v1/volume/targets";
};

TEST_F(VolumesTest, Links) {
    auto node = new_node(R"("name":"n")");
    auto top = get("/v1/volume");
    ASSERT_EQ(top.status, 200);
    EXPECT_EQ(top.json.as_object().size(), 3u);
    auto self = [](const Reply& reply, const char* key) {
        return string_member(reply.at(key).as_array()[0], "href");
    };
    EXPECT_EQ(self(top, "links"), "http://api.example:6385/v1/volume/");
    EXPECT_EQ(self(top, "connectors"), "http://api.example:6385/v1/volume/connectors");
    auto nested = get("/v1/nodes/n/volume");
    EXPECT_EQ(self(nested, "links"), "http://api.example:6385/v1/nodes/" + node + "/volume/");
    EXPECT_EQ(self(nested, "targets"),
              "http://api.example:6385/v1/nodes/" + node + "/volume/targets");
    EXPECT_EQ(get("/v1/nodes/nope/volume").status, 404);
    EXPECT_EQ(get("/v1/volume?x=1").status, 400);
    EXPECT_EQ(get("/v1/volume/nope").status, 404);
}

TEST_F(VolumesTest, AreThereSince) {
    auto node = new_node(R"("name":"n")");
    struct {
        const char* method;
        const char* path;
        bool router;
    } rows[] = {
        {"GET", "/v1/volume", false},
        {"GET", "/v1/nodes/n/volume", false},
        {"GET", "/v1/volume/connectors", true},
        {"POST", "/v1/volume/connectors", true},
        {"GET", "/v1/volume/connectors/x", true},
        {"PATCH", "/v1/volume/targets/x", true},
        {"DELETE", "/v1/volume/targets/x", true},
        {"GET", "/v1/nodes/n/volume/connectors", true},
        {"GET", "/v1/nodes/n/volume/targets", true},
    };
    for (const auto& [method, path, router] : rows) {
        auto reply = send(method, path, "1.31", "[]");
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.is_router_refusal(), router) << path;
    }
    EXPECT_EQ(put("/v1/volume/connectors", "{}").status, 405);
    EXPECT_EQ(put("/v1/volume", "{}").headers.get("Allow"), "GET");
    EXPECT_EQ(send("DELETE", "/v1/volume/connectors").status, 400);
    EXPECT_EQ(patch("/v1/volume/targets", "[]").status, 400);
    EXPECT_EQ(post("/v1/volume/targets/x", "{}").status, 400);
}

TEST_F(VolumesTest, Connectors) {
    auto node = new_node();
    auto reply = post(kConnectors, "{" + of(node) + R"("type":"iqn","connector_id":"iqn.1"})");
    ASSERT_EQ(reply.status, 201) << reply.text;
    EXPECT_EQ(reply.json.as_object().size(), 8u);
    EXPECT_EQ(reply.headers.get("Location"),
              "http://api.example:6385/v1/volume/connectors/" + reply.string("uuid"));
    auto taken = R"(,"uuid":")" + reply.string("uuid") + '"';
    struct {
        std::string members;
        int status;
    } rows[] = {
        {R"("type":"iqn","connector_id":"iqn.1")", 409},
        {R"("type":"mac","connector_id":"x")" + taken, 409},
        {R"("type":"iqn","connector_id":"x","uuid":"x")", 400},
        {R"("type":"iqn")", 400},
        {R"("connector_id":"x")", 400},
        {R"("type":"iqn","connector_id":5)", 400},
        {R"("type":null,"connector_id":"x")", 400},
        {R"("type":"iqn","connector_id":"x","nope":1)", 400},
        {R"("type":"iqn","connector_id":"x","extra":1)", 400},
        {R"("type":")" + std::string(33, 'x') + R"(","connector_id":"x")", 400},
        {R"("type":"iqn","connector_id":")" + std::string(256, 'x') + '"', 400},
        {R"("type":"anything","connector_id":"x")", 201},
    };
    for (const auto& [members, status] : rows) created("connectors", of(node) + members, status);
    created("connectors", R"("type":"ip","connector_id":"y")", 400);
    created("connectors", R"("node_uuid":"n","type":"ip","connector_id":"y")", 400);
    created("connectors", of(kNobody) + R"("type":"ip","connector_id":"y")", 400);
}

TEST_F(VolumesTest, Targets) {
    auto node = new_node();
    auto target = new_target(node, 0, R"(,"properties":{"a":1,"auth_password":"sec"})");
    auto shown = get(kTargets + "/" + target);
    EXPECT_EQ(shown.json.as_object().size(), 10u);
    EXPECT_EQ(shown.at("properties"), Json(JsonObject{{"a", 1}, {"auth_password", "******"}}));
    EXPECT_EQ(get(kTargets + "?detail=true").text.find("sec\""), std::string::npos);
    auto base = of(node) + R"("volume_type":"iscsi","volume_id":"v",)";
    struct {
        std::string members;
        int status;
    } rows[] = {
        {base + R"("boot_index":0)", 409},
        {base + R"("boot_index":5,"uuid":")" + target + '"', 409},
        {base + R"("boot_index":"x")", 400},
        {base + R"("boot_index":1.5)", 400},
        {base + R"("boot_index":true)", 400},
        {base + R"("boot_index":null)", 400},
        {base + R"("boot_index":99999999999999999999)", 400},
        {base + R"("boot_index":5,"properties":"x")", 400},
        {base + R"("boot_index":5,"nope":1)", 400},
        {base + R"("extra":{})", 400},
        {of(node) + R"("boot_index":5,"volume_id":"v")", 400},
        {of(node) + R"("boot_index":5,"volume_type":"iscsi")", 400},
        {of(node) + R"("boot_index":5,"volume_type":"iscsi","volume_id":")" + std::string(37, 'x') +
             '"',
         400},
        {R"("boot_index":5,"volume_type":"iscsi","volume_id":"v")", 400},
        {of(kNobody) + R"("boot_index":5,"volume_type":"iscsi","volume_id":"v")", 400},
        {base + R"("boot_index":-1)", 201},
    };
    for (const auto& [members, status] : rows) created("targets", members, status);
}

TEST_F(VolumesTest, Lists) {
    auto n = new_node(R"("name":"n")");
    auto m = new_node(R"("name":"m")");
    auto first = new_connector(n, "1");
    new_connector(n, "2");
    new_connector(m, "3");
    struct {
        std::string query;
        int expected;
    } rows[] = {
        {"", 3},
        {"?node=n", 2},
        {"?node=" + m, 1},
        {"?node=missing", 404},
        {"?detail=true", 3},
        {"?detail=true&fields=uuid", 400},
        {"?detail=false&fields=uuid", 3},
        {"?fields=uuid,extra", 3},
        {"?fields=nope", 400},
        {"?sort_key=type&sort_dir=desc", 3},
        {"?sort_key=extra", 400},
        {"?sort_key=node_uuid", 400},
        {"?sort_key=nope", 400},
        {"?limit=2", 2},
        {"?marker=" + first, 2},
        {"?marker=" + kNobody, 404},
        {"?project=x", 400},
        {"?nope=1", 400},
        {"/detail", 400},
        {"/x", 400},
        {"/" + kNobody, 404},
        {"/" + first + "?detail=true", 400},
    };
    for (const auto& [query, expected] : rows)
        EXPECT_EQ(count(kConnectors + query, "connectors"), expected) << query;
    EXPECT_EQ(get(kConnectors + "?detail=true", "1.32").status, 200) << "since the beginning";
    EXPECT_EQ(get(kConnectors).at("connectors").as_array()[0].as_object().size(), 5u);
    EXPECT_EQ(get(kConnectors + "/" + first + "?fields=type").json.as_object().size(), 2u);
    EXPECT_EQ(get(kConnectors + "?limit=1").string("next"),
              "http://api.example:6385/v1/volume/connectors?sort_key=id&sort_dir=asc&"
              "fields=uuid,node_uuid,type,connector_id&limit=1&marker=" +
                  first);
    new_target(n, 0);
    EXPECT_EQ(get(kTargets).at("targets").as_array()[0].as_object().size(), 6u);
    EXPECT_EQ(count(kTargets + "?sort_key=properties", "targets"), 400);
    EXPECT_EQ(count(kTargets + "?sort_key=boot_index", "targets"), 1);
}

TEST_F(VolumesTest, NestedLists) {
    auto n = new_node(R"("name":"n")");
    new_connector(n, "1");
    new_connector(new_node(), "2");
    new_target(n, 0);
    for (const auto& node : {n, std::string("n")}) {
        auto path = "/v1/nodes/" + node + "/volume";
        EXPECT_EQ(count(path + "/connectors", "connectors"), 1);
        EXPECT_EQ(count(path + "/connectors?detail=true", "connectors"), 1);
        EXPECT_EQ(count(path + "/targets", "targets"), 1);
        EXPECT_EQ(get(path + "/connectors/" + n).status, 400);
        EXPECT_EQ(post(path + "/connectors", "{}").status, 400);
        EXPECT_EQ(send("DELETE", path + "/targets/" + n).status, 400);
    }
    EXPECT_EQ(get("/v1/nodes/missing/volume/targets").status, 404);
    EXPECT_NE(get("/v1/nodes/n/volume/targets?limit=1")
                  .string("next")
                  .find("/v1/nodes/" + n + "/volume/targets?"),
              std::string::npos);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n").status, 204);
    EXPECT_EQ(count(kTargets, "targets"), 0) << "it went with its node";
}

TEST_F(VolumesTest, Patches) {
    auto node = new_node();
    auto other = new_node();
    auto connector = kConnectors + "/" + new_connector(node, "1");
    new_connector(node, "2");
    auto target = kTargets + "/" + new_target(node, 0, R"(,"properties":{"auth_password":"sec"})");
    new_target(node, 1);
    struct {
        std::string path;
        const char* op;
        const char* field;
        std::string value;
        int status;
    } rows[] = {
        {connector, "replace", "connector_id", R"("3")", 200},
        {connector, "replace", "connector_id", R"("2")", 409},
        {connector, "replace", "type", R"("mac")", 200},
        {connector, "remove", "type", "", 400},
        {connector, "replace", "type", "null", 400},
        {connector, "replace", "extra", R"({"z":1})", 200},
        {connector, "remove", "extra", "", 200},
        {connector, "replace", "node_uuid", R"("n")", 400},
        {connector, "replace", "node_uuid", '"' + kNobody + '"', 400},
        {connector, "replace", "node_uuid", '"' + other + '"', 200},
        {connector, "replace", "uuid", '"' + kNobody + '"', 400},
        {connector, "replace", "nope", "1", 400},
        {target, "replace", "boot_index", "1", 409},
        {target, "replace", "boot_index", "9", 200},
        {target, "replace", "boot_index", R"("x")", 400},
        {target, "replace", "volume_id", R"("v7")", 200},
        {target, "remove", "volume_id", "", 400},
        {target, "add", "properties/b", "1", 200},
        {target, "replace", "properties/auth_password", R"("******")", 200},
        {target, "replace", "extra/a", "1", 400},
        {target, "replace", "links", "[]", 400},
    };
    for (const auto& [path, op, field, value, status] : rows) {
        auto reply = change(path, op, field, value);
        EXPECT_EQ(reply.status, status) << op << " " << field << " " << value << reply.text;
    }
    auto stored = store_.read([&](store::Sql& db) {
        return store::volume_targets::get(db, target.substr(kTargets.size() + 1));
    });
    EXPECT_EQ(stored.properties.get_text("auth_password"), "sec")
        << "a mask sent back is no change";
    EXPECT_EQ(change(target, "remove", "properties").at("properties"), Json(JsonObject()));
    EXPECT_EQ(patch(connector, "[]").status, 200);
    EXPECT_EQ(patch(kTargets + "/x", "[]").status, 400);
    EXPECT_EQ(patch(kTargets + "/" + kNobody, "[]").status, 404);
}

TEST_F(VolumesTest, Deletion) {
    auto node = new_node();
    auto connector = kConnectors + "/" + new_connector(node, "1");
    auto target = kTargets + "/" + new_target(node, 0);
    EXPECT_EQ(send("DELETE", kConnectors + "/x").status, 400);
    EXPECT_EQ(send("DELETE", connector).status, 204);
    EXPECT_EQ(send("DELETE", connector).status, 404);
    make_api({.max_version = {82}});
    EXPECT_EQ(send("DELETE", target, "1.82").status, 400) << "older releases want the node off";
    alter(node, [](model::Node& n) { n.power_state = "power off"; });
    EXPECT_EQ(send("DELETE", target, "1.82").status, 204);
}

}  // namespace
}  // namespace ferrite::api
