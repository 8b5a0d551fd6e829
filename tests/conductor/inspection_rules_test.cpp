#include "conductor/inspection_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/runtime.h"
#include "conductor/rule_conditions.h"
#include "conductor/rule_values.h"

namespace ferrite::conductor {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const kInventory = R"({"cpu": {"count": 4, "flags": ["vmx", "avx"]},
    "disks": [{"name": "sda", "size": 10}, {"name": "sdb", "size": 20}],
    "cards": {"52:54:00": {"speed": 10}}, "bmc_address": "10.0.0.7", "empty": [], "off": "No"})";

JsonObject scope() {
    return {{"inventory", parse_json(kInventory)},
            {"node", JsonObject{{"name", "n1"}, {"properties", JsonObject{{"x", nullptr}}}}}};
}

bool holds(const std::string& condition) {
    return condition_holds(parse_json(condition), scope());
}

TEST(RuleValues, PlaceholdersAreFilledIn) {
    auto filled = [](const char* text) { return ferrite::to_text(filled_in(Json(text), scope())); };
    EXPECT_EQ(filled("plain"), R"("plain")");
    EXPECT_EQ(filled("{inventory[cpu][count]}"), "4");
    EXPECT_EQ(filled("{inventory.disks.1.name}"), R"("sdb")");
    EXPECT_EQ(filled("{node.name} has {inventory[cpu][count]} of {{them}}"),
              R"("n1 has 4 of {them}")");
    EXPECT_EQ(filled("{node.name:>10}{node[name]!r}"), R"("n1n1")");
    EXPECT_EQ(filled("{inventory[cards][52:54:00][speed]}"), "10");
    EXPECT_EQ(filled("{node.nothing}"), R"("{node.nothing}")");
    EXPECT_EQ(filled("{inventory[disks][9]}"), R"("{inventory[disks][9]}")");
    for (const char* odd : {"{", "}", "{}", "{.}", "{node", "{{", "a{node.name"})
        EXPECT_NO_THROW(filled(odd)) << odd;
}

TEST(RuleValues, PlacesAreMadeExtendedAndTakenAway) {
    Json document{{"a", JsonObject{{"list", JsonArray{1}}}}};
    set_at(document, "a/b/c", Json(5));
    set_at(document, "a.list.0", Json(2));
    extend_at(document, "a/list", Json(2), Repeats::left_out);
    extend_at(document, "a/list", Json(3), Repeats::left_out);
    extend_at(document, "new", Json(1), Repeats::allowed);
    EXPECT_EQ(ferrite::to_text(document), R"({"a":{"list":[2,3],"b":{"c":5}},"new":[1]})");
    erase_at(document, "a/b");
    erase_at(document, "a/list/0");
    erase_at(document, "nothing/here");
    EXPECT_EQ(ferrite::to_text(document), R"({"a":{"list":[3]},"new":[1]})");
    EXPECT_THROW(set_at(document, "a/list/7", Json(1)), InvalidValue);
    EXPECT_THROW(extend_at(document, "a", Json(1), Repeats::allowed), InvalidValue);
    EXPECT_THROW(set_at(document, "", Json(1)), InvalidValue);
    EXPECT_THROW(set_at(document, "///", Json(1)), InvalidValue);
}

TEST(RuleConditions, Hold) {
    for (
        const char* true_one : {
            R"({"op":"eq","args":{"values":["{inventory[cpu][count]}",4]}})",
            R"({"op":"eq","args":{"values":["{inventory[cpu][count]}","4"]}})",
            R"({"op":"eq","args":{"values":[1]}})",
            R"({"op":"!eq","args":{"values":[1,2]}})",
            R"({"op":"! eq","args":{"values":[1,2]}})",
            R"({"op":"lt","args":{"values":[1,2,3]}})",
            R"({"op":"gt","args":{"values":[3,2,1]}})",
            R"({"op":"lt","args":{"values":[10,9],"force_strings":true}})",
            R"({"op":"lt","args":{"values":["9",10,"11"]}})",
            R"({"op":"is-empty","args":{"value":"{inventory[empty]}"}})",
            R"({"op":"is-empty","args":{"value":"{inventory[missing]}"}})",
            R"({"op":"is-empty","args":{"value":"{node.properties.x}"}})",
            R"({"op":"!is-empty","args":{"value":"{inventory[cpu]}"}})",
            R"({"op":"in-net","args":{"address":"{inventory.bmc_address}","subnet":"10.0.0.0/29"}})",
            R"({"op":"!in-net","args":{"address":"10.0.0.8","subnet":"10.0.0.0/29"}})",
            R"({"op":"!in-net","args":{"address":"fd00::1","subnet":"10.0.0.0/8"}})",
            R"({"op":"in-net","args":{"address":"fd00::1","subnet":"fd00::/16"}})",
            R"({"op":"matches","args":{"value":"abc","regex":"a.c"}})",
            R"({"op":"!matches","args":{"value":"abcd","regex":"a.c"}})",
            R"({"op":"contains","args":["xabcd","a.c"]})",
            R"({"op":"one-of","args":{"value":"a","values":["b","a"]}})",
            R"({"op":"is-none","args":{"value":null}})",
            R"({"op":"is-true","args":{"value":"Yes"}})",
            R"({"op":"is-true","args":{"value":true}})",
            R"({"op":"is-false","args":{"value":"{inventory.off}"}})",
            R"({"op":"eq","loop":["sda","sdb"],"args":{"values":["{item}","sdb"]}})",
            R"({"op":"!eq","loop":["sda","sdb"],"multiple":"all",
                 "args":{"values":["{item}","sdb"]}})",
            R"({"op":"eq","loop":["sda","sdb"],"multiple":"last",
                 "args":{"values":["{item}","sdb"]}})",
            R"({"op":"eq","loop":{"a":"sda"},"multiple":"first",
                 "args":{"values":["{item}","sda"]}})",
        })
        EXPECT_TRUE(holds(true_one)) << true_one;
}

TEST(RuleConditions, ThatMakeNoSenseAreErrors) {
    auto endless = R"({"op":"contains","args":[")" + std::string(5000, 'a') + R"(","a"]})";
    EXPECT_THROW(holds(endless), InvalidValue);
    for (const char* bad : {
             R"({"op":"nope","args":{}})",
             R"({"op":"!!eq","args":{"values":[1]}})",
             R"({"op":"eq","args":{"values":1}})",
             R"({"op":"matches","args":{"value":"a","regex":"("}})",
             R"({"op":"matches","args":{"value":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
                 "regex":"(a|aa)+"}})",
             R"({"op":"in-net","args":{"address":"10.0.0.1","subnet":"x"}})",
             R"({"op":"in-net","args":{"address":"10.0.0.1","subnet":"10.0.0.0/33"}})",
         })
        EXPECT_THROW(holds(bad), InvalidValue) << bad;
}

class InspectionRules : public testing::Test {
protected:
    InspectionRules() {
        node.uuid = "11110000-0000-4000-8000-000000000001";
        node.driver_info.set("ipmi_password", Json("s3cret"));
        ports.resize(1);
        ports[0].address = "52:54:00:00:00:01";
    }
    void apply(const std::string& actions, const std::string& conditions = "[]",
               bool sensitive = false) {
        Inspected inspected{
            .node = node, .ports = ports, .inventory = inventory, .plugin_data = plugin_data};
        model::InspectionRule rule;
        rule.uuid = "22220000-0000-4000-8000-000000000002";
        rule.sensitive = sensitive;
        rule.actions = model::JsonText(actions);
        rule.conditions = model::JsonText(conditions);
        runtime.run(apply_inspection_rules({rule}, &inspected, &fetch));
        ports = inspected.ports;
    }
    std::string refusal(const std::string& actions, const std::string& conditions = "[]",
                        bool sensitive = false) {
        try {
            apply(actions, conditions, sensitive);
        } catch (const Error& error) {
            return error.message();
        }
        return {};
    }

    model::Node node;
    std::vector<model::Port> ports;
    JsonObject inventory = parse_json(kInventory).get_object();
    JsonObject plugin_data{{"kept", 1}};
    Runtime runtime{{.threads = 1, .name = "test"}};

    /// What rules have asked of others, who answer with these statuses in turn; 0: not at all.
    std::vector<HttpFetch> fetched;
    std::vector<int> statuses;
    Fetch fetch = [this](HttpFetch request) { return answer(std::move(request)); };

    Task<HttpFetched> answer(HttpFetch request) {
        fetched.push_back(std::move(request));
        int status = fetched.size() <= statuses.size() ? statuses[fetched.size() - 1] : 200;
        if (status == 0) throw HttpClientError(HttpFailure::connect, "nobody is there");
        co_return HttpFetched{.status = status};
    }
};

TEST_F(InspectionRules, ChangeTheNode) {
    apply(R"([{"op":"set-attribute","args":{"path":"driver_info/ipmi_address",
                                            "value":"{inventory[bmc_address]}"}},
              {"op":"set-attribute","args":["resource_class","big"]},
              {"op":"set-attribute","args":["retired",true]},
              {"op":"extend-attribute","args":{"path":"extra.disks","value":"sda","unique":true}},
              {"op":"extend-attribute","args":{"path":"extra.disks","value":"sda","unique":true}},
              {"op":"set-capability","args":{"name":"cpus","value":"{inventory[cpu][count]}"}},
              {"op":"set-capability","args":{"name":"b","value":"1"}},
              {"op":"unset-capability","args":{"name":"b"}},
              {"op":"add-trait","args":{"name":"CUSTOM_A"}},
              {"op":"add-trait","args":{"name":"CUSTOM_B"}},
              {"op":"remove-trait","args":{"name":"CUSTOM_A"}},
              {"op":"log","args":{"msg":"{node.driver_info.ipmi_password}","level":"info"}}])");
    EXPECT_EQ(node.driver_info.get_text("ipmi_address"), "10.0.0.7");
    EXPECT_EQ(node.driver_info.get_text("ipmi_password"), "s3cret");
    EXPECT_EQ(node.resource_class, "big");
    EXPECT_TRUE(node.retired);
    EXPECT_EQ(node.extra.text(), R"({"disks":["sda"]})");
    EXPECT_EQ(node.properties.get_text("capabilities"), "cpus:4");
    EXPECT_EQ(node.traits.text(), R"(["CUSTOM_B"])");
    apply(R"([{"op":"del-attribute","args":{"path":"extra/disks"}},
              {"op":"del-attribute","args":{"path":"resource_class"}}])");
    EXPECT_EQ(node.extra.text(), "{}");
    EXPECT_FALSE(node.resource_class);
}

TEST_F(InspectionRules, ChangePortsAndPluginData) {
    apply(R"([{"op":"set-port-attribute","args":{"port_id":"52:54:00:00:00:01",
                                                 "path":"physical_network","value":"a"}},
              {"op":"set-port-attribute","args":["52:54:00:00:00:01","extra/x","{item}"],
               "loop":["one","two"]},
              {"op":"set-plugin-data","args":{"path":"a/b","value":7}},
              {"op":"extend-plugin-data","args":{"path":"list","value":"{plugin_data[a][b]}"}},
              {"op":"unset-plugin-data","args":{"path":"kept"}}])");
    EXPECT_EQ(ports[0].physical_network, "a");
    EXPECT_EQ(ports[0].extra.get_text("x"), "two");
    EXPECT_EQ(ferrite::to_text(Json(plugin_data)), R"({"list":[7],"a":{"b":7}})");
}

TEST_F(InspectionRules, ApplyOnlyWhenAllConditionsHold) {
    constexpr const char* kAction = R"([{"op":"set-attribute","args":["name","x"]}])";
    apply(kAction, R"([{"op":"eq","args":[[1,1]]},{"op":"eq","args":[[1,2]]}])");
    EXPECT_FALSE(node.name);
    apply(kAction, R"([{"op":"eq","args":[[1,1]]},{"op":"!eq","args":[[1,2]]}])");
    EXPECT_EQ(node.name, "x");
}

TEST_F(InspectionRules, SaySoWhenTheyFail) {
    EXPECT_THAT(refusal(R"([{"op":"fail","args":{"msg":"no {inventory[cpu][count]} way"}}])"),
                HasSubstr("no 4 way"));
    for (const char* bad : {
             R"([{"op":"nope","args":{}}])",
             R"([{"op":"set-attribute","args":["provision_state","active"]}])",
             R"([{"op":"set-attribute","args":["nonsense/x",1]}])",
             R"([{"op":"set-attribute","args":["",1]}])",
             R"([{"op":"set-attribute","args":["driver_info","text"]}])",
             R"([{"op":"set-attribute","args":["driver",null]}])",
             R"([{"op":"set-attribute","args":["name","not a name"]}])",
             R"([{"op":"set-attribute","args":["retired","perhaps"]}])",
             R"([{"op":"set-attribute","args":["resource_class",{"a":1}]}])",
             R"([{"op":"set-attribute","args":["instance_uuid","x"]}])",
             R"([{"op":"set-port-attribute","args":["52:54:00:00:00:01","address","x"]}])",
             R"([{"op":"set-port-attribute","args":["52:54:00:00:00:01","node_uuid","x"]}])",
             R"([{"op":"add-trait","args":["bogus"]}])",
             R"([{"op":"set-port-attribute","args":["nope","extra/x",1]}])",
             R"([{"op":"api-call","args":["file:///etc/passwd"]}])",
             R"([{"op":"api-call","args":{"url":"http://h","timeout":"soon"}}])",
             R"([{"op":"api-call","args":{"url":"http://h","retries":1000}}])",
             R"([{"op":"api-call","args":{"url":"http://h","headers":"none"}}])",
         })
        EXPECT_THAT(refusal(bad), HasSubstr("Inspection rule")) << bad;
    EXPECT_EQ(plugin_data["kept"], Json(1));
}

TEST_F(InspectionRules, CallOthers) {
    apply(R"([{"op":"api-call","args":{"url":"http://h/{inventory[bmc_address]}",
               "headers":{"X-Node":"{node.uuid}"},"proxies":{"http":"http://p:3128"}}},
              {"op":"api-call","args":{"url":"https://h","timeout":"1.5",
               "proxies":{"http":"http://p:3128"}}}])");
    ASSERT_EQ(fetched.size(), 2U);
    EXPECT_EQ(fetched[0].method, "GET");
    EXPECT_EQ(fetched[0].url, "http://h/10.0.0.7");
    EXPECT_EQ(fetched[0].headers.get("x-node"), node.uuid);
    EXPECT_EQ(fetched[0].proxy, "http://p:3128");
    EXPECT_EQ(fetched[0].timeout, std::chrono::seconds(5));
    EXPECT_EQ(fetched[1].proxy, "");
    EXPECT_EQ(fetched[1].timeout, std::chrono::milliseconds(1500));
}

TEST_F(InspectionRules, CallAgainWhoDoesNotAnswer) {
    constexpr const char* kCall =
        R"([{"op":"api-call","args":{"url":"http://h","retries":2,"backoff_factor":0}}])";
    statuses = {0, 0, 204};
    apply(kCall);
    EXPECT_EQ(fetched.size(), 3U);
    fetched.clear();
    statuses = {0, 0, 0};
    EXPECT_THAT(refusal(kCall), HasSubstr("nobody is there"));
    EXPECT_EQ(fetched.size(), 3U);
    fetched.clear();
    statuses = {503};
    EXPECT_THAT(refusal(kCall), HasSubstr("503"));
    EXPECT_EQ(fetched.size(), 1U);
    fetch = nullptr;
    EXPECT_THAT(refusal(kCall), HasSubstr("api-call"));
}

TEST_F(InspectionRules, SeeNoSecrets) {
    node.driver_internal_info.set("agent_secret_token", Json("s3cret"));
    node.driver_info.set("snmp_auth_key", Json("s3cret"));
    node.instance_info.set("nested", JsonArray{JsonObject{{"admin_pass", "s3cret"}}});
    apply(R"([{"op":"set-attribute","args":["extra/copy","{node}"]},
              {"op":"set-attribute","args":["description","{node.driver_info.ipmi_password}"]}])");
    EXPECT_EQ(node.description, "******");
    EXPECT_THAT(node.extra.text(), Not(HasSubstr("s3cret")));
}

/// What is written to standard error, where the log goes.
TEST_F(InspectionRules, TellNothingOfThemselvesWhenTheyAreSensitive) {
    testing::internal::CaptureStderr();
    auto says = R"([{"op":"log","args":{"msg":"t0psecret","level":"error"}}])";
    apply(says);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("ERROR INSPECTION_RULE_SAYS"));
    testing::internal::CaptureStderr();
    apply(says, "[]", true);
    std::string told;
    told += refusal(R"([{"op":"fail","args":{"msg":"t0psecret"}}])", "[]", true);
    told += refusal(R"([{"op":"set-attribute","args":["t0psecret",1]}])", "[]", true);
    told += refusal(says, R"([{"op":"matches","args":["a","t0psecret("]}])", true);
    EXPECT_THAT(told, HasSubstr("22220000-0000-4000-8000-000000000002"));
    EXPECT_THAT(told + testing::internal::GetCapturedStderr(), Not(HasSubstr("t0psecret")));
}

}  // namespace
}  // namespace ferrite::conductor
