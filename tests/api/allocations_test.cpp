#include "store/allocations.h"

#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace ferrite::api {
namespace {

using testing::HasSubstr;

class Allocations : public ApiTest {
protected:
    std::string add(std::string members = "", std::string version = "1.115") {
        auto reply =
            post("/v1/allocations",
                 R"({"resource_class":"gold")" + (members.empty() ? "" : "," + members) + "}",
                 std::move(version));
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }
    int refused(const std::string& body, const std::string& version = "1.115") {
        auto reply = post("/v1/allocations", body, version);
        EXPECT_TRUE(reply.status == 201 || reply.is_fault()) << reply.text;
        return reply.status;
    }
    /// Behind the API's back, as a conductor does it.
    void give(const std::string& uuid, const std::string& node) {
        store_.write_now([&](store::Sql& db) {
            auto allocation = store::allocations::get(db, uuid);
            store::allocations::give(db, allocation, store::nodes::get(db, node));
        });
    }
    std::size_t listed(const std::string& query, const std::string& version = "1.115") {
        auto reply = get("/v1/allocations?" + query, version);
        EXPECT_EQ(reply.status, 200) << query << reply.text;
        return reply.status == 200 ? reply.at("allocations").as_array().size() : 99;
    }
};

TEST_F(Allocations, AreCreatedWithAllTheirFields) {
    auto n1 = new_node(R"("name":"n1")"), n2 = new_node();
    auto reply = post("/v1/allocations", R"({"resource_class":"gold","name":"db","owner":"p",
        "traits":["CUSTOM_B","CUSTOM_A"],"extra":{"a":1},"candidate_nodes":[")" +
                                             n2 + R"(","n1"]})");
    ASSERT_EQ(reply.status, 201) << reply.text;
    auto uuid = reply.string("uuid");
    EXPECT_EQ(reply.headers.get("Location"), "http://api.example:6385/v1/allocations/" + uuid);
    EXPECT_EQ(reply.string("state"), "allocating");
    EXPECT_EQ(reply.string("owner"), "p");
    EXPECT_EQ(to_text(reply.at("candidate_nodes")), "[\"" + n2 + "\",\"" + n1 + "\"]");
    EXPECT_EQ(to_text(reply.at("traits")), R"(["CUSTOM_B","CUSTOM_A"])");
    EXPECT_TRUE(reply.at("node_uuid").is_null() && reply.at("last_error").is_null());
    std::string keys;
    for (const auto& entry : reply.json.as_object()) keys += std::string(entry.key()) + " ";
    for (auto key : {"created_at", "extra", "links", "name", "resource_class", "updated_at"})
        EXPECT_THAT(keys, HasSubstr(key));
    EXPECT_EQ(reply.json.as_object().size(), 13u) << keys;
    EXPECT_EQ(get("/v1/allocations/db").text, get("/v1/allocations/" + uuid).text);
    EXPECT_EQ(get("/v1/allocations/db", "1.59").json.as_object().contains("owner"), false);
}

TEST_F(Allocations, AreRefusedForWhatIsWrongWithThem) {
    new_node(R"("name":"n1")");
    auto uuid = add(R"("name":"al1")");
    struct Row {
        std::string body;
        int status;
        std::string version = "1.115";
    };
    const Row rows[] = {
        {"{}", 400},
        {R"({"resource_class":""})", 400},
        {R"({"resource_class":null})", 400},
        {R"({"resource_class":7})", 400},
        {R"({"resource_class":")" + std::string(81, 'x') + R"("})", 400},
        {R"({"resource_class":"rc","name":"al1"})", 409},
        {R"({"resource_class":"rc","name":"bad name"})", 400},
        {R"({"resource_class":"rc","name":""})", 400},
        {R"({"resource_class":"rc","name":"11112222-0000-4000-8000-000000000001"})", 400},
        {R"({"resource_class":"rc","uuid":")" + uuid + R"("})", 409},
        {R"({"resource_class":"rc","uuid":"abc"})", 400},
        {R"({"resource_class":"rc","traits":["x"]})", 400},
        {R"({"resource_class":"rc","traits":[7]})", 400},
        {R"({"resource_class":"rc","traits":"CUSTOM_A"})", 400},
        {R"({"resource_class":"rc","candidate_nodes":["nope"]})", 400},
        {R"({"resource_class":"rc","candidate_nodes":["bad name"]})", 400},
        {R"({"resource_class":"rc","candidate_nodes":[7]})", 400},
        {R"({"resource_class":"rc","candidate_nodes":{}})", 400},
        {R"({"resource_class":"rc","owner":"x"})", 406, "1.59"},
        {R"({"resource_class":"rc","state":"active"})", 400},
        {R"({"resource_class":"rc","node_uuid":"x"})", 400},
        {R"({"resource_class":"rc","bogus":1})", 400},
        {R"({"node":"nope"})", 400},
        {R"({"node":7})", 400},
        {R"({"node":"n1"})", 400, "1.57"},
        {R"([])", 400},
        {R"(null)", 400},
        {R"({"resource_class":)", 400},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(refused(row.body, row.version), row.status) << row.body;
    }
    EXPECT_EQ(listed(""), 1u);
    EXPECT_EQ(post("/v1/allocations?x=1", R"({"resource_class":"rc"})").status, 400);
}

TEST_F(Allocations, TakeAnyFormOfAUuidAndKeepOne) {
    auto uuid = add(R"("uuid":"{AAAABBBB00004000800000000000000C}")");
    EXPECT_EQ(uuid, "aaaabbbb-0000-4000-8000-00000000000c");
    EXPECT_EQ(get("/v1/allocations/AAAABBBB00004000800000000000000C").status, 200);
}

TEST_F(Allocations, BelongToTheProjectThatAsks) {
    auto ask = [&](std::string body, bool system) {
        HttpRequest request;
        request.method = "POST";
        request.path = "/v1/allocations";
        request.headers.set("X-OpenStack-Ironic-API-Version", "1.115");
        request.headers.set("Content-Type", "application/json");
        request.headers.set("X-Project-Id", "mine");
        if (system) request.headers.set("OpenStack-System-Scope", "all");
        request.body = std::move(body);
        return send(std::move(request));
    };
    EXPECT_EQ(ask(R"({"resource_class":"rc"})", false).string("owner"), "mine");
    EXPECT_EQ(ask(R"({"resource_class":"rc","owner":"mine"})", false).string("owner"), "mine");
    EXPECT_EQ(ask(R"({"resource_class":"rc","owner":"other"})", true).string("owner"), "other");
    EXPECT_TRUE(ask(R"({"resource_class":"rc"})", true).at("owner").is_null());
}

TEST_F(Allocations, AreMadeOfANode) {
    auto n1 = new_node(R"("name":"n1","resource_class":"gold")");
    auto instance = std::string("11112222-0000-4000-8000-000000000001");
    alter(n1, [&](model::Node& n) { n.instance_uuid = instance; });
    auto reply = post("/v1/allocations", R"({"node":"n1"})");
    ASSERT_EQ(reply.status, 201) << reply.text;
    EXPECT_EQ(reply.string("uuid"), instance);
    EXPECT_EQ(reply.string("resource_class"), "gold");
    EXPECT_EQ(reply.string("node_uuid"), n1);
    EXPECT_EQ(reply.string("state"), "active");
    EXPECT_EQ(post("/v1/allocations", R"({"node":null,"resource_class":"rc"})").status, 201);
}

TEST_F(Allocations, NeedAConductor) {
    auto n1 = new_node(R"("name":"n1")");
    alter(n1, [](model::Node& n) { n.driver = "gone"; });
    EXPECT_EQ(refused(R"({"node":"n1"})"), 404);
    conductor_.serves = false;
    EXPECT_EQ(refused(R"({"resource_class":"rc"})"), 503);
}

TEST_F(Allocations, AreListedByWhatTheyAre) {
    auto n1 = new_node(R"("name":"n1")");
    auto first = add(R"("name":"a1","owner":"p")");
    add(R"("name":"a2")");
    EXPECT_EQ(refused(R"({"resource_class":"tin"})"), 201);
    give(first, n1);
    EXPECT_EQ(listed(""), 3u);
    EXPECT_EQ(listed("node=n1"), 1u);
    EXPECT_EQ(listed("node=" + n1), 1u);
    EXPECT_EQ(listed("resource_class=gold"), 2u);
    EXPECT_EQ(listed("state=active"), 1u);
    EXPECT_EQ(listed("state=bogus"), 0u);
    EXPECT_EQ(listed("owner=p"), 1u);
    EXPECT_EQ(listed("owner=p&state=error"), 0u);
    EXPECT_EQ(listed("marker=" + first), 2u);
    EXPECT_EQ(listed("sort_key=name&sort_dir=desc"), 3u);
    EXPECT_EQ(listed("", "1.52"), 3u);
    auto whole = get("/v1/allocations").at("allocations").as_array()[0];
    EXPECT_EQ(to_text(whole), get("/v1/allocations/a1").text);
    auto part = get("/v1/allocations?fields=name,state");
    EXPECT_EQ(part.at("allocations").as_array()[0].as_object().size(), 3u) << part.text;
    auto page = get("/v1/allocations?limit=1&resource_class=gold");
    EXPECT_THAT(page.string("next"), HasSubstr("/v1/allocations?sort_key=id&sort_dir=asc&"));
    EXPECT_THAT(page.string("next"), HasSubstr("resource_class=gold&limit=1&marker=" + first));
}

TEST_F(Allocations, RefuseListsThatMakeNoSense) {
    for (auto query : {"detail=true", "detail=false", "fields=bogus", "fields=conductor_affinity",
                       "node=nope", "node=bad%20name", "sort_key=traits", "sort_key=bogus",
                       "sort_key=candidate_nodes", "sort_key=extra", "sort_key=node_uuid",
                       "sort_dir=up", "marker=abc", "limit=0", "bogus=1", "state=a&state=b"})
        EXPECT_EQ(get(std::string("/v1/allocations?") + query).status, 400) << query;
    EXPECT_EQ(get("/v1/allocations?marker=11112222-0000-4000-8000-000000000001").status, 404);
    EXPECT_EQ(get("/v1/allocations?owner=x", "1.59").status, 406);
    EXPECT_EQ(get("/v1/allocations?fields=owner", "1.59").status, 400);
    add(R"("name":"al1")");
    EXPECT_EQ(get("/v1/allocations/al1?fields=owner", "1.59").status, 400);
    EXPECT_EQ(get("/v1/allocations/al1?fields=state").json.as_object().size(), 2u);
    EXPECT_EQ(get("/v1/allocations/al1?fields=bogus").status, 400);
    EXPECT_EQ(get("/v1/allocations/nope").status, 404);
    EXPECT_EQ(get("/v1/allocations/bad%20name").status, 400);
}

TEST_F(Allocations, AreNewerThanTheApi) {
    auto n1 = new_node(R"("name":"n1")");
    add(R"("name":"al1")");
    struct Row {
        std::string_view method, path, version;
        int status;
        bool fault = true;
    };
    const Row rows[] = {
        {"GET", "/v1/allocations", "1.51", 404},
        {"GET", "/v1/allocations/al1", "1.51", 404},
        {"POST", "/v1/allocations", "1.51", 405},
        {"PATCH", "/v1/allocations/al1", "1.56", 405},
        {"DELETE", "/v1/allocations/al1", "1.51", 405},
        {"GET", "/v1/nodes/n1/allocation", "1.51", 404, false},
        {"DELETE", "/v1/nodes/n1/allocation", "1.51", 404, false},
        {"PATCH", "/v1/allocations", "1.115", 400},
        {"DELETE", "/v1/allocations", "1.115", 400},
    };
    for (const auto& row : rows) {
        auto reply = send(std::string(row.method), std::string(row.path), std::string(row.version),
                          row.method == "POST" ? R"({"resource_class":"rc"})" : "");
        EXPECT_EQ(reply.status, row.status) << row.method << " " << row.path;
        EXPECT_EQ(reply.is_fault(), row.fault) << reply.text;
    }
    make_api({.max_version = model::since(1, 82)});
    EXPECT_TRUE(get("/v1/allocations", "1.51").is_router_refusal());
    EXPECT_TRUE(send("PUT", "/v1/allocations").is_router_refusal());
}

TEST_F(Allocations, AreChangedInNameAndExtra) {
    auto uuid = add(R"("name":"al1")");
    add(R"("name":"al2")");
    struct Row {
        std::string_view body;
        int status;
    };
    const Row rows[] = {
        {R"([{"op":"replace","path":"/resource_class","value":"x"}])", 400},
        {R"([{"op":"replace","path":"/uuid","value":"11112222-0000-4000-8000-000000000001"}])",
         400},
        {R"([{"op":"replace","path":"/owner","value":"z"}])", 400},
        {R"([{"op":"replace","path":"/state","value":"active"}])", 400},
        {R"([{"op":"replace","path":"/name","value":"bad name"}])", 400},
        {R"([{"op":"replace","path":"/name","value":"al2"}])", 409},
        {R"([{"op":"replace","path":"/name","value":7}])", 400},
        {R"([{"op":"add","path":"/extra/~2","value":7}])", 400},
        {R"([{"op":"add","path":"extra","value":{}}])", 400},
        {R"([{"op":"add","path":"","value":{}}])", 400},
        {R"([{"op":"remove","path":"/extra/none"}])", 400},
        {R"({})", 400},
    };
    for (const auto& row : rows)
        EXPECT_EQ(patch("/v1/allocations/" + uuid, std::string(row.body)).status, row.status)
            << row.body;
    auto renamed = patch("/v1/allocations/al1",
                         R"([{"op":"replace","path":"/name","value":"al9"},
                             {"op":"add","path":"/extra/x.y","value":"v"},
                             {"op":"add","path":"/extra/a~1b~0c","value":1}])");
    EXPECT_EQ(renamed.status, 200) << renamed.text;
    EXPECT_EQ(renamed.string("name"), "al9");
    EXPECT_EQ(to_text(renamed.at("extra")), R"({"x.y":"v","a/b~c":1})");
    EXPECT_FALSE(renamed.at("updated_at").is_null());
    EXPECT_EQ(patch("/v1/allocations/al1", "[]").status, 404);
    auto nameless = patch("/v1/allocations/al9", R"([{"op":"remove","path":"/name"}])", "1.57");
    EXPECT_EQ(nameless.status, 200) << nameless.text;
    EXPECT_TRUE(get("/v1/allocations/" + uuid).at("name").is_null());
}

TEST_F(Allocations, AreFoundAndEndedByTheirNode) {
    auto n1 = new_node(R"("name":"n1")");
    new_node(R"("name":"n2")");
    auto uuid = add(R"("name":"al1")");
    give(uuid, n1);
    EXPECT_EQ(get("/v1/nodes/n1/allocation").text, get("/v1/allocations/al1").text);
    EXPECT_EQ(get("/v1/nodes/" + n1 + "/allocation?fields=name").json.as_object().size(), 2u);
    EXPECT_EQ(get("/v1/nodes/n2/allocation").status, 404);
    EXPECT_EQ(get("/v1/nodes/nope/allocation").status, 400);
    EXPECT_EQ(get("/v1/nodes/n1/allocation?bogus=1").status, 400);
    EXPECT_EQ(get("/v1/nodes/n1?fields=allocation_uuid").string("allocation_uuid"), uuid);
    EXPECT_EQ(send("DELETE", "/v1/nodes/nope/allocation").status, 404);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n2/allocation").status, 404);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n1/allocation").status, 204);
    EXPECT_EQ(conductor_.asked.back(), "destroy allocation " + uuid);
    EXPECT_EQ(send("PUT", "/v1/nodes/n1/allocation").status, 405);
    EXPECT_EQ(send("DELETE", "/v1/allocations/nope").status, 404);
    add(R"("name":"al2")");
    EXPECT_EQ(send("DELETE", "/v1/allocations/al2?x=1").status, 400);
    EXPECT_EQ(send("DELETE", "/v1/allocations/al2").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/allocations/al2").status, 404);
}

TEST_F(Allocations, KeepTheOwnerOfTheirNode) {
    auto n1 = new_node(R"("name":"n1")"), n2 = new_node(R"("name":"n2")");
    give(add(), n1);
    give(add(R"("owner":"p")"), n2);
    auto owner = R"([{"op":"replace","path":"/owner","value":"q"}])";
    EXPECT_EQ(patch("/v1/nodes/n1", owner).status, 200);
    EXPECT_EQ(patch("/v1/nodes/n2", owner).status, 409);
}

}  // namespace
}  // namespace ferrite::api
