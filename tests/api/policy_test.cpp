#include <fstream>

#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "api/policy_table.h"
#include "api/routes.h"
#include "api/text.h"

namespace ferrite::api {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Believes the identity headers, as noauth does, and enforces the policy.
class BelievingAuthenticator : public Authenticator {
public:
    Task<Authentication> authenticate(const HttpRequest* request) override {
        co_return Authentication{.identity = claimed_identity(request->headers)};
    }
};

/// A caller, as the matrix of the reference names its columns.
struct Persona {
    std::string_view name;
    std::string_view roles;
    std::string_view project;  ///< Empty: system scope.
};

constexpr Persona kSystemAdmin{"system admin", "admin,manager,member,reader", ""};
constexpr Persona kSystemMember{"system member", "member,reader", ""};
constexpr Persona kSystemReader{"system reader", "reader", ""};
constexpr Persona kOwnerReader{"owner reader", "reader", "p1"};
constexpr Persona kOwnerMember{"owner member", "member,reader", "p1"};
constexpr Persona kOwnerAdmin{"owner admin", "admin,manager,member,reader", "p1"};
constexpr Persona kLesseeMember{"lessee member", "member,reader", "l1"};
constexpr Persona kLesseeAdmin{"lessee admin", "admin,manager,member,reader", "l1"};
constexpr Persona kOther{"other project", "admin,manager,member,reader", "x1"};

class PolicyTest : public ApiTest {
protected:
    PolicyTest() { enforce(); }

    void enforce(PolicyOptions policy = {}) {
        ApiOptions options;
        options.policy = std::move(policy);
        api_ = std::make_unique<Api>(std::move(options), store_, conductor_,
                                     std::make_unique<BelievingAuthenticator>());
    }

    Reply as(const Persona& who, std::string method, std::string path, std::string body = "") {
        HttpRequest request;
        request.method = std::move(method);
        auto question = path.find('?');
        request.path = path.substr(0, question);
        if (question != path.npos) request.query = path.substr(question + 1);
        request.headers.set("X-OpenStack-Ironic-API-Version", "1.115");
        request.headers.set("X-Roles", std::string(who.roles));
        if (who.project.empty())
            request.headers.set("OpenStack-System-Scope", "all");
        else
            request.headers.set("X-Project-Id", std::string(who.project));
        if (!body.empty()) request.headers.set("Content-Type", "application/json");
        request.body = std::move(body);
        return send(std::move(request));
    }

    /// A node of p1 that l1 has leased.
    std::string leased_node(std::string name = "n1") {
        auto reply = as(kSystemAdmin, "POST", "/v1/nodes",
                        R"({"driver":"fake-hardware","owner":"p1","lessee":"l1","name":")" + name +
                            R"(","driver_info":{"ipmi_password":"secret"}})");
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }

    std::string port_of(const std::string& node, std::string mac = "52:54:00:00:00:01") {
        auto reply = as(kSystemAdmin, "POST", "/v1/ports",
                        R"({"address":")" + mac + R"(","node_uuid":")" + node + R"("})");
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }
};

std::string patch_of(std::string_view path, std::string_view value) {
    return fmt::format(R"([{{"op":"add","path":"{}","value":{}}}])", path, value);
}

TEST_F(PolicyTest, FollowsTheVerifiedMatrix) {
    auto node = leased_node();
    struct Row {
        std::string_view path;
        std::string_view value;
        std::string_view allowed;  ///< A letter a persona: + may, - may not.
    };
    constexpr Persona kColumns[] = {kSystemMember, kOwnerReader,  kOwnerMember,
                                    kOwnerAdmin,   kLesseeMember, kLesseeAdmin};
    constexpr Row kRows[] = {
        {"/extra", "{}", "+-++++"},
        {"/description", R"("d")", "+-++++"},
        {"/maintenance", "false", "+-++++"},
        {"/instance_info", "{}", "+-++-+"},
        {"/driver_info", "{}", "+-++--"},
        {"/name", R"("n1")", "+-++--"},
        {"/lessee", R"("l1")", "+-++--"},
        {"/power_interface", R"("fake")", "+--+--"},
        {"/owner", R"("p1")", "+-----"},
        {"/chassis_uuid", "null", "------"},
        {"/shard", R"("s")", "------"},
        {"/automated_clean", "false", "------"},
        {"/automated_clean", "true", "+-++++"},
    };
    for (const auto& row : kRows) {
        for (std::size_t i = 0; i < std::size(kColumns); ++i) {
            auto reply =
                as(kColumns[i], "PATCH", "/v1/nodes/" + node, patch_of(row.path, row.value));
            EXPECT_EQ(reply.status, row.allowed[i] == '+' ? 200 : 403)
                << row.path << " as " << kColumns[i].name << ": " << reply.text;
        }
        auto hidden = as(kOther, "PATCH", "/v1/nodes/" + node, patch_of(row.path, row.value));
        EXPECT_EQ(hidden.status, 404) << row.path;
    }
    for (std::string_view path : {"/chassis_uuid", "/shard"})
        EXPECT_EQ(as(kSystemAdmin, "PATCH", "/v1/nodes/" + node, patch_of(path, "null")).status,
                  200)
            << path;
}

TEST_F(PolicyTest, ShowsANodeToThoseWhoMaySeeIt) {
    auto node = leased_node();
    alter(node, [](model::Node& n) { n.last_error = "BMC 10.0.0.7 is silent"; });
    for (const auto& who :
         {kSystemMember, kSystemReader, kOwnerReader, kOwnerMember, kOwnerAdmin}) {
        auto reply = as(who, "GET", "/v1/nodes/" + node);
        EXPECT_EQ(reply.status, 200) << who.name;
        EXPECT_EQ(reply.string("last_error"), "BMC 10.0.0.7 is silent") << who.name;
        EXPECT_EQ(string_member(reply.at("driver_info"), "ipmi_password"), "******") << who.name;
    }
    for (const auto& who : {kLesseeMember, kLesseeAdmin}) {
        auto reply = as(who, "GET", "/v1/nodes/" + node);
        EXPECT_EQ(reply.status, 200) << who.name;
        EXPECT_THAT(reply.text, Not(HasSubstr("10.0.0.7")));
        EXPECT_THAT(reply.string("last_error"), HasSubstr("baremetal:node:get:last_error"));
        EXPECT_THAT(reply.string("reservation"), HasSubstr("baremetal:node:get:reservation"));
        for (auto field : {"driver_info", "driver_internal_info"})
            EXPECT_THAT(string_member(reply.at(field), "content"), HasSubstr(field)) << who.name;
        auto part = as(who, "GET", "/v1/nodes?fields=last_error");
        EXPECT_THAT(part.text, Not(HasSubstr("10.0.0.7")));
        EXPECT_THAT(as(who, "GET", "/v1/nodes/" + node + "/states").text,
                    Not(HasSubstr("10.0.0.7")));
    }
    auto hidden = as(kOther, "GET", "/v1/nodes/" + node);
    EXPECT_EQ(hidden.status, 404);
    auto unknown = as(kOther, "GET", "/v1/nodes/11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(hidden.fault().substr(42), unknown.fault().substr(42));
}

TEST_F(PolicyTest, ChecksTheRuleOfEachVerb) {
    auto node = leased_node();
    auto provision = [&](const Persona& who) {
        return as(who, "PUT", "/v1/nodes/" + node + "/states/provision", R"({"target":"manage"})");
    };
    for (const auto& who : {kSystemMember, kOwnerMember, kOwnerAdmin, kLesseeAdmin})
        EXPECT_EQ(provision(who).status, 202) << who.name;
    for (const auto& who : {kOwnerReader, kLesseeMember}) {
        auto reply = provision(who);
        EXPECT_EQ(reply.status, 403) << who.name;
        EXPECT_THAT(reply.fault(), HasSubstr("baremetal:node:set_provision_state"));
    }
    EXPECT_EQ(provision(kOther).status, 404);
    auto maintain = [&](const Persona& who) {
        return as(who, "PUT", "/v1/nodes/" + node + "/maintenance", "{}").status;
    };
    EXPECT_EQ(maintain(kLesseeMember), 403);
    EXPECT_EQ(maintain(kLesseeAdmin), 202);
}

TEST_F(PolicyTest, LetsProjectsManageTheirOwnNodes) {
    auto create = [&](const Persona& who, std::string_view more = "") {
        return as(who, "POST", "/v1/nodes", fmt::format(R"({{"driver":"fake-hardware"{}}})", more));
    };
    EXPECT_EQ(create(kSystemMember).status, 403);
    EXPECT_EQ(create(kOwnerReader).status, 403);
    EXPECT_EQ(create(kOwnerMember).status, 403);
    EXPECT_EQ(create(kOwnerAdmin, R"(,"owner":"p2")").status, 400);
    auto own = create(kOwnerAdmin);
    EXPECT_EQ(own.status, 201);
    EXPECT_EQ(own.string("owner"), "p1");
    auto path = "/v1/nodes/" + own.string("uuid");
    EXPECT_EQ(as(kOther, "DELETE", path).status, 404);
    EXPECT_EQ(as(kOwnerMember, "DELETE", path).status, 403);
    EXPECT_EQ(as(kSystemMember, "DELETE", path).status, 403);
    EXPECT_EQ(as(kOwnerAdmin, "DELETE", path).status, 204);
    EXPECT_EQ(as(kSystemAdmin, "DELETE", "/v1/nodes/" + leased_node()).status, 204);
}

TEST_F(PolicyTest, LimitsListsToTheProject) {
    leased_node("n1");
    as(kSystemAdmin, "POST", "/v1/nodes", R"({"driver":"fake-hardware","name":"n2"})");
    EXPECT_EQ(names(as(kSystemReader, "GET", "/v1/nodes")), "n1 n2 ");
    for (const auto& who : {kOwnerReader, kLesseeMember})
        EXPECT_EQ(names(as(who, "GET", "/v1/nodes/detail")), "n1 ") << who.name;
    EXPECT_EQ(names(as(kOther, "GET", "/v1/nodes")), "");
    EXPECT_EQ(names(as(kOther, "GET", "/v1/nodes?owner=p1")), "");
    EXPECT_EQ(as(kOther, "GET", "/v1/nodes?project=p1").status, 403);
    EXPECT_EQ(names(as(kOwnerReader, "GET", "/v1/nodes?project=p1")), "n1 ");
    EXPECT_EQ(as({"no role", "dancer", "p1"}, "GET", "/v1/nodes").status, 403);
    EXPECT_EQ(as({"no scope at all", "reader", "p1"}, "GET", "/v1/nodes").status, 200);
}

/// Whatever a route forgets to ask, a stranger must get nothing of a node.
TEST_F(PolicyTest, NoRouteBelowANodeServesAStranger) {
    auto node = leased_node();
    for (const auto& route : routes()) {
        if (!route.pattern.starts_with("nodes/{node}")) continue;
        std::string path = "/v1";
        for (auto word : split(route.pattern, '/'))
            path.append("/").append(word == "{node}"                       ? node
                                    : word.starts_with('{') || word == "*" ? "uuid"
                                                                           : word);
        auto reply = as(kOther, std::string(route.method), path);
        EXPECT_GE(reply.status, 400) << route.method << " " << path << " " << reply.text;
        EXPECT_LT(reply.status, 500) << route.method << " " << path << " " << reply.text;
        EXPECT_EQ(reply.text.find("n1"), std::string::npos) << route.method << " " << reply.text;
    }
}

TEST_F(PolicyTest, GuardsPortsByTheirNode) {
    auto node = leased_node();
    auto port = port_of(node);
    auto count = [&](const Persona& who, std::string_view path) {
        auto reply = as(who, "GET", std::string(path));
        return reply.at("ports").is_array() ? int(reply.at("ports").as_array().size())
                                            : -reply.status;
    };
    EXPECT_EQ(count(kOwnerReader, "/v1/ports"), 1);
    EXPECT_EQ(count(kLesseeMember, "/v1/ports/detail"), 1);
    EXPECT_EQ(count(kOther, "/v1/ports"), 0);
    EXPECT_EQ(count(kOther, "/v1/ports?address=52:54:00:00:00:01"), 0);
    EXPECT_EQ(count(kOther, "/v1/ports?node=" + node), -404);
    EXPECT_EQ(count(kOther, "/v1/nodes/" + node + "/ports"), -404);
    EXPECT_EQ(count(kOwnerReader, "/v1/nodes/" + node + "/ports"), 1);
    EXPECT_EQ(as(kOther, "GET", "/v1/ports/" + port).status, 404);
    EXPECT_EQ(as(kOther, "PATCH", "/v1/ports/" + port, patch_of("/extra", "{}")).status, 404);
    EXPECT_EQ(as(kOwnerReader, "GET", "/v1/ports/" + port).status, 200);
    EXPECT_EQ(as(kOwnerMember, "PATCH", "/v1/ports/" + port, patch_of("/extra", "{}")).status, 403);
    EXPECT_EQ(as(kOwnerAdmin, "PATCH", "/v1/ports/" + port, patch_of("/extra", "{}")).status, 200);
    auto body = [](std::string_view of) {
        return fmt::format(R"({{"address":"52:54:00:00:00:02","node_uuid":"{}"}})", of);
    };
    EXPECT_EQ(as(kOther, "POST", "/v1/ports", body(node)).status, 403);
    auto nowhere = body("11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(as(kOther, "POST", "/v1/ports", nowhere).status, 403);
    EXPECT_EQ(as(kSystemAdmin, "POST", "/v1/ports", nowhere).status, 400);
    EXPECT_EQ(as(kOwnerAdmin, "POST", "/v1/ports", body(node)).status, 201);
    EXPECT_EQ(as(kLesseeAdmin, "DELETE", "/v1/ports/" + port).status, 403);
    EXPECT_EQ(as(kOwnerAdmin, "DELETE", "/v1/ports/" + port).status, 204);
}

TEST_F(PolicyTest, GuardsPortgroupsAndVolumesByTheirNode) {
    auto node = leased_node();
    auto foreign = as(kSystemAdmin, "POST", "/v1/nodes",
                      R"({"driver":"fake-hardware","owner":"p2","name":"n2"})")
                       .string("uuid");
    struct Row {
        std::string collection;
        std::string members;
        std::string list;
        std::string_view writes;  ///< A letter a persona: who may create and delete.
    };
    constexpr Persona kColumns[] = {kSystemMember, kOwnerReader, kOwnerMember, kOwnerAdmin,
                                    kLesseeMember, kLesseeAdmin, kOther};
    const Row kRows[] = {
        {"/v1/portgroups", R"("extra":{})", "portgroups", "---+---"},
        {"/v1/volume/connectors", R"("type":"ip","connector_id":"1")", "connectors", "+--+-+-"},
        {"/v1/volume/targets", R"("volume_type":"iscsi","volume_id":"v","boot_index":0)", "targets",
         "+--+-+-"},
    };
    for (const auto& row : kRows) {
        auto body = R"({"node_uuid":")" + node + "\"," + row.members + "}";
        for (std::size_t i = 0; i < std::size(kColumns); ++i) {
            SCOPED_TRACE(row.collection + " " + std::string(kColumns[i].name));
            const auto& who = kColumns[i];
            bool may = row.writes[i] == '+', sees = i != 6;
            auto made = as(who, "POST", row.collection, body);
            EXPECT_EQ(made.status, may ? 201 : 403) << made.text;
            if (!may) made = as(kSystemAdmin, "POST", row.collection, body);
            auto path = row.collection + "/" + made.string("uuid");
            EXPECT_EQ(as(who, "GET", path).status, sees ? 200 : 404);
            EXPECT_EQ(as(who, "GET", row.collection).at(row.list).as_array().size(), sees);
            EXPECT_EQ(as(who, "GET", row.collection + "?node=n1").status, sees ? 200 : 404);
            EXPECT_EQ(as(who, "DELETE", path).status, !sees ? 404 : may ? 204 : 403);
            if (!may) EXPECT_EQ(as(kSystemAdmin, "DELETE", path).status, 204);
        }
        auto unknown =
            R"({"node_uuid":"11110194-0000-4000-8000-000000000194",)" + row.members + "}";
        EXPECT_EQ(as(kOther, "POST", row.collection, unknown).status, 403) << "it learns nothing";
        EXPECT_EQ(as(kSystemAdmin, "POST", row.collection, unknown).status, 400);
    }
    auto group = as(kSystemAdmin, "POST", "/v1/portgroups", R"({"node_uuid":")" + foreign + "\"}");
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/ports?portgroup=" + group.string("uuid")).status, 404);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/portgroups/" + group.string("uuid") + "/ports").status,
              404);
    EXPECT_EQ(as(kOther, "GET", "/v1/nodes/n1/volume").status, 404);
    EXPECT_EQ(as(kOwnerReader, "GET", "/v1/nodes/n1/volume").status, 200);
}

TEST_F(PolicyTest, HidesHowToReachAVolume) {
    auto node = leased_node();
    auto path = "/v1/volume/targets/" +
                as(kSystemAdmin, "POST", "/v1/volume/targets",
                   R"({"volume_type":"iscsi","volume_id":"v","boot_index":0,"node_uuid":")" + node +
                       R"(","properties":{"target_iqn":"iqn","auth_password":"sec"}})")
                    .string("uuid");
    EXPECT_THAT(as(kOwnerMember, "GET", path).text, HasSubstr("redacted_contents"));
    EXPECT_THAT(as(kOwnerMember, "GET", path).text, Not(HasSubstr("target_iqn")));
    EXPECT_THAT(as(kOwnerAdmin, "GET", path).text, HasSubstr("target_iqn"));
    EXPECT_THAT(as(kSystemReader, "GET", path).text, HasSubstr("target_iqn"));
    EXPECT_THAT(as(kSystemAdmin, "GET", path).text, Not(HasSubstr("\"sec\"")));
}

TEST_F(PolicyTest, KeepsWhatBelongsToTheCloudForSystemTokens) {
    for (auto path : {"/v1/chassis", "/v1/drivers", "/v1/drivers/fake-hardware"}) {
        EXPECT_EQ(as(kSystemReader, "GET", path).status, 200) << path;
        auto refused = as(kOwnerAdmin, "GET", path);
        EXPECT_EQ(refused.status, 403) << path;
        EXPECT_THAT(refused.fault(), HasSubstr("system scope"));
    }
    EXPECT_EQ(as(kSystemMember, "POST", "/v1/chassis", "{}").status, 403);
    EXPECT_EQ(as(kSystemAdmin, "POST", "/v1/chassis", "{}").status, 201);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/conductors").status, 403);
    EXPECT_EQ(as(kSystemReader, "GET", "/v1/conductors").status, 200);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/shards").status, 403);
}

TEST_F(PolicyTest, AsksNothingOnPublicPaths) {
    Persona nobody{"nobody", "", "x"};
    EXPECT_EQ(as(nobody, "GET", "/").status, 200);
    EXPECT_EQ(as(nobody, "GET", "/v1").status, 200);
    EXPECT_EQ(as(nobody, "GET", "/v1/lookup?addresses=52:54:00:00:00:09").status, 404);
    for (auto path : {"/", "/v1", "/v1/", "/v1/lookup", "/v1/lookup/", "/v1.json",
                      "/v1/heartbeat/abc-09", "/v1/heartbeat/abc.json", "/v1/continue_inspection"})
        EXPECT_TRUE(is_public_path(path)) << path;
    for (auto path :
         {"/lookup", "/v1/nodes", "/v1/heartbeat", "/v1/heartbeat/Abc", "/v1/heartbeat/a.b",
          "/v1/heartbeat/a_b", "/v1/heartbeat/a/b", "//v1", "/v1/lookups", "/v2", "/v1/lookup//"})
        EXPECT_FALSE(is_public_path(path)) << path;
}

TEST_F(PolicyTest, LooksAtSecretsEvenWithoutEnforcement) {
    auto file = directory_ + "/policy.yaml";
    std::ofstream(file) << "show_password: role:auditor\nshow_instance_secrets: '@'\n";
    ApiOptions options;
    options.policy.file = file;
    make_api(options);
    auto node = new_node(R"("driver_info":{"x_password":"abc"},"instance_info":{"image_url":"u"})");
    auto plain = get("/v1/nodes/" + node);
    EXPECT_EQ(string_member(plain.at("driver_info"), "x_password"), "******");
    EXPECT_EQ(string_member(plain.at("instance_info"), "image_url"), "u");
    auto auditor = as({"auditor", "reader,auditor", ""}, "GET", "/v1/nodes/" + node);
    EXPECT_EQ(string_member(auditor.at("driver_info"), "x_password"), "abc");
}

TEST_F(PolicyTest, RefusesToStartWithABadFile) {
    auto file = directory_ + "/policy.yaml";
    std::ofstream(file) << "\n\"baremetal:node:get\": \"role:reader or\"\n";
    try {
        enforce({.file = file});
        ADD_FAILURE();
    } catch (const InvalidValue& problem) {
        EXPECT_THAT(problem.message(), HasSubstr(file + ":2: the policy rule baremetal:node:get"));
    }
}

/// Every rule that a route names has a row; a misspelt one would refuse everybody.
TEST(PolicyTable, KnowsTheRulesOfTheRoutes) {
    for (const auto& route : routes()) {
        if (route.rule.empty()) continue;
        auto known = std::ranges::any_of(policy_table(), [&](const PolicyRow& row) {
            return row.name == "baremetal:" + std::string(route.rule);
        });
        EXPECT_TRUE(known) << route.method << " " << route.pattern << ": " << route.rule;
    }
}

TEST_F(PolicyTest, AllocationsBelongToProjects) {
    auto make = [&](const Persona& who, std::string owner = "") {
        return as(who, "POST", "/v1/allocations",
                  owner.empty() ? R"({"resource_class":"rc"})"
                                : R"({"resource_class":"rc","owner":")" + owner + R"("})");
    };
    EXPECT_EQ(make(kSystemReader).status, 403);
    EXPECT_EQ(make(kOwnerReader).status, 403);
    EXPECT_TRUE(make(kSystemMember).at("owner").is_null());
    auto theirs = make(kSystemMember, "x1");
    EXPECT_EQ(theirs.string("owner"), "x1");
    auto own = make(kOwnerMember);
    EXPECT_EQ(own.string("owner"), "p1");
    EXPECT_EQ(make(kOwnerMember, "p1").string("owner"), "p1");
    EXPECT_EQ(make(kOwnerMember, "x1").status, 403);

    auto path = "/v1/allocations/" + own.string("uuid");
    EXPECT_EQ(as(kOwnerReader, "GET", path).status, 200);
    EXPECT_EQ(as(kSystemReader, "GET", path).status, 200);
    EXPECT_EQ(as(kOther, "GET", path).status, 404);
    EXPECT_EQ(as(kOwnerReader, "PATCH", path, "[]").status, 403);
    EXPECT_EQ(as(kOther, "DELETE", path).status, 404);

    auto listed = [&](const Persona& who, std::string query = "") {
        auto reply = as(who, "GET", "/v1/allocations" + query);
        return reply.status == 200 ? reply.at("allocations").as_array().size() : reply.status;
    };
    EXPECT_EQ(listed(kSystemReader), 4u);
    EXPECT_EQ(listed(kOwnerReader), 2u);
    EXPECT_EQ(listed(kOwnerReader, "?owner=p1"), 2u);
    EXPECT_EQ(listed(kOwnerReader, "?owner=x1"), 403u);
    EXPECT_EQ(as(kOwnerReader, "DELETE", path).status, 403);
    EXPECT_EQ(as(kOwnerMember, "DELETE", path).status, 204);
}

TEST_F(PolicyTest, TheAllocationOfANodeIsSeenByThoseWhoSeeBoth) {
    auto node = leased_node();
    auto uuid =
        as(kOwnerMember, "POST", "/v1/allocations", R"({"resource_class":"rc"})").string("uuid");
    store_.write_now([&](store::Sql& db) {
        auto allocation = store::allocations::get(db, uuid);
        store::allocations::give(db, allocation, store::nodes::get(db, node));
    });
    auto path = "/v1/nodes/" + node + "/allocation";
    EXPECT_EQ(as(kOwnerReader, "GET", path).status, 200);
    EXPECT_EQ(as(kLesseeMember, "GET", path).status, 404);
    EXPECT_EQ(as(kOther, "GET", path).status, 404);
    EXPECT_EQ(as(kOther, "DELETE", path).status, 404);
    EXPECT_EQ(as(kOwnerReader, "DELETE", path).status, 403);
}

TEST_F(PolicyTest, RunbooksAreTheirOwnersAndPublicOnesEverybodys) {
    auto make = [&](const Persona& who, std::string name, std::string more = "") {
        return as(who, "POST", "/v1/runbooks",
                  R"({"steps":[{"interface":"deploy","step":"x","order":1}],"name":")" + name +
                      "\"" + more + "}");
    };
    EXPECT_EQ(make(kOwnerReader, "no").status, 403);
    EXPECT_EQ(make(kOwnerAdmin, "own").string("owner"), "p1");
    EXPECT_EQ(make(kOwnerAdmin, "no", R"(,"owner":"x1")").status, 400);
    EXPECT_EQ(make(kOwnerAdmin, "no", R"(,"public":true)").status, 400);
    EXPECT_EQ(make(kSystemMember, "open", R"(,"public":true)").status, 201);
    EXPECT_EQ(make(kSystemMember, "given", R"(,"owner":"x1")").string("owner"), "x1");

    auto shown = [&](const Persona& who) {
        std::string names;
        auto list = as(who, "GET", "/v1/runbooks");
        if (list.status != 200) return std::to_string(list.status);
        for (const auto& row : list.at("runbooks").as_array())
            names += string_member(row, "name") + " ";
        return names;
    };
    EXPECT_EQ(shown(kSystemReader), "own open given ");
    EXPECT_EQ(shown(kOwnerReader), "own open ");
    EXPECT_EQ(shown(kOther), "open given ");
    EXPECT_EQ(as(kOwnerReader, "GET", "/v1/runbooks/own").status, 200);
    EXPECT_EQ(as(kOther, "GET", "/v1/runbooks/own").status, 403) << "denied, not concealed";
    EXPECT_EQ(as(kOther, "GET", "/v1/runbooks/open").status, 200);
    EXPECT_EQ(as(kOther, "GET", "/v1/runbooks/own/traits").status, 403);
    EXPECT_EQ(as(kOther, "PUT", "/v1/runbooks/open/traits/CUSTOM_A").status, 403);
    EXPECT_EQ(as(kOther, "DELETE", "/v1/runbooks/own").status, 403);
    EXPECT_EQ(as(kOwnerReader, "DELETE", "/v1/runbooks/own").status, 403);
    auto set = [&](const Persona& who, std::string field, std::string value) {
        return as(who, "PATCH", "/v1/runbooks/own",
                  R"([{"op":"add","path":"/)" + field + R"(","value":)" + value + "}]")
            .status;
    };
    EXPECT_EQ(set(kOwnerAdmin, "description", R"("d")"), 200);
    EXPECT_EQ(set(kOwnerAdmin, "owner", R"("x1")"), 403);
    EXPECT_EQ(set(kOwnerAdmin, "public", "true"), 403);
    EXPECT_EQ(set(kSystemMember, "owner", R"("x1")"), 200);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/runbooks/own").status, 403);
}

TEST_F(PolicyTest, WhoMayUseARunbookAndWhichSteps) {
    auto node = leased_node();
    alter(node, [](model::Node& n) {
        n.provision_state = "manageable";
        n.traits = model::JsonText(std::string(R"(["CUSTOM_A"])"));
    });
    auto made = as(kOwnerAdmin, "POST", "/v1/runbooks",
                   R"({"name":"rb","steps":[{"interface":"deploy","step":"x","order":1}]})");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(as(kOwnerAdmin, "PUT", "/v1/runbooks/rb/traits/CUSTOM_A").status, 204);
    auto clean = [&](const Persona& who, std::string with) {
        return as(who, "PUT", "/v1/nodes/n1/states/provision", R"({"target":"clean",)" + with + "}")
            .status;
    };
    EXPECT_EQ(clean(kOwnerAdmin, R"("runbook":"rb")"), 202);
    EXPECT_EQ(clean(kSystemMember, R"("runbook":"rb")"), 202);
    EXPECT_EQ(clean(kLesseeAdmin, R"("runbook":"rb")"), 403) << "it is the owner's";
    EXPECT_EQ(clean(kLesseeAdmin, R"("clean_steps":[{"interface":"bios","step":"x"}])"), 202);
    EXPECT_EQ(clean(kLesseeMember, R"("clean_steps":[{"interface":"bios","step":"x"}])"), 403);
}

TEST_F(PolicyTest, DeployTemplatesAndInspectionRulesAreTheSystems) {
    std::string steps = R"([{"interface":"bios","step":"x","args":{},"priority":1}])";
    auto body = R"({"name":"CUSTOM_T","steps":)" + steps + "}";
    EXPECT_EQ(as(kOwnerAdmin, "POST", "/v1/deploy_templates", body).status, 403);
    EXPECT_EQ(as(kSystemMember, "POST", "/v1/deploy_templates", body).status, 403);
    EXPECT_EQ(as(kSystemAdmin, "POST", "/v1/deploy_templates", body).status, 201);
    EXPECT_EQ(as(kSystemReader, "GET", "/v1/deploy_templates/CUSTOM_T").status, 200);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/deploy_templates").status, 403);
    EXPECT_EQ(as(kSystemReader, "DELETE", "/v1/deploy_templates/CUSTOM_T").status, 403);
    EXPECT_EQ(as(kOwnerAdmin, "GET", "/v1/inspection_rules").status, 403);
    EXPECT_EQ(as(kSystemReader, "GET", "/v1/inspection_rules").status, 200);
}

}  // namespace
}  // namespace ferrite::api
