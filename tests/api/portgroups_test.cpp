#include "api/api_fixture.h"

/// Portgroups and their ports (reference: api.md sections 12 and 13).
namespace ferrite::api {
namespace {

class PortgroupsTest : public ApiTest {
protected:
    std::string made(const std::string& path, const std::string& node, const std::string& members) {
        auto reply = post(
            path, R"({"node_uuid":")" + node + '"' + (members.empty() ? "" : "," + members) + "}");
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }
    std::string new_group(const std::string& node, const std::string& members = "") {
        return made("/v1/portgroups", node, members);
    }
    std::string new_port(const std::string& node, const std::string& members) {
        return made("/v1/ports", node, members);
    }
    Reply change(const std::string& path, const std::string& op, const std::string& field,
                 const std::string& value = "", const std::string& version = "1.115") {
        return patch(path,
                     R"([{"op":")" + op + R"(","path":"/)" + field + '"' +
                         (value.empty() ? "" : R"(,"value":)" + value) + "}]",
                     version);
    }
    /// How many items the list has; the status when there is none.
    int count(const std::string& path, const std::string& version = "1.115") {
        auto reply = get(path, version);
        if (reply.status != 200) return reply.status;
        for (const auto& entry : reply.json.as_object())
            if (entry.value().is_array()) return static_cast<int>(entry.value().as_array().size());
        return -1;
    }

    const std::string kNobody = "11110194-0000-4000-8000-000000000194";
};

TEST_F(PortgroupsTest, Documents) {
    auto node = new_node(R"("name":"n")");
    auto reply = post("/v1/portgroups",
                      R"({"name":"pg","address":"52:54:00:AA:BB:01","node_uuid":")" + node + "\"}");
    ASSERT_EQ(reply.status, 201) << reply.text;
    auto path = "/v1/portgroups/" + reply.string("uuid");
    EXPECT_EQ(reply.headers.get("Location"), "http://api.example:6385" + path);
    EXPECT_EQ(reply.string("address"), "52:54:00:aa:bb:01");
    EXPECT_EQ(reply.string("mode"), "active-backup");
    EXPECT_EQ(reply.at("standalone_ports_supported"), Json(true));
    EXPECT_EQ(reply.at("properties"), Json(JsonObject()));
    EXPECT_EQ(reply.at("ports").as_array().size(), 2u);
    EXPECT_EQ(reply.json.as_object().size(), 16u);
    struct {
        const char* version;
        std::size_t fields;
    } rows[] = {{"1.23", 11},  {"1.26", 13},  {"1.101", 13},
                {"1.102", 14}, {"1.103", 15}, {"1.111", 16}};
    for (const auto& [version, fields] : rows)
        EXPECT_EQ(get(path, version).json.as_object().size(), fields) << version;
    EXPECT_EQ(get("/v1/portgroups/pg").string("uuid"), reply.string("uuid"));
    EXPECT_EQ(get("/v1/portgroups/pg?fields=uuid,ports").json.as_object().size(), 3u);
    EXPECT_EQ(get("/v1/portgroups/nope").status, 404);
    EXPECT_EQ(get("/v1/portgroups/" + kNobody).status, 404);
    EXPECT_EQ(get("/v1/portgroups/pg/detail").status, 404);
    auto bad = get("/v1/portgroups/bad%20name");
    EXPECT_EQ(bad.status, 400);
    EXPECT_TRUE(bad.is_router_refusal());
    make_api({.default_portgroup_mode = "802.3ad"});
    auto other = new_group(node);
    EXPECT_EQ(get("/v1/portgroups/" + other).string("mode"), "802.3ad");
}

TEST_F(PortgroupsTest, AreThereSince) {
    auto node = new_node(R"("name":"n")");
    auto path = "/v1/portgroups/" + new_group(node, R"("name":"pg")");
    struct {
        const char* method;
        std::string path;
        const char* below;
        bool router;
        bool router_of_old;  ///< In a service that is pinned to a release up to 21.4.
    } rows[] = {
        {"GET", "/v1/portgroups", "1.22", false, false},
        {"POST", "/v1/portgroups", "1.22", false, false},
        {"GET", "/v1/portgroups/detail", "1.22", false, true},
        {"GET", path, "1.22", false, true},
        {"PATCH", path, "1.22", false, true},
        {"DELETE", path, "1.22", false, true},
        {"GET", path + "/ports", "1.23", true, true},
        {"GET", path + "/ports/detail", "1.23", true, true},
        {"GET", "/v1/nodes/n/portgroups", "1.23", true, true},
        {"GET", "/v1/nodes/n/portgroups/detail", "1.23", true, true},
    };
    for (bool pinned : {false, true}) {
        make_api({.max_version = pinned ? model::MicroVersion{82} : model::kLatestVersion});
        for (const auto& row : rows) {
            SCOPED_TRACE(row.path);
            auto reply = send(row.method, row.path, row.below, "[]");
            EXPECT_EQ(reply.status, 404);
            EXPECT_EQ(reply.is_router_refusal(), pinned ? row.router_of_old : row.router);
        }
    }
}

TEST_F(PortgroupsTest, RefusesWhatIsWrong) {
    auto node = new_node(R"("name":"n")");
    auto uuid = new_group(node, R"("name":"pg","address":"52:54:00:00:00:01")");
    struct {
        std::string members;
        int status;
        const char* version = "1.115";
    } rows[] = {
        {R"("name":"pg")", 409},
        {R"("address":"52:54:00:00:00:01")", 409},
        {R"("address":"52:54:00:00:00:0G")", 400},
        {R"("address":"x")", 400},
        {R"("uuid":")" + uuid + '"', 409},
        {R"("uuid":"x")", 400},
        {R"("name":"bad name")", 400},
        {R"("name":")" + kNobody + '"', 400},
        {R"("name":5)", 400},
        {R"("mode":5)", 400},
        {R"("properties":"x")", 400},
        {R"("extra":[])", 400},
        {R"("nope":1)", 400},
        {R"("standalone_ports_supported":"x")", 400},
        {R"("internal_info":{})", 400},
        {R"("dynamic_portgroup":true)", 400},
        {R"("physical_network":")" + std::string(65, 'x') + '"', 400},
        {R"("category":")" + std::string(81, 'x') + '"', 400},
        {R"("mode":"x")", 406, "1.25"},
        {R"("properties":{})", 406, "1.25"},
        {R"("mode":null)", 201, "1.25"},
        {R"("mode":"balance-rr","properties":{"miimon":"100"},"standalone_ports_supported":"no")",
         201, "1.26"},
        {R"("physical_network":"x","category":"y")", 201, "1.101"},
        {R"("name":"")", 201},
        {R"("name":"detail")", 201},
        {R"("name":null,"address":null,"extra":null)", 201},
    };
    for (const auto& [members, status, version] : rows) {
        auto reply =
            post("/v1/portgroups", R"({"node_uuid":")" + node + "\"," + members + "}", version);
        EXPECT_EQ(reply.status, status) << members << reply.text;
    }
    for (std::string body : {"{}", R"({"name":"x"})", R"({"node_uuid":"n"})", "[]", "null", "{",
                             R"({"node_uuid":null})"})
        EXPECT_EQ(post("/v1/portgroups", body).status, 400) << body;
    EXPECT_EQ(post("/v1/portgroups", R"({"node_uuid":")" + kNobody + "\"}").status, 400);
    EXPECT_EQ(post("/v1/portgroups/x", "{}").status, 400);
    EXPECT_EQ(post("/v1/nodes/n/portgroups", "{}").status, 400);
    EXPECT_EQ(post("/v1/portgroups?x=1", R"({"node_uuid":")" + node + "\"}").status, 400);
    EXPECT_EQ(put("/v1/portgroups/" + uuid, "{}").status, 405);
}

TEST_F(PortgroupsTest, Lists) {
    auto n = new_node(R"("name":"n","shard":"S1","conductor_group":"")");
    auto m = new_node(R"("name":"m")");
    auto first = new_group(n, R"("name":"b","address":"52:54:00:00:00:AA")");
    new_group(n, R"("name":"a")");
    new_group(m);
    struct {
        std::string query;
        int expected;
        const char* version = "1.115";
    } rows[] = {
        {"", 3},
        {"/detail", 3},
        {"?node=n", 2},
        {"?node=" + m, 1},
        {"?node=missing", 404},
        {"?node=b%20d", 400},
        {"?address=52:54:00:00:00:AA", 1},
        {"?address=52:54:00:00:00:ab", 0},
        {"?address=x", 400},
        {"?shard=S1", 2},
        {"?shard=S1", 406, "1.105"},
        {"?conductor_groups=x", 0},
        {"?node=n&address=52:54:00:00:00:AA", 400},
        {"?node=n&shard=S1", 400},
        {"?shard=S1&conductor_groups=x", 400},
        {"?limit=1", 1},
        {"?limit=0", 400},
        {"?limit=abc", 400},
        {"?marker=" + first, 2},
        {"?marker=abc", 400},
        {"?marker=" + kNobody, 404},
        {"?sort_key=mode", 3},
        {"?sort_key=mode", 406, "1.25"},
        {"?sort_key=dynamic_portgroup", 406, "1.110"},
        {"?sort_key=extra", 400},
        {"?sort_key=properties", 400},
        {"?sort_key=internal_info", 400},
        {"?sort_key=node_uuid", 400},
        {"?sort_key=nope", 400},
        {"?sort_dir=x", 400},
        {"?fields=uuid,mode", 3},
        {"?fields=mode", 406, "1.25"},
        {"?fields=dynamic_portgroup", 406, "1.110"},
        {"?fields=physical_network,category", 3, "1.101"},
        {"?fields=nope", 400},
        {"?detail=true", 3},
        {"?detail=true", 400, "1.42"},
        {"?detail=true&fields=uuid", 400},
        {"?detail=maybe", 400},
        {"/detail?fields=uuid", 400},
        {"?nope=1", 400},
    };
    for (const auto& [query, expected, version] : rows)
        EXPECT_EQ(count("/v1/portgroups" + query, version), expected) << query;
    EXPECT_EQ(get("/v1/portgroups").at("portgroups").as_array()[0].as_object().size(), 4u);
    auto sorted = get("/v1/portgroups?sort_key=name&fields=name&limit=2");
    EXPECT_EQ(string_member(sorted.at("portgroups").as_array()[1], "name"), "a");
    EXPECT_EQ(get("/v1/portgroups?limit=1").string("next"),
              "http://api.example:6385/v1/portgroups?sort_key=id&sort_dir=asc&"
              "fields=uuid,address,name&limit=1&marker=" +
                  first);
}

TEST_F(PortgroupsTest, NestedLists) {
    auto n = new_node(R"("name":"n")");
    auto group = new_group(n, R"("name":"pg")");
    new_group(new_node());
    new_port(n, R"("address":"52:54:00:00:00:01","portgroup_uuid":")" + group + '"');
    new_port(n, R"("address":"52:54:00:00:00:02")");
    for (const auto& node : {n, std::string("n")}) {
        EXPECT_EQ(count("/v1/nodes/" + node + "/portgroups"), 1);
        EXPECT_EQ(count("/v1/nodes/" + node + "/portgroups/detail"), 1);
        EXPECT_EQ(get("/v1/nodes/" + node + "/portgroups/x").status, 400);
        EXPECT_EQ(get("/v1/nodes/" + node + "/portgroups/x/ports").status, 403);
    }
    for (const auto& ident : {group, std::string("pg")}) {
        auto path = "/v1/portgroups/" + ident + "/ports";
        EXPECT_EQ(count(path), 1);
        EXPECT_EQ(count(path + "/detail"), 1);
        EXPECT_EQ(count("/v1/ports?portgroup=" + ident), 1);
        EXPECT_EQ(get(path + "/x").status, 400);
        EXPECT_EQ(post(path, "{}").status, 400);
        EXPECT_EQ(send("DELETE", path + "/x").status, 400);
    }
    EXPECT_EQ(count("/v1/nodes/missing/portgroups"), 404);
    EXPECT_EQ(count("/v1/portgroups/missing/ports"), 404);
    EXPECT_EQ(count("/v1/ports?portgroup=missing"), 404);
    EXPECT_EQ(count("/v1/ports?portgroup=pg", "1.23"), 406);
    EXPECT_EQ(count("/v1/ports?portgroup=pg&node=n"), 403);
    EXPECT_NE(get("/v1/nodes/n/portgroups?limit=1")
                  .string("next")
                  .find("/v1/nodes/" + n + "/portgroups?"),
              std::string::npos);
    EXPECT_NE(get("/v1/portgroups/pg/ports?limit=1")
                  .string("next")
                  .find("/v1/portgroups/" + group + "/ports?"),
              std::string::npos);
}

TEST_F(PortgroupsTest, Patches) {
    auto node = new_node(R"("name":"n")");
    auto other = new_node(R"("name":"m")");
    auto foreign = new_node(R"("name":"f")");
    alter(foreign, [](model::Node& n) { n.owner = "somebody"; });
    new_group(node, R"("name":"taken","address":"52:54:00:00:00:09")");
    auto path = "/v1/portgroups/" + new_group(node, R"("name":"pg","extra":{"k":1})");
    struct {
        const char* op;
        const char* field;
        std::string value;
        int status;
        const char* version = "1.115";
    } rows[] = {
        {"replace", "name", R"("pg2")", 200},
        {"replace", "name", R"("taken")", 409},
        {"replace", "name", R"("b d")", 400},
        {"remove", "name", "", 200},
        {"replace", "address", R"("52:54:00:AA:00:01")", 200},
        {"replace", "address", R"("52:54:00:00:00:09")", 409},
        {"replace", "address", R"("x")", 400},
        {"remove", "address", "", 200},
        {"replace", "mode", R"("balance-rr")", 200},
        {"replace", "mode", "null", 200},
        {"replace", "mode", R"("x")", 406, "1.25"},
        {"remove", "mode", "", 400},
        {"replace", "properties", R"({"a":1})", 200},
        {"add", "properties/b", "2", 200},
        {"add", "properties/c", "2", 406, "1.25"},
        {"remove", "properties", "", 200},
        {"replace", "standalone_ports_supported", "false", 200},
        {"replace", "standalone_ports_supported", R"("x")", 400},
        {"remove", "standalone_ports_supported", "", 200},
        {"replace", "physical_network", R"("pn")", 200, "1.101"},
        {"remove", "physical_network", "", 200},
        {"replace", "category", R"("c")", 200},
        {"replace", "extra", "{}", 200},
        {"remove", "extra", "", 200},
        {"remove", "extra/nope", "", 400},
        {"remove", "node_uuid", "", 400},
        {"replace", "node_uuid", "null", 400},
        {"replace", "node_uuid", R"("n")", 400},
        {"replace", "node_uuid", '"' + kNobody + '"', 400},
        {"replace", "node_uuid", '"' + foreign + '"', 400},
        {"replace", "node_uuid", '"' + other + '"', 200},
        {"replace", "uuid", '"' + kNobody + '"', 400},
        {"replace", "internal_info", "{}", 400},
        {"replace", "dynamic_portgroup", "true", 400},
        {"replace", "created_at", R"("x")", 400},
        {"replace", "nope", "1", 400},
    };
    for (const auto& [op, field, value, status, version] : rows) {
        auto reply = change(path, op, field, value, version);
        EXPECT_EQ(reply.status, status) << op << " " << field << " " << value << reply.text;
    }
    EXPECT_EQ(get(path).string("mode"), "active-backup");
    EXPECT_EQ(get(path).string("node_uuid"), other);
    EXPECT_EQ(patch(path, "[]").status, 200);
    EXPECT_EQ(patch(path, "{}").status, 400);
    EXPECT_EQ(patch("/v1/portgroups/nope", "[]").status, 404);
    EXPECT_EQ(patch("/v1/portgroups", "[]").status, 400);
    alter(other, [](model::Node& n) { n.provision_state = "inspecting"; });
    EXPECT_EQ(change(path, "remove", "extra").status, 409);
    EXPECT_EQ(change(path, "remove", "extra", "", "1.38").status, 200);
}

TEST_F(PortgroupsTest, Deletion) {
    auto node = new_node();
    auto group = new_group(node, R"("name":"pg")");
    auto port = new_port(node, R"("address":"52:54:00:00:00:01","portgroup_uuid":")" + group + '"');
    EXPECT_EQ(send("DELETE", "/v1/portgroups").status, 400);
    EXPECT_EQ(send("DELETE", "/v1/portgroups/nope").status, 404);
    EXPECT_EQ(send("DELETE", "/v1/portgroups/pg").status, 400) << "it has a port";
    EXPECT_EQ(send("DELETE", "/v1/ports/" + port).status, 204);
    EXPECT_EQ(send("DELETE", "/v1/portgroups/pg").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/portgroups/pg").status, 404);
}

TEST_F(PortgroupsTest, Membership) {
    auto node = new_node();
    auto other = new_node();
    auto open = new_group(node);
    auto closed = new_group(node, R"("standalone_ports_supported":false)");
    auto foreign = new_group(other);
    auto member = [](const std::string& group) { return R"(,"portgroup_uuid":")" + group + '"'; };
    auto created = [&](const std::string& members, const std::string& version = "1.115") {
        return post("/v1/ports",
                    R"({"address":"52:54:00:00:00:01","node_uuid":")" + node + '"' + members + "}",
                    version)
            .status;
    };
    EXPECT_EQ(created(member(foreign)), 400);
    EXPECT_EQ(created(member(kNobody)), 400);
    EXPECT_EQ(created(member("x")), 400);
    EXPECT_EQ(created(member(closed) + R"(,"pxe_enabled":true)"), 409);
    EXPECT_EQ(created(member(open), "1.23"), 406);
    EXPECT_EQ(created(member(closed)), 201) << "it does not say that it is for booting";
    auto port = new_port(node, R"("address":"52:54:00:00:00:02")" + member(open));
    auto path = "/v1/ports/" + port;
    EXPECT_EQ(change(path, "replace", "portgroup_uuid", '"' + foreign + '"').status, 400);
    EXPECT_EQ(change(path, "replace", "portgroup_uuid", '"' + kNobody + '"').status, 400);
    EXPECT_EQ(change(path, "replace", "node_uuid", '"' + other + '"').status, 400);
    EXPECT_EQ(change(path, "replace", "portgroup_uuid", '"' + closed + '"').status, 200);
    EXPECT_EQ(change(path, "replace", "physical_network", R"("pn")").status, 400);
    EXPECT_EQ(change(path, "replace", "physical_network", R"("pn")", "1.101").status, 200);
    EXPECT_EQ(change(path, "remove", "portgroup_uuid").status, 200);
    EXPECT_EQ(change(path, "replace", "physical_network", R"("pn2")").status, 200);
    EXPECT_EQ(change(path, "replace", "node_uuid", '"' + other + '"').status, 200);
}

}  // namespace
}  // namespace ferrite::api
