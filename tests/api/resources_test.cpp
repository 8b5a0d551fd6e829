#include "api/api_fixture.h"
#include "store/conductors.h"

/// Ports, chassis, drivers, conductors and shards.
namespace ferrite::api {
namespace {

class ResourcesTest : public ApiTest {
protected:
    std::string new_port(const std::string& node, const std::string& members) {
        auto reply = post("/v1/ports", R"({"node_uuid":")" + node + "\"," + members + "}");
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }
    Reply change_port(const std::string& uuid, const std::string& op, const std::string& path,
                      const std::string& value = "", const std::string& version = "1.115") {
        return patch("/v1/ports/" + uuid,
                     R"([{"op":")" + op + R"(","path":")" + path + '"' +
                         (value.empty() ? "" : R"(,"value":)" + value) + "}]",
                     version);
    }
};

TEST_F(ResourcesTest, PortDocuments) {
    auto node = new_node(R"("name":"n")");
    auto port = new_port(node, R"("address":"52:54:00:AA:BB:01","name":"p")");
    auto shown = get("/v1/ports/" + port);
    EXPECT_EQ(shown.string("address"), "52:54:00:aa:bb:01");
    EXPECT_EQ(shown.at("pxe_enabled"), Json(true));
    EXPECT_EQ(get("/v1/ports/p").status, 200);
    EXPECT_EQ(send("DELETE", "/v1/ports/p").status, 400);
    EXPECT_EQ(get("/v1/ports/" + port, "1.1").json.as_object().size(), 7u);
    EXPECT_EQ(get("/v1/ports/" + port + "/address").json.as_object().size(), 2u);
    EXPECT_EQ(send("DELETE", "/v1/ports/" + port).status, 204);
    EXPECT_EQ(get("/v1/ports/" + port).status, 404);
}

TEST_F(ResourcesTest, RefusesPortsThatAreWrong) {
    auto node = new_node(R"("name":"n")");
    new_port(node, R"("address":"52:54:00:00:00:03")");
    struct {
        std::string members;
        int status;
    } rows[] = {
        {"", 400},
        {R"("address":"x")", 400},
        {R"("address":"52-54-00-00-00-09")", 400},
        {R"("address":null)", 400},
        {R"("address":"52:54:00:00:00:03")", 409},
        {R"("address":"52:54:00:00:00:09","nope":1)", 400},
        {R"("address":"52:54:00:00:00:09","internal_info":{})", 400},
        {R"("address":"52:54:00:00:00:09","physical_network":"")", 400},
        {R"("address":"52:54:00:00:00:09","pxe_enabled":"x")", 400},
        {R"("address":"52:54:00:00:00:09","node_ident":"n")", 400},
        {R"("address":"52:54:00:00:00:09","portgroup_uuid":"11110194-0000-4000-8000-000000000194")",
         400},
        {R"("address":"52:54:00:00:00:09","local_link_connection":{"switch_id":"x"})", 400},
        {R"("address":"52:54:00:00:00:09","local_link_connection":{"nope":"x"})", 400},
        {R"("address":"52:54:00:00:00:09","local_link_connection":{"network_type":"managed"})",
         400},
        {R"("address":"52:54:00:00:00:09","local_link_connection":{"port_id":"y","switch_id":"x"})",
         400},
        {R"("address":"52:54:00:00:00:09","is_smartnic":true,"local_link_connection":{"port_id":"y","switch_id":"0a:1b:2c:3d:4e:5f"})",
         400},
    };
    for (const auto& [members, status] : rows) {
        auto reply = post("/v1/ports", R"({"node_uuid":")" + node + '"' +
                                           (members.empty() ? "" : "," + members) + "}");
        EXPECT_EQ(reply.status, status) << members << reply.text;
    }
    EXPECT_EQ(post("/v1/ports", R"({"address":"52:54:00:00:00:09"})").status, 400);
    auto by_name = R"({"address":"52:54:00:00:00:09","node_ident":"n"})";
    EXPECT_EQ(post("/v1/ports", by_name, "1.93").status, 406);
    EXPECT_EQ(post("/v1/ports", by_name, "1.94").status, 201);
    EXPECT_EQ(
        post("/v1/ports",
             R"({"address":"52:54:00:00:00:0a","is_smartnic":true,"node_uuid":")" + node + "\"}",
             "1.52")
            .status,
        406);
}

TEST_F(ResourcesTest, PortLists) {
    auto n = new_node(R"("name":"n","shard":"s1")");
    auto m = new_node(R"("name":"m")");
    new_port(n, R"("address":"52:54:00:00:00:01")");
    new_port(n, R"("address":"52:54:00:00:00:02")");
    new_port(m, R"("address":"52:54:00:00:00:03","description":"up link")");
    auto count = [&](std::string path) {
        auto reply = get(path);
        return reply.status == 200 ? static_cast<int>(reply.at("ports").as_array().size())
                                   : reply.status;
    };
    EXPECT_EQ(count("/v1/ports"), 3);
    EXPECT_EQ(count("/v1/ports?address=52:54:00:00:00:01"), 1);
    EXPECT_EQ(count("/v1/ports?node=n"), 2);
    EXPECT_EQ(count("/v1/ports?node_uuid=" + m), 1);
    EXPECT_EQ(count("/v1/ports?shard=s1"), 2);
    EXPECT_EQ(count("/v1/ports?description_contains=UP"), 1);
    EXPECT_EQ(count("/v1/ports?conductor_groups="), 0);
    EXPECT_EQ(count("/v1/nodes/n/ports"), 2);
    EXPECT_EQ(count("/v1/nodes/" + m + "/ports/detail"), 1);
    EXPECT_EQ(count("/v1/ports?node=n&shard=s1"), 403);
    EXPECT_EQ(count("/v1/ports?node=missing"), 404);
    EXPECT_EQ(count("/v1/ports?portgroup=x"), 404);
    EXPECT_EQ(count("/v1/ports?sort_key=node_uuid"), 400);
    EXPECT_EQ(count("/v1/ports?sort_key=extra"), 400);
    EXPECT_EQ(count("/v1/ports?address=x"), 400);
    EXPECT_EQ(count("/v1/nodes/n/ports/52:54:00:00:00:01"), 400);
    EXPECT_EQ(count("/v1/nodes/missing/ports"), 404);
    EXPECT_NE(get("/v1/nodes/n/ports?limit=1").string("next").find("/v1/nodes/" + n + "/ports?"),
              std::string::npos);
}

TEST_F(ResourcesTest, PortPatches) {
    auto node = new_node(R"("name":"n")");
    auto other = new_node(R"("name":"m")");
    auto port = new_port(node, R"("address":"52:54:00:00:00:01","extra":{"k":1})");
    EXPECT_EQ(change_port(port, "replace", "/address", R"("52:54:00:AA:00:01")").string("address"),
              "52:54:00:aa:00:01");
    EXPECT_EQ(change_port(port, "replace", "/address", R"("x")").status, 400);
    EXPECT_EQ(change_port(port, "remove", "/address").status, 400);
    EXPECT_EQ(change_port(port, "remove", "/node_uuid").string("node_uuid"), node);
    EXPECT_EQ(change_port(port, "replace", "/pxe_enabled", "false").at("pxe_enabled"), Json(false));
    EXPECT_EQ(change_port(port, "remove", "/pxe_enabled").at("pxe_enabled"), Json(true));
    EXPECT_EQ(change_port(port, "replace", "/node_uuid", '"' + other + '"').string("node_uuid"),
              other);
    EXPECT_EQ(change_port(port, "replace", "/uuid", R"("x")").status, 400);
    EXPECT_EQ(change_port(port, "add", "/name", R"("p")", "1.87").status, 406);
    EXPECT_EQ(change_port(port, "remove", "/extra/nope").status, 400);
    auto inspecting = [](model::Node& n) { n.provision_state = "inspecting"; };
    alter(other, inspecting);
    EXPECT_EQ(change_port(port, "replace", "/extra", "{}").status, 409);
}

TEST_F(ResourcesTest, PortFieldsThatAreOutOfTheOrdinary) {
    auto node = new_node(R"("name":"n")");
    EXPECT_EQ(post("/v1/ports", R"({"node_uuid":")" + node +
                                    R"(","address":"52:54:00:00:00:01",)"
                                    R"("available_for_dynamic_portgroup":"yes"})")
                  .status,
              400);
    auto port = new_port(node, R"("address":"52:54:00:00:00:01")");
    EXPECT_EQ(get("/v1/ports/" + port + "?fields=internal_info", "1.17").json.as_object().size(),
              1u);
    EXPECT_EQ(get("/v1/ports/" + port + "?fields=pxe_enabled", "1.18").status, 406);
    EXPECT_EQ(get("/v1/ports?fields=links").status, 200);
    EXPECT_EQ(change_port(port, "replace", "/available_for_dynamic_portgroup", R"("no")").status,
              400);
}

TEST_F(ResourcesTest, PinnedServiceNamesPortsByUuid) {
    make_api({.max_version = {82}});
    EXPECT_EQ(get("/v1/ports/x", "1.72").status, 400);
    auto node = post("/v1/nodes", R"({"driver":"fake-hardware"})", "1.82").string("uuid");
    EXPECT_EQ(get("/v1/nodes/" + node + "/ports/x", "1.82").status, 403);
    EXPECT_EQ(
        post("/v1/ports",
             R"({"address":"52:54:00:00:00:01","name":"x","node_uuid":")" + node + "\"}", "1.82")
            .status,
        400);
}

TEST_F(ResourcesTest, Chassis) {
    auto made = post("/v1/chassis", R"({"description":"one","extra":{"a":1}})");
    ASSERT_EQ(made.status, 201) << made.text;
    auto path = "/v1/chassis/" + made.string("uuid");
    EXPECT_EQ(made.headers.get("Location"), "http://api.example:6385" + path);
    EXPECT_EQ(made.at("nodes").as_array()[0].as_array().size(), 2u);
    EXPECT_EQ(send("POST", "/v1/chassis").status, 201);
    EXPECT_EQ(post("/v1/chassis", R"({"uuid":"x"})").status, 400);
    EXPECT_EQ(post("/v1/chassis", R"({"description":")" + std::string(256, 'x') + "\"}").status,
              400);
    EXPECT_EQ(get("/v1/chassis").at("chassis").as_array()[0].as_object().size(), 3u);
    EXPECT_EQ(get(path + "?fields=extra").json.as_object().size(), 2u);
    EXPECT_EQ(patch(path, R"([{"op":"remove","path":"/description"}])").status, 200);
    EXPECT_EQ(
        patch(path,
              R"([{"op":"replace","path":"/uuid","value":"11110008-0000-4000-8000-000000000008"}])")
            .status,
        400);
    auto node = new_node(R"("chassis_uuid":")" + made.string("uuid") + '"');
    EXPECT_EQ(get(path + "/nodes").at("nodes").as_array().size(), 1u);
    EXPECT_EQ(get(path + "/nodes/detail").status, 200);
    EXPECT_EQ(get("/v1/chassis/nodes").status, 400);
    EXPECT_EQ(post(path + "/nodes", "{}").status, 400);
    EXPECT_EQ(get(path + "/nodes/n").status, 400);
    EXPECT_EQ(send("DELETE", path + "/nodes/n").status, 404);
    EXPECT_EQ(send("DELETE", path).status, 400);
    EXPECT_EQ(send("DELETE", "/v1/nodes/" + node).status, 204);
    EXPECT_EQ(send("DELETE", path).status, 204);
    EXPECT_EQ(get(path).status, 404);
    EXPECT_EQ(get("/v1/chassis/x").status, 400);
}

TEST_F(ResourcesTest, Drivers) {
    EXPECT_EQ(get("/v1/drivers").at("drivers").as_array().size(), 2u);
    EXPECT_EQ(get("/v1/drivers?type=classic").at("drivers").as_array().size(), 0u);
    EXPECT_EQ(get("/v1/drivers?type=nope").status, 400);
    EXPECT_EQ(get("/v1/drivers?type=dynamic", "1.29").status, 406);
    EXPECT_EQ(get("/v1/drivers?fields=name", "1.76").status, 406);
    EXPECT_EQ(get("/v1/drivers?fields=default_boot_interface").status, 400);
    EXPECT_EQ(get("/v1/drivers/ipmi", "1.13").json.as_object().size(), 3u);
    auto driver = get("/v1/drivers/fake-hardware");
    EXPECT_EQ(driver.string("default_bios_interface"), "fake");
    EXPECT_EQ(driver.json.as_object().size(), 5u + 2 * 13);
    EXPECT_EQ(get("/v1/drivers/fake-hardware/type").json.as_object().size(), 2u);
    EXPECT_EQ(get("/v1/drivers/fake-hardware/properties").string("B1"), "What B1 means.");
    EXPECT_EQ(get("/v1/drivers/nope").status, 404);
    EXPECT_EQ(get("/v1/drivers/nope/properties").status, 404);
    EXPECT_EQ(post("/v1/drivers", "{}").status, 405);
}

TEST_F(ResourcesTest, Conductors) {
    store_.write_now([](store::Sql& db) {
        store::conductors::enter(db, "cond1", "process", "", {"fake-hardware", "ipmi"});
        store::conductors::enter(db, "cond2", "process", "g", {});
        store::conductors::leave(db, "cond2");
    });
    auto list = get("/v1/conductors");
    ASSERT_EQ(list.at("conductors").as_array().size(), 2u) << list.text;
    EXPECT_EQ(member(list.at("conductors").as_array()[0], "alive"), Json(true));
    EXPECT_EQ(member(list.at("conductors").as_array()[1], "alive"), Json(false));
    EXPECT_EQ(get("/v1/conductors/cond1").at("drivers").as_array().size(), 2u);
    EXPECT_EQ(get("/v1/conductors?marker=cond1").at("conductors").as_array().size(), 1u);
    EXPECT_EQ(get("/v1/conductors?marker=nope").status, 404);
    EXPECT_EQ(get("/v1/conductors?sort_key=alive").status, 400);
    EXPECT_EQ(get("/v1/conductors?fields=online").status, 400);
    EXPECT_EQ(get("/v1/conductors/detail").status, 404);
    EXPECT_EQ(send("DELETE", "/v1/conductors").headers.get("Allow"), "GET");
}

TEST_F(ResourcesTest, Shards) {
    new_node();
    new_node();
    new_node(R"("shard":"s1")");
    EXPECT_EQ(get("/v1/shards").text,
              R"({"shards":[{"name":"None","count":2},{"name":"s1","count":1}]})");
    EXPECT_EQ(get("/v1/shards?x=1").status, 400);
    EXPECT_EQ(get("/v1/shards/s1").status, 404);
}

}  // namespace
}  // namespace ferrite::api
