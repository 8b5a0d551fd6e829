#include "api/api_fixture.h"
#include "model/mask.h"
#include "store/history.h"

/// Lists and shows of nodes: fields, filters, pages, masks.
namespace ferrite::api {
namespace {

class NodeReadTest : public ApiTest {};

TEST_F(NodeReadTest, EveryFieldAppearsAtItsVersion) {
    auto uuid = new_node();
    for (const auto& field : model::node_fields()) {
        if (field.shown == model::Shown::never) continue;
        auto shown = [&](int minor) {
            return get("/v1/nodes/" + uuid, "1." + std::to_string(minor))
                .json.as_object()
                .contains(field.name);
        };
        EXPECT_TRUE(shown(field.since.minor)) << field.name;
        if (field.since.minor > 1) EXPECT_FALSE(shown(field.since.minor - 1)) << field.name;
    }
}

TEST_F(NodeReadTest, BriefListHasFewFields) {
    new_node(R"("name":"n")");
    auto list = get("/v1/nodes");
    EXPECT_EQ(list.at("nodes").as_array()[0].as_object().size(), 7u) << list.text;
    EXPECT_EQ(get("/v1/nodes", "1.4").at("nodes").as_array()[0].as_object().size(), 6u);
    EXPECT_FALSE(list.json.as_object().contains("next"));
}

TEST_F(NodeReadTest, SelectsFields) {
    auto uuid = new_node(R"("name":"n")");
    auto reply = get("/v1/nodes/" + uuid + "?fields=UUID,%20name");
    EXPECT_EQ(reply.json.as_object().size(), 3u);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "?fields=").json.as_object().size(), 1u);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/uuid").json.as_object().size(), 2u);
    for (std::string bad : {"nope", "links", "created_at", "ports", "id", "conductor_affinity"}) {
        EXPECT_EQ(get("/v1/nodes/" + uuid + "?fields=" + bad).status, 400) << bad;
        EXPECT_EQ(get("/v1/nodes?fields=" + bad).status, 400) << bad;
    }
    EXPECT_EQ(get("/v1/nodes?fields=uuid", "1.7").status, 406);
    EXPECT_EQ(get("/v1/nodes?fields=shard", "1.81").status, 406);
    EXPECT_EQ(get("/v1/nodes?fields=uuid&fields=name").status, 200);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "?detail=true").status, 400);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/name,uuid").json.as_object().size(), 3u);
    EXPECT_EQ(get("/v1/nodes/missing?fields=nope").status, 404);
}

TEST_F(NodeReadTest, FindsNodesByAnyNameOfTheirs) {
    new_node(R"("name":"n","uuid":"1111000A-0000-4000-8000-000000000001")");
    EXPECT_EQ(get("/v1/nodes/n").status, 200);
    EXPECT_EQ(get("/v1/nodes/1111000a000040008000000000000001").status, 200);
    EXPECT_EQ(get("/v1/nodes/n", "1.4").status, 404);
    EXPECT_TRUE(get("/v1/nodes/a%20b").is_router_refusal());
    EXPECT_EQ(get("/v1/nodes/a%20b").status, 400);
    auto missing = get("/v1/nodes/missing");
    EXPECT_EQ(missing.status, 404);
    EXPECT_NE(missing.fault().find("missing"), std::string::npos);
}

TEST_F(NodeReadTest, PagesFollowTheirLinks) {
    for (std::string name : {"a", "b", "c", "d", "e"}) new_node(R"("name":")" + name + '"');
    std::string path = "/v1/nodes?limit=2&sort_key=name&sort_dir=desc";
    std::string seen;
    for (int page = 0; page < 4 && !path.empty(); ++page) {
        auto list = get(path);
        seen += names(list) + "| ";
        auto next = list.string("next");
        path = next.empty() ? "" : next.substr(std::string("http://api.example:6385").size());
    }
    EXPECT_EQ(seen, "e d | c b | a | ");
}

TEST_F(NodeReadTest, NextKeepsWhatWasAsked) {
    for (std::string name : {"a", "b", "c"})
        new_node(R"("resource_class":"gold","name":")" + name + '"');
    auto next = get("/v1/nodes?limit=1&resource_class=gold&fields=uuid,name").string("next");
    EXPECT_NE(next.find("resource_class=gold&"), std::string::npos) << next;
    EXPECT_NE(next.find("fields=uuid,name&limit=1&marker="), std::string::npos) << next;
    EXPECT_EQ(get("/v1/nodes?limit=1", "1.7").string("next").find("fields"), std::string::npos);
    EXPECT_NE(get("/v1/nodes/detail?limit=1").string("next").find("/v1/nodes/detail?"),
              std::string::npos);
    make_api({.max_version = {82}});
    EXPECT_EQ(get("/v1/nodes?limit=1&resource_class=gold", "1.82").string("next").find("gold"),
              std::string::npos);
}

TEST_F(NodeReadTest, RefusesPagesThatAreNone) {
    struct {
        std::string query;
        int status;
    } rows[] = {{"limit=0", 400},
                {"limit=-1", 400},
                {"limit=x", 400},
                {"limit=", 400},
                {"limit=1.5", 400},
                {"limit=2&limit=3", 400},
                {"marker=x", 400},
                {"sort_dir=DESC", 400},
                {"sort_key=nope", 400},
                {"sort_key=extra", 400},
                {"sort_key=tags", 400},
                {"sort_key=links", 400},
                {"sort_key=conductor", 400},
                {"sort_key=traits", 400},
                {"marker=11110194-0000-4000-8000-000000000194", 404},
                {"detail=true&fields=uuid", 400},
                {"detail=x", 400},
                {"unknown=1", 400}};
    for (const auto& [query, status] : rows) {
        auto reply = get("/v1/nodes?" + query);
        EXPECT_EQ(reply.status, status) << query;
        EXPECT_TRUE(reply.is_fault()) << query;
    }
    EXPECT_EQ(get("/v1/nodes?detail=true", "1.42").status, 400);
    EXPECT_EQ(get("/v1/nodes?sort_key=shard", "1.81").status, 406);
    EXPECT_EQ(get("/v1/nodes/detail?fields=uuid").status, 400);
    EXPECT_EQ(get("/v1/nodes?limit=5000").status, 200);
}

TEST_F(NodeReadTest, Filters) {
    post("/v1/chassis", R"({"uuid":"1111005a-0000-4000-8000-00000000005a"})");
    new_node(R"("name":"a","resource_class":"gold","shard":"S1","description":"Hello World")");
    new_node(
        R"("name":"b","maintenance":true,"chassis_uuid":"1111005a-0000-4000-8000-00000000005a")");
    new_node(R"("name":"c","instance_uuid":"1111003c-0000-4000-8000-00000000003c","lessee":"l1")");
    auto parent = new_node(R"("name":"d","retired":true)");
    new_node(R"("name":"kid","parent_node":"d")");
    struct {
        std::string query;
        std::string names;
    } rows[] = {{"", "a b c d "},
                {"resource_class=gold", "a "},
                {"maintenance=yes", "b "},
                {"associated=true", "c "},
                {"associated=false", "a b d "},
                {"retired=1", "d "},
                {"instance_uuid=1111003c-0000-4000-8000-00000000003c", "c "},
                {"chassis_uuid=1111005a-0000-4000-8000-00000000005a", "b "},
                {"provision_state=enroll&maintenance=false", "a c d "},
                {"provision_state=active", ""},
                {"lessee=l1", "c "},
                {"project=l1", "c "},
                {"description_contains=hello", "a "},
                {"shard=S1,S2", "a "},
                {"shard=", ""},
                {"sharded=false", "b c d "},
                {"conductor=cond1&limit=2", "a b "},
                {"conductor=other", ""},
                {"conductor_group=", "a b c d "},
                {"parent_node=d", "kid "},
                {"parent_node=" + parent, "kid "},
                {"include_children=true", "a b c d kid "},
                {"fault=power%20failure", ""}};
    for (const auto& [query, expected] : rows)
        EXPECT_EQ(names(get("/v1/nodes?" + query)), expected) << query;
    EXPECT_EQ(get("/v1/nodes?provision_state=nope").status, 400);
    EXPECT_EQ(get("/v1/nodes?fault=nope").status, 400);
    EXPECT_EQ(get("/v1/nodes?chassis_uuid=1111005b-0000-4000-8000-00000000005b").status, 404);
    EXPECT_EQ(get("/v1/nodes/" + parent + "/children").at("children").as_array().size(), 1u);
}

TEST_F(NodeReadTest, FiltersHaveTheirVersions) {
    struct {
        std::string filter;
        int since;
    } rows[] = {{"provision_state=enroll", 9},
                {"driver=ipmi", 16},
                {"resource_class=x", 21},
                {"conductor_group=", 46},
                {"conductor=x", 49},
                {"owner=x", 50},
                {"lessee=x", 65},
                {"shard=x", 82},
                {"sharded=true", 82},
                {"parent_node=x", 83},
                {"instance_name=x", 104}};
    for (const auto& [filter, since] : rows) {
        EXPECT_EQ(get("/v1/nodes?" + filter, "1." + std::to_string(since - 1)).status, 406)
            << filter;
        EXPECT_EQ(get("/v1/nodes?" + filter, "1." + std::to_string(since)).status, 200) << filter;
    }
    EXPECT_EQ(get("/v1/nodes?retired=true", "1.1").status, 200);
}

TEST_F(NodeReadTest, SecretsAreMasked) {
    auto uuid =
        new_node(R"("driver_info":{"ipmi_password":"pw","nested":{"Auth_Token":1,"plain":"x"},)"
                 R"("snmp_auth_key":"k","url":"http://h/?password=abc&x=1"},)"
                 R"("instance_info":{"configdrive":{"a":1},"image_url":"u","image_source":"s"},)"
                 R"("extra":{"password":"shown"})");
    auto node = get("/v1/nodes/" + uuid);
    EXPECT_EQ(to_text(node.at("driver_info")),
              R"({"ipmi_password":"******","nested":{"Auth_Token":"******","plain":"x"},)"
              R"("snmp_auth_key":"******","url":"http://h/?password=******&x=1"})");
    EXPECT_EQ(to_text(node.at("instance_info")),
              R"({"configdrive":"******","image_url":"******","image_source":"s"})");
    EXPECT_EQ(to_text(node.at("extra")), R"({"password":"shown"})");
}

TEST_F(NodeReadTest, MaskingSurvivesBrokenText) {
    for (std::string text : {"", "{", "{\"password\"", "{\"password\":", "{\"token\":[", "\"secret",
                             "{\"a\":\"token=\\", "[[[\"secret\"", "{\"secret\":{\"a\":}"}) {
        std::string out;
        model::append_masked(out, text, {});
    }
}

TEST_F(NodeReadTest, StatesHaveTheirOldNames) {
    auto uuid = new_node();
    alter(uuid, [](model::Node& node) { node.provision_state = "inspect wait"; });
    EXPECT_EQ(get("/v1/nodes/" + uuid, "1.38").string("provision_state"), "inspecting");
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/states", "1.38").string("provision_state"), "inspecting");
    EXPECT_EQ(get("/v1/nodes/" + uuid, "1.39").string("provision_state"), "inspect wait");
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/states", "1.1").json.as_object().size(), 7u);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/states").json.as_object().size(), 11u);
}

TEST_F(NodeReadTest, History) {
    auto uuid = new_node();
    store_.write_now([&](store::Sql& db) {
        auto node = store::nodes::get(db, uuid);
        store::history::add(db, node,
                            {.conductor = "cond1",
                             .severity = "ERROR",
                             .type = "deploying",
                             .text = std::string(300, 'x')},
                            {.entries = 10});
    });
    auto list = get("/v1/nodes/" + uuid + "/history");
    ASSERT_EQ(list.at("history").as_array().size(), 1u) << list.text;
    const auto& event = list.at("history").as_array()[0];
    EXPECT_EQ(event.as_object().size(), 5u);
    EXPECT_EQ(string_member(event, "event").size(), 254u);
    auto one = get("/v1/nodes/" + uuid + "/history/" + string_member(event, "uuid"));
    EXPECT_EQ(one.string("event").size(), 300u);
    EXPECT_EQ(one.string("event_type"), "deploying");
    auto other = new_node();
    EXPECT_EQ(get("/v1/nodes/" + other + "/history/" + string_member(event, "uuid")).status, 404);
    EXPECT_EQ(get("/v1/nodes/" + uuid + "/history?detail=true")
                  .at("history")
                  .as_array()[0]
                  .as_object()
                  .size(),
              one.json.as_object().size());
    auto removal = send("DELETE", "/v1/nodes/" + uuid + "/history");
    EXPECT_EQ(removal.status, 405);
    EXPECT_EQ(removal.headers.get("Allow"), "GET");
}

}  // namespace
}  // namespace ferrite::api
