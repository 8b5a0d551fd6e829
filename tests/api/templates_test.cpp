#include "api/api_fixture.h"
#include "store/deploy_templates.h"

/// Deploy templates, runbooks and inspection rules.
namespace ferrite::api {
namespace {

/// `template` with every `'` as `"`: JSON that can be read in a test.
std::string json(std::string text) {
    for (auto& c : text)
        if (c == '\'') c = '"';
    return text;
}

std::string change(const std::string& op, const std::string& path, const std::string& value = "") {
    return json("[{'op':'" + op + "','path':'" + path + "'" +
                (value.empty() ? "" : ",'value':" + value) + "}]");
}

/// A request and what it is to be answered with.
struct Row {
    std::string method, path, body;
    int status;
    std::string version = "1.115";
};

class TemplatesTest : public ApiTest {
protected:
    void expect(const std::vector<Row>& rows) {
        for (const auto& row : rows) {
            auto reply = send(row.method, row.path, row.version, json(row.body));
            EXPECT_EQ(reply.status, row.status)
                << row.method << ' ' << row.path << ' ' << row.body << '\n'
                << reply.text;
        }
    }
    /// The answer to a POST that is to succeed.
    Reply made(const std::string& path, const std::string& body, const std::string& v = "1.115") {
        auto reply = post(path, json(body), v);
        EXPECT_EQ(reply.status, 201) << reply.text;
        EXPECT_EQ(reply.headers.get("Location"),
                  "http://api.example:6385" + path + "/" + reply.string("uuid"));
        return reply;
    }
    int count(const std::string& path, const std::string& collection) {
        auto reply = get(path);
        return reply.status == 200 ? static_cast<int>(reply.at(collection).as_array().size())
                                   : reply.status;
    }
};

const std::string kStep =
    "{'interface':'bios','step':'apply','args':{'password':'s'},'priority':5}";

TEST_F(TemplatesTest, DeployTemplateDocuments) {
    auto made = this->made("/v1/deploy_templates",
                           "{'name':'CUSTOM_A','extra':{'a':1},'steps':[" + kStep + "]}");
    auto uuid = made.string("uuid");
    EXPECT_EQ(made.json.as_object().size(), 7U);
    EXPECT_EQ(
        to_text(made.at("steps").as_array()[0]),
        json("{'interface':'bios','step':'apply','args':{'password':'******'},'priority':5}"));
    EXPECT_NE(made.text.find("http://api.example:6385/deploy_templates/" + uuid),
              std::string::npos);
    EXPECT_EQ(get("/v1/deploy_templates/CUSTOM_A").text, get("/v1/deploy_templates/" + uuid).text);
    EXPECT_EQ(get("/v1/deploy_templates/" + uuid + "?fields=steps").json.as_object().size(), 2U);
    auto list = get("/v1/deploy_templates");
    EXPECT_EQ(list.at("deploy_templates").as_array()[0].as_object().size(), 3U);
    auto stripped = get("/v1/deploy_templates/CUSTOM_A.json", "1.90");
    EXPECT_EQ(stripped.status, 200) << stripped.text;
    EXPECT_EQ(send("DELETE", "/v1/deploy_templates/CUSTOM_A").status, 204);
    EXPECT_EQ(get("/v1/deploy_templates/" + uuid).status, 404);
}

TEST_F(TemplatesTest, PrioritiesMayBeDigits) {
    auto made = this->made(
        "/v1/deploy_templates",
        "{'name':'CUSTOM_A','steps':[{'interface':'bios','step':'x','args':{},'priority':'10'}]}");
    EXPECT_EQ(member(made.at("steps").as_array()[0], "priority"), Json("10"));
    auto shown = get("/v1/deploy_templates/CUSTOM_A");
    EXPECT_EQ(member(shown.at("steps").as_array()[0], "priority"), Json(10));
}

TEST_F(TemplatesTest, RefusesDeployTemplatesThatAreWrong) {
    auto with = [](const std::string& name, const std::string& steps) {
        return Row{"POST", "/v1/deploy_templates", "{'name':" + name + ",'steps':" + steps + "}",
                   400};
    };
    auto step = [&](const std::string& members) {
        return with("'CUSTOM_B'", "[{'interface':'bios','step':'x'" + members + "}]");
    };
    auto first = made("/v1/deploy_templates", "{'name':'CUSTOM_A','steps':[" + kStep + "]}");
    std::string path = "/v1/deploy_templates";
    expect({
        {"POST", path, "{}", 400},
        {"POST", path, "{'name':'CUSTOM_B'}", 400},
        {"POST", path, "{'steps':[" + kStep + "]}", 400},
        {"POST", path, "{'name':'CUSTOM_A','steps':[" + kStep + "]}", 409},
        {"POST", path,
         "{'name':'CUSTOM_B','steps':[" + kStep + "],'uuid':'" + first.string("uuid") + "'}", 409},
        {"POST", path, "{'name':'CUSTOM_B','steps':[" + kStep + "],'uuid':'x'}", 400},
        {"POST", path, "{'name':'CUSTOM_B','steps':[" + kStep + "],'nope':1}", 400},
        {"POST", path, "{'name':'CUSTOM_B','steps':[" + kStep + "],'description':'d'}", 400},
        {"POST", path, "{'name':'CUSTOM_B','steps':[" + kStep + "],'extra':'x'}", 400},
        {"POST", path, "[]", 400},
        {"POST", path, "null", 400},
        {"POST", path, "{", 400},
        {"POST", path + "?x=1", "{}", 400},
        with("'bad'", "[" + kStep + "]"),
        with("'CUSTOM_'", "[" + kStep + "]"),
        with("'CUSTOM_a'", "[" + kStep + "]"),
        with("'CUSTOM_" + std::string(250, 'X') + "'", "[" + kStep + "]"),
        with("null", "[" + kStep + "]"),
        with("7", "[" + kStep + "]"),
        with("'CUSTOM_B'", "[]"),
        with("'CUSTOM_B'", "null"),
        with("'CUSTOM_B'", "'x'"),
        with("'CUSTOM_B'", "[1]"),
        with("'CUSTOM_B'", "[{}]"),
        with("'CUSTOM_B'", "[" + kStep + "," + kStep + "]"),
        with("'CUSTOM_B'", "[{'interface':'nope','step':'x','args':{},'priority':1}]"),
        with("'CUSTOM_B'", "[{'interface':'network','step':'x','args':{},'priority':1}]"),
        with("'CUSTOM_B'", "[{'interface':'bios','step':'','args':{},'priority':1}]"),
        step(",'priority':1"),
        step(",'args':{}"),
        step(",'args':'x','priority':1"),
        step(",'args':null,'priority':1"),
        step(",'args':{},'priority':-1"),
        step(",'args':{},'priority':1.5"),
        step(",'args':{},'priority':null"),
        step(",'args':{},'priority':true"),
        step(",'args':{},'priority':'x'"),
        step(",'args':{},'priority':''"),
        step(",'args':{},'priority':'99999999999999999999'"),
        step(",'args':{},'priority':99999999999"),
        step(",'args':{},'priority':1,'order':1"),
        step(",'args':{},'priority':1,'more':1"),
    });
    EXPECT_EQ(count(path, "deploy_templates"), 1);
}

TEST_F(TemplatesTest, DeployTemplateListsAndVersions) {
    made("/v1/deploy_templates", "{'name':'CUSTOM_B','steps':[" + kStep + "]}");
    auto a = made("/v1/deploy_templates", "{'name':'CUSTOM_A','steps':[" + kStep + "]}");
    std::string path = "/v1/deploy_templates";
    auto page = get(path + "?limit=1");
    EXPECT_NE(page.string("next").find("sort_key=id&sort_dir=asc&fields=uuid,name&limit=1&marker="),
              std::string::npos)
        << page.text;
    auto sorted = get(path + "?sort_key=name&fields=name");
    EXPECT_EQ(string_member(sorted.at("deploy_templates").as_array()[0], "name"), "CUSTOM_A");
    EXPECT_EQ(count(path + "?marker=" + a.string("uuid"), "deploy_templates"), 0);
    EXPECT_EQ(count(path + "?detail=true", "deploy_templates"), 2);
    for (const auto& [query, status] : std::vector<std::pair<std::string, int>>{
             {"fields=nope", 400},
             {"fields=description", 400},
             {"detail=true&fields=name", 400},
             {"sort_key=steps", 400},
             {"sort_key=extra", 400},
             {"sort_key=nope", 400},
             {"sort_dir=up", 400},
             {"limit=0", 400},
             {"marker=abc", 404},
             {"marker=11110194-0000-4000-8000-000000000194", 404},
             {"bogus=1", 400}})
        EXPECT_EQ(get(path + "?" + query).status, status) << query;
    auto old = get(path, "1.54");
    EXPECT_EQ(old.status, 404);
    EXPECT_TRUE(old.is_router_refusal());
    expect({{"GET", path + "/CUSTOM_A", "", 404, "1.54"},
            {"POST", path, "{}", 405, "1.54"},
            {"PATCH", path + "/CUSTOM_A", "[]", 405, "1.54"},
            {"DELETE", path + "/CUSTOM_A", "", 405, "1.54"},
            {"GET", path + "/CUSTOM_A", "", 200, "1.55"},
            {"GET", path + "/nope", "", 404},
            {"GET", path + "/detail", "", 404},
            {"GET", path + "/bad%20name", "", 400},
            {"GET", path + "/CUSTOM_A/steps", "", 405},
            {"DELETE", path, "", 400},
            {"PATCH", path, "[]", 400},
            {"DELETE", path + "/nope", "", 404},
            {"PUT", path + "/CUSTOM_A", "{}", 405}});
    EXPECT_EQ(send("PUT", path + "/CUSTOM_A").headers.get("Allow"), "DELETE, GET, PATCH, POST");
}

TEST_F(TemplatesTest, DeployTemplatePatches) {
    made("/v1/deploy_templates", "{'name':'CUSTOM_B','steps':[" + kStep + "]}");
    auto uuid =
        made("/v1/deploy_templates", "{'name':'CUSTOM_A','extra':{'a':1},'steps':[" + kStep + "]}")
            .string("uuid");
    auto path = "/v1/deploy_templates/" + uuid;
    auto second = "{'interface':'raid','step':'y','args':{},'priority':1}";
    auto good = [&](const std::string& op, const std::string& where, const std::string& value) {
        auto reply = patch(path, change(op, where, value));
        EXPECT_EQ(reply.status, 200) << reply.text;
        return reply;
    };
    EXPECT_EQ(good("replace", "/name", "'CUSTOM_C'").string("name"), "CUSTOM_C");
    EXPECT_EQ(to_text(good("remove", "/extra", "").at("extra")), "{}");
    EXPECT_EQ(
        member(good("replace", "/steps/0/priority", "'7'").at("steps").as_array()[0], "priority"),
        Json(7));
    EXPECT_EQ(good("add", "/steps/-", second).at("steps").as_array().size(), 2U);
    EXPECT_EQ(good("remove", "/steps/1", "").at("steps").as_array().size(), 1U);
    EXPECT_EQ(patch(path, "[]").status, 200);
    // A mask that comes back stands for the secret that it hides.
    good("replace", "/steps", "[" + kStep + "]");
    good("replace", "/steps",
         "[{'interface':'bios','step':'apply','args':{'password':'******'},'priority':9}]");
    auto stored =
        store_.read([&](store::Sql& db) { return store::deploy_templates::get(db, uuid); });
    EXPECT_NE(stored.steps.text().find(R"("password":"s")"), std::string::npos);
    EXPECT_TRUE(stored.updated_at);
    expect({{"PATCH", path, change("replace", "/name", "'CUSTOM_B'"), 409},
            {"PATCH", path, change("replace", "/name", "'bad'"), 400},
            {"PATCH", path, change("remove", "/name"), 400},
            {"PATCH", path, change("remove", "/steps"), 400},
            {"PATCH", path, change("remove", "/steps/0"), 400},
            {"PATCH", path, change("replace", "/steps", "[]"), 400},
            {"PATCH", path, change("replace", "/steps/7", second), 400},
            {"PATCH", path, change("add", "/steps/-", kStep), 400},
            {"PATCH", path, change("replace", "/uuid", "'" + uuid + "'"), 400},
            {"PATCH", path, change("add", "/description", "'x'"), 400},
            {"PATCH", path, change("add", "/nope", "1"), 400},
            {"PATCH", path, "{}", 400},
            {"PATCH", path, "", 400},
            {"PATCH", "/v1/deploy_templates/nope", change("remove", "/extra"), 404}});
}

const std::string kRunbookStep =
    "{'interface':'deploy','step':'x','order':1,'args':{'pw_password':'s'}}";

TEST_F(TemplatesTest, RunbookDocuments) {
    auto full = made("/v1/runbooks",
                     "{'name':'my.rb','description':'d','disable_ramdisk':true,'extra':{'a':1},"
                     "'public':false,'steps':[" +
                         kRunbookStep + "]}");
    EXPECT_EQ(full.json.as_object().size(), 12U);
    EXPECT_EQ(full.at("owner"), Json());
    EXPECT_EQ(to_text(full.at("traits")), "[]");
    EXPECT_EQ(full.at("disable_ramdisk"), Json(true));
    EXPECT_NE(full.text.find("******"), std::string::npos);
    EXPECT_EQ(get("/v1/runbooks/my.rb").json, get("/v1/runbooks/" + full.string("uuid")).json);
    EXPECT_EQ(get("/v1/runbooks/my.rb", "1.111").json.as_object().size(), 10U);
    EXPECT_EQ(get("/v1/runbooks/my.rb/steps").json.as_object().size(), 2U);
    EXPECT_EQ(get("/v1/runbooks/my.rb?fields=description").json.as_object().size(), 2U);
    auto old = made("/v1/runbooks",
                    "{'name':'CUSTOM_A','public':null,'disable_ramdisk':null,'steps':[{"
                    "'interface':'deploy','step':'x','order':'7'}]}",
                    "1.111");
    EXPECT_EQ(old.json.as_object().size(), 10U);
    EXPECT_EQ(old.at("public"), Json(false));
    EXPECT_EQ(member(old.at("steps").as_array()[0], "order"), Json("7"));
    EXPECT_EQ(member(get("/v1/runbooks/CUSTOM_A").at("steps").as_array()[0], "order"), Json(7));
    EXPECT_EQ(send("DELETE", "/v1/runbooks/CUSTOM_A").status, 204);
}

TEST_F(TemplatesTest, RefusesRunbooksThatAreWrong) {
    auto with = [](const std::string& members, int status, const std::string& version) {
        return Row{"POST", "/v1/runbooks", "{'steps':[" + kRunbookStep + "]," + members + "}",
                   status, version};
    };
    made("/v1/runbooks", "{'name':'rb','steps':[" + kRunbookStep + "]}");
    std::string path = "/v1/runbooks";
    expect({
        {"POST", path, "{}", 400},
        {"POST", path, "{'name':'x'}", 400},
        {"POST", path, "{'name':'x','steps':[]}", 400},
        {"POST", path, "{'name':'x','steps':[" + kRunbookStep + "," + kRunbookStep + "]}", 400},
        {"POST", path, "{'name':'x','steps':[{'interface':'deploy','step':'x'}]}", 400},
        {"POST", path, "{'name':'x','steps':[{'interface':'network','step':'x','order':1}]}", 400},
        {"POST", path, "{'name':'x','steps':[{'interface':'bios','step':'x','priority':1}]}", 400},
        {"POST", path,
         "{'name':'x','steps':[{'interface':'bios','step':'x','order':1,'priority':1}]}", 400},
        {"POST", path, "{'name':'x','steps':[{'interface':'bios','step':'x','order':-1}]}", 400},
        with("'name':'rb'", 409, "1.115"),
        with("'name':'bad name'", 400, "1.115"),
        with("'name':''", 400, "1.115"),
        with("'name':'my.rb'", 400, "1.111"),
        with("'name':'CUSTOM_A','description':'d'", 400, "1.111"),
        with("'name':'x','owner':'me'", 400, "1.115"),
        with("'name':'x','traits':['CUSTOM_A']", 400, "1.115"),
        with("'name':'x','public':'maybe'", 400, "1.115"),
        with("'name':'x','public':true", 201, "1.115"),
        {"GET", path, "", 404, "1.91"},
        {"POST", path, "{}", 405, "1.91"},
        {"PATCH", path + "/rb", "[]", 405, "1.91"},
        {"DELETE", path + "/rb", "", 405, "1.91"},
        {"DELETE", path, "", 400},
        {"GET", path + "/nope", "", 404},
        {"GET", path + "/bad%20name", "", 400},
        {"GET", path + "/rb/bogus", "", 400},
        {"GET", path + "/rb/steps/0", "", 405},
        {"DELETE", path + "/nope", "", 404},
    });
}

TEST_F(TemplatesTest, RunbookLists) {
    made("/v1/runbooks", "{'name':'b','steps':[" + kRunbookStep + "]}");
    made("/v1/runbooks", "{'name':'a','public':true,'steps':[" + kRunbookStep + "]}");
    EXPECT_EQ(count("/v1/runbooks", "runbooks"), 2);
    EXPECT_EQ(count("/v1/runbooks?detail=true", "runbooks"), 2);
    EXPECT_EQ(count("/v1/runbooks?fields=traits,steps", "runbooks"), 2);
    EXPECT_EQ(count("/v1/runbooks?project=p1", "runbooks"), 1) << "what is public";
    EXPECT_EQ(patch("/v1/runbooks/b", change("add", "/owner", "'p1'")).status, 200);
    EXPECT_EQ(count("/v1/runbooks?project=p1", "runbooks"), 2);
    EXPECT_NE(get("/v1/runbooks?project=p1&limit=1").string("next").find("project=p1&"),
              std::string::npos);
    EXPECT_EQ(count("/v1/runbooks?sort_key=description", "runbooks"), 2);
    EXPECT_EQ(get("/v1/runbooks?sort_key=description", "1.111").status, 400);
    EXPECT_EQ(get("/v1/runbooks?fields=traits", "1.111").status, 400);
    for (std::string query : {"fields=bogus", "sort_key=steps", "sort_key=traits", "sort_key=bogus",
                              "bogus=1", "limit=x"})
        EXPECT_EQ(get("/v1/runbooks?" + query).status, 400) << query;
    EXPECT_EQ(get("/v1/runbooks?marker=abc").status, 404);
}

TEST_F(TemplatesTest, RunbookPatches) {
    made("/v1/runbooks", "{'name':'rb','steps':[" + kRunbookStep + "]}");
    std::string path = "/v1/runbooks/rb";
    EXPECT_EQ(patch(path, change("add", "/owner", "'p'")).string("owner"), "p");
    auto open = patch(path, change("replace", "/public", "true"));
    EXPECT_EQ(open.at("public"), Json(true));
    EXPECT_EQ(open.at("owner"), Json()) << "what is public has no owner";
    expect({{"PATCH", path, change("replace", "/owner", "'x'"), 400},
            {"PATCH", path,
             "[{'op':'replace','path':'/public','value':false},"
             "{'op':'replace','path':'/owner','value':'x'}]",
             200},
            {"PATCH", path, change("replace", "/traits", "['CUSTOM_A']"), 400},
            {"PATCH", path, change("replace", "/description", "'z'"), 400, "1.111"},
            {"PATCH", path, change("replace", "/description", "'z'"), 200},
            {"PATCH", path, change("remove", "/steps"), 400},
            {"PATCH", path, change("replace", "/uuid", "'x'"), 400},
            {"PATCH", path, change("replace", "/name", "'bad name'"), 400},
            {"PATCH", path, change("replace", "/name", "'free.form'"), 200, "1.92"}});
    EXPECT_EQ(get("/v1/runbooks/free.form").string("owner"), "x");
}

TEST_F(TemplatesTest, RunbookTraits) {
    made("/v1/runbooks", "{'name':'rb','steps':[" + kRunbookStep + "]}");
    std::string path = "/v1/runbooks/rb/traits";
    EXPECT_TRUE(get(path, "1.111").is_router_refusal());
    EXPECT_EQ(get(path).text, json("{'traits':[]}"));
    EXPECT_EQ(put(path, json("{'traits':['CUSTOM_Z','CUSTOM_A','CUSTOM_Z']}")).status, 204);
    EXPECT_EQ(get(path).text, json("{'traits':['CUSTOM_A','CUSTOM_Z']}"));
    auto added = put(path + "/CUSTOM_B", "");
    EXPECT_EQ(added.status, 204);
    EXPECT_EQ(added.headers.get("Location"), "http://api.example:6385" + path + "/CUSTOM_B");
    EXPECT_EQ(put(path + "/CUSTOM_B", "{}").status, 204);
    EXPECT_EQ(get(path).text, json("{'traits':['CUSTOM_A','CUSTOM_B','CUSTOM_Z']}"));
    expect({{"GET", path, "", 404, "1.111"},
            {"PUT", path, "", 400},
            {"PUT", path, "{}", 400},
            {"PUT", path, "{'traits':null}", 400},
            {"PUT", path, "{'traits':['bogus']}", 400},
            {"PUT", path, "{'traits':[1]}", 400},
            {"PUT", path, "{'traits':[],'x':1}", 400},
            {"PUT", path + "/bogus", "", 400},
            {"PUT", path + "/CUSTOM_D", "{'x':1}", 400},
            {"GET", path + "/CUSTOM_A", "", 405},
            {"POST", path, "{}", 405},
            {"DELETE", path + "/NOPE", "", 204},
            {"DELETE", path + "/CUSTOM_Z", "", 204},
            {"GET", "/v1/runbooks/nope/traits", "", 404}});
    EXPECT_EQ(get(path).text, json("{'traits':['CUSTOM_A','CUSTOM_B']}"));
    EXPECT_EQ(send("DELETE", path).status, 204);
    EXPECT_EQ(get(path).text, json("{'traits':[]}"));
}

TEST_F(TemplatesTest, ARunbookSaysWhatANodeIsCleanedWith) {
    auto node = new_node("\"name\":\"n\"");
    auto ask = [&](const std::string& more, const std::string& target, const std::string& version) {
        return put("/v1/nodes/n/states/provision",
                   json("{'target':'" + target + "','runbook':'CUSTOM_RB'" + more + "}"), version)
            .status;
    };
    auto set = [&](std::string state, std::string traits) {
        alter(node, [&](model::Node& n) {
            n.provision_state = state;
            n.traits = model::JsonText(json(traits));
        });
    };
    set("manageable", "[]");
    EXPECT_EQ(ask("", "clean", "1.91"), 406);
    EXPECT_EQ(ask("", "clean", "1.115"), 404);
    made("/v1/runbooks",
         "{'name':'CUSTOM_RB','disable_ramdisk':true,'steps':["
         "{'interface':'deploy','step':'second','order':2},"
         "{'interface':'bios','step':'first','order':1,'args':{'a':1}}]}");
    EXPECT_EQ(ask("", "clean", "1.115"), 400) << "no trait in common";
    EXPECT_EQ(ask("", "clean", "1.111"), 400);
    set("manageable", "['CUSTOM_RB']");
    EXPECT_EQ(ask("", "clean", "1.111"), 202) << "its name is a trait of the node";
    EXPECT_EQ(ask("", "clean", "1.115"), 400) << "it has no trait";
    EXPECT_EQ(put("/v1/runbooks/CUSTOM_RB/traits/CUSTOM_RB", "").status, 204);
    EXPECT_EQ(ask("", "clean", "1.115"), 202);
    EXPECT_EQ(to_text(Json(conductor_.provisioned.clean_steps)),
              json("[{'interface':'bios','step':'first','order':1,'args':{'a':1}},"
                   "{'interface':'deploy','step':'second','order':2}]"));
    EXPECT_EQ(conductor_.provisioned.disable_ramdisk, true);
    EXPECT_EQ(ask(",'disable_ramdisk':false", "clean", "1.115"), 202);
    EXPECT_EQ(conductor_.provisioned.disable_ramdisk, true);
    EXPECT_EQ(ask(",'clean_steps':[{'interface':'deploy','step':'x'}]", "clean", "1.115"), 400);
    EXPECT_EQ(ask("", "provide", "1.115"), 400);
    set("active", "['CUSTOM_RB']");
    EXPECT_EQ(ask("", "service", "1.115"), 202);
    EXPECT_EQ(conductor_.provisioned.service_steps.size(), 2U);
    EXPECT_EQ(ask("", "clean", "1.115"), 400) << "not in this state";
}

const std::string kAction = "{'op':'set-attribute','args':{'path':'/properties/x','value':'y'}}";
const std::string kCondition = "{'op':'eq','args':{'values':[1,1]}}";

TEST_F(TemplatesTest, InspectionRuleDocuments) {
    auto full = made("/v1/inspection_rules", "{'actions':[" + kAction + "],'conditions':[" +
                                                 kCondition + "],'description':'d','priority':5}");
    auto uuid = full.string("uuid");
    EXPECT_EQ(full.json.as_object().size(), 10U);
    EXPECT_EQ(full.string("phase"), "main");
    EXPECT_NE(full.text.find("/v1/inspection_rules/" + uuid), std::string::npos);
    auto list = get("/v1/inspection_rules");
    EXPECT_EQ(list.at("inspection_rules").as_array()[0].as_object().size(), 5U);
    auto kept = made("/v1/inspection_rules",
                     "{'actions':[{'op':'fail','args':['no'],'more':1,'loop':[1,2]}],"
                     "'conditions':[{'op':'! is-none','args':{'value':1},'multiple':'any'},"
                     "{'op':'!eq','args':[[1,2]],'multiple':'last','loop':{'a':1}}]}");
    EXPECT_EQ(to_text(kept.at("actions")), json("[{'op':'fail','args':['no'],'loop':[1,2]}]"));
    EXPECT_EQ(to_text(kept.at("conditions")),
              json("[{'op':'! is-none','args':{'value':1}},"
                   "{'op':'!eq','args':[[1,2]],'loop':{'a':1},'multiple':'last'}]"));
    EXPECT_EQ(to_text(made("/v1/inspection_rules", "{'actions':[" + kAction + "],'phase':null}")
                          .at("conditions")),
              "[]");
    EXPECT_EQ(send("DELETE", "/v1/inspection_rules/" + uuid).status, 204);
    EXPECT_EQ(get("/v1/inspection_rules/" + uuid).status, 404);
}

TEST_F(TemplatesTest, SensitiveInspectionRulesStayHidden) {
    auto rule = made("/v1/inspection_rules", "{'sensitive':true,'actions':[" + kAction +
                                                 "],'conditions':[" + kCondition + "]}");
    auto path = "/v1/inspection_rules/" + rule.string("uuid");
    EXPECT_EQ(rule.at("actions"), Json());
    EXPECT_EQ(get(path).at("conditions"), Json());
    EXPECT_EQ(get(path + "?fields=actions").at("actions"), Json());
    EXPECT_EQ(member(get("/v1/inspection_rules?detail=true").at("inspection_rules").as_array()[0],
                     "actions"),
              Json());
    EXPECT_EQ(patch(path, change("replace", "/priority", "7")).at("actions"), Json());
    EXPECT_EQ(patch(path, change("replace", "/sensitive", "false")).status, 400);
    EXPECT_EQ(patch(path, change("remove", "/sensitive")).status, 400);
}

TEST_F(TemplatesTest, RefusesInspectionRulesThatAreWrong) {
    std::string path = "/v1/inspection_rules";
    auto with = [&](const std::string& members) {
        return Row{"POST", path, "{'actions':[" + kAction + "]," + members + "}", 400};
    };
    auto acts = [&](const std::string& action) {
        return Row{"POST", path, "{'actions':[" + action + "]}", 400};
    };
    auto when = [&](const std::string& condition) {
        return with("'conditions':[" + condition + "]");
    };
    expect({
        {"POST", path, "{}", 400},
        {"POST", path, "{'actions':[]}", 400},
        {"POST", path, "{'actions':null}", 400},
        acts("1"),
        acts("{}"),
        acts("{'op':'bogus','args':{}}"),
        acts("{'op':'!fail','args':{'msg':'x'}}"),
        acts("{'op':'set-attribute'}"),
        acts("{'op':'set-attribute','args':{}}"),
        acts("{'op':'set-attribute','args':{'path':'x'}}"),
        acts("{'op':'set-attribute','args':{'path':'x','value':1,'nope':1}}"),
        acts("{'op':'set-attribute','args':['x']}"),
        acts("{'op':'set-attribute','args':['x',1,2]}"),
        acts("{'op':'set-attribute','args':'x'}"),
        acts("{'op':'fail','args':{'msg':'x'},'loop':'x'}"),
        when("{'op':'bogus','args':{}}"),
        when("{'op':'!!eq','args':{'values':[1]}}"),
        when("{'op':'eq','args':{}}"),
        when("{'op':'eq','args':{'values':[1]},'multiple':'some'}"),
        with("'conditions':{}"),
        with("'phase':'bogus'"),
        with("'priority':-1"),
        with("'priority':10000"),
        with("'priority':'x'"),
        with("'priority':null"),
        with("'scope':'x'"),
        with("'uuid':'abc'"),
        with("'sensitive':'x'"),
    });
    EXPECT_EQ(count(path, "inspection_rules"), 0);
    auto uuid = made(path, "{'actions':[" + kAction + "]}").string("uuid");
    auto one = path + "/" + uuid;
    auto old = get(path, "1.95");
    EXPECT_TRUE(old.is_fault());
    expect({{"POST", path, "{'actions':[" + kAction + "],'uuid':'" + uuid + "'}", 409},
            {"GET", path, "", 404, "1.95"},
            {"POST", path, "{}", 405, "1.95"},
            {"PATCH", one, "[]", 405, "1.95"},
            {"DELETE", one, "", 405, "1.95"},
            {"GET", path + "/abc", "", 400},
            {"GET", path + "/11111111-1111-1111-1111-111111111111", "", 404},
            {"DELETE", path, "", 405},
            {"DELETE", path + "/abc", "", 400},
            {"PATCH", path + "/abc", "[]", 400},
            {"PATCH", path, "[]", 400},
            {"PATCH", one, change("remove", "/actions"), 400},
            {"PATCH", one, change("replace", "/actions", "[]"), 400},
            {"PATCH", one, change("replace", "/uuid", "'x'"), 400},
            {"PATCH", one, change("replace", "/scope", "'x'"), 400},
            {"PATCH", one, change("replace", "/description", "'zz'"), 200},
            {"PATCH", one, change("add", "/conditions/-", kCondition), 200},
            {"PATCH", one, change("replace", "/actions/0/op", "'log'"), 400}});
}

TEST_F(TemplatesTest, InspectionRuleLists) {
    std::string path = "/v1/inspection_rules";
    made(path, "{'actions':[" + kAction + "],'priority':1}");
    made(path, "{'actions':[" + kAction + "],'priority':9}");
    EXPECT_EQ(count(path + "?phase=main", "inspection_rules"), 2);
    EXPECT_EQ(count(path + "?phase=zzz", "inspection_rules"), 0);
    EXPECT_EQ(count(path + "?sort_key=priority&sort_dir=desc", "inspection_rules"), 2);
    EXPECT_NE(get(path + "?limit=1&phase=main").string("next").find(path + "?"), std::string::npos);
    for (std::string query : {"fields=uuid,scope", "fields=bogus", "sort_key=actions",
                              "sort_key=conditions", "sort_key=bogus", "marker=abc", "bogus=1"})
        EXPECT_EQ(get(path + "?" + query).status, 400) << query;
}

}  // namespace
}  // namespace ferrite::api
