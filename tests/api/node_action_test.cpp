#include "api/api_fixture.h"

/// What is asked of a conductor for a node: provision, power, maintenance, management, agents.
namespace ferrite::api {
namespace {

class NodeActionTest : public ApiTest {
protected:
    void SetUp() override { uuid_ = new_node(R"("name":"n")"); }

    void put_in(std::string state, std::optional<std::string> reservation = std::nullopt) {
        alter(uuid_, [&](model::Node& node) {
            node.provision_state = state;
            node.reservation = reservation;
        });
    }
    int provision(std::string body, std::string version = "1.115") {
        return put("/v1/nodes/" + uuid_ + "/states/provision", body, version).status;
    }
    int power(std::string body, std::string version = "1.115") {
        return put("/v1/nodes/n/states/power", body, version).status;
    }

    std::string uuid_;
};

TEST_F(NodeActionTest, EveryVerbIsTakenWhereTheMachineHasIt) {
    for (const auto& state : model::states::all()) {
        put_in(std::string(state.name));
        for (const auto& verb : model::states::verbs()) {
            auto next = model::states::next(state.name, verb.event);
            bool internal = (state.name == "cleaning" && verb.event == "manage") ||
                            (state.name == "deleting" && verb.event == "clean");
            std::string body = R"({"target":")" + std::string(verb.name) + '"';
            if (verb.name == "rescue") body += R"(,"rescue_password":"x")";
            if (verb.name == "clean") body += R"(,"clean_steps":[{"interface":"bios","step":"x"}])";
            if (verb.name == "service")
                body += R"(,"service_steps":[{"interface":"bios","step":"x"}])";
            EXPECT_EQ(provision(body + "}"), next && !internal ? 202 : 400)
                << state.name << " " << verb.name;
        }
    }
}

TEST_F(NodeActionTest, VerbsHaveTheirVersions) {
    EXPECT_EQ(provision(R"({"target":"manage"})", "1.3"), 406);
    EXPECT_EQ(provision(R"({"target":"manage"})", "1.4"), 202);
    put_in("available");
    EXPECT_EQ(provision(R"({"target":"deploy"})", "1.72"), 406);
    EXPECT_EQ(provision(R"({"target":"service"})", "1.86"), 400);
    put_in("active");
    EXPECT_EQ(provision(R"({"target":"service","service_steps":[{"interface":"bios","step":"x"}]})",
                        "1.86"),
              406);
    put_in("inspect wait");
    EXPECT_EQ(provision(R"({"target":"abort"})", "1.40"), 406);
    EXPECT_EQ(provision(R"({"target":"abort"})", "1.41"), 202);
    put_in("wait call-back");
    EXPECT_EQ(provision(R"({"target":"abort"})", "1.109"), 406);
}

TEST_F(NodeActionTest, LockedNodesAreAConflict) {
    put_in("cleaning", "cond1");
    EXPECT_EQ(provision(R"({"target":"inspect"})"), 409);
    EXPECT_EQ(provision(R"({"target":"nope"})"), 409);
    put_in("cleaning");
    EXPECT_EQ(provision(R"({"target":"nope"})"), 400);
}

TEST_F(NodeActionTest, ProvisionArgumentsBelongToTheirTargets) {
    put_in("available");
    const char* bad[] = {
        R"({})",
        R"({"target":5})",
        R"({"target":null})",
        R"({"target":"active","nope":1})",
        R"({"target":"active","configdrive":5})",
        R"({"target":"active","configdrive":"not base64!"})",
        R"({"target":"active","configdrive":{"nope":1}})",
        R"({"target":"active","configdrive":{"meta_data":"x"}})",
        R"({"target":"deploy","configdrive":"aGk="})",
        R"({"target":"active","clean_steps":[{"interface":"bios","step":"x"}]})",
        R"({"target":"active","deploy_steps":"x"})",
        R"({"target":"active","deploy_steps":[{}]})",
        R"({"target":"active","deploy_steps":[{"interface":"bios","step":"x"}]})",
        R"({"target":"active","deploy_steps":[{"interface":"nope","step":"x","priority":1}]})",
        R"({"target":"active","rescue_password":""})",
        R"({"target":"active","disable_ramdisk":false})",
        R"({"target":"active","service_steps":[{"interface":"bios","step":"x"}]})",
    };
    for (const auto* body : bad) EXPECT_EQ(provision(body), 400) << body;
    EXPECT_EQ(provision(R"({"target":"active","configdrive":{"meta_data":{}}})", "1.55"), 400);
    EXPECT_EQ(provision(R"({"target":"active","runbook":"r"})"), 404);
    EXPECT_TRUE(conductor_.asked.empty());
    EXPECT_EQ(
        provision(R"({"target":"active","configdrive":{"user_data":"x"},)"
                  R"("deploy_steps":[{"interface":"bios","step":"x","args":{},"priority":"5"}]})"),
        202);
    EXPECT_EQ(conductor_.provisioned.deploy_steps.size(), 1u);
    EXPECT_EQ(provision(R"({"target":"active","configdrive":"http://x/y z"})"), 202);
}

TEST_F(NodeActionTest, CleanStepsAreChecked) {
    put_in("manageable");
    for (std::string steps :
         {R"([])", R"([{}])", R"([{"interface":"bios"}])", R"([{"interface":"bios","step":""}])",
          R"([{"interface":"bios","step":"x","priority":5}])", R"([1])",
          R"([{"interface":"bios","step":"x","args":1}])",
          R"([{"interface":"vendor","step":"send_raw"}])",
          R"([{"interface":"bios","step":"x","limit_child_node_execution":["x"]}])"})
        EXPECT_EQ(provision(R"({"target":"clean","clean_steps":)" + steps + "}"), 400) << steps;
    EXPECT_EQ(provision(R"({"target":"clean","disable_ramdisk":true,)"
                        R"("clean_steps":[{"interface":"raid","step":"x","order":1}]})"),
              202);
}

TEST_F(NodeActionTest, MaintenanceStopsDeployments) {
    put_in("available");
    alter(uuid_, [](model::Node& node) { node.maintenance = true; });
    EXPECT_EQ(provision(R"({"target":"active"})"), 400);
    EXPECT_EQ(provision(R"({"target":"manage"})"), 202);
}

TEST_F(NodeActionTest, ArgumentsMayComeInAnyForm) {
    auto in_query = send("PUT", "/v1/nodes/n/states/provision?target=manage");
    EXPECT_EQ(in_query.status, 202);
    EXPECT_EQ(in_query.headers.get("Location"), "http://api.example:6385/v1/nodes/n/states");
    EXPECT_EQ(in_query.text, "");
    EXPECT_EQ(send("PUT", "/v1/nodes/n/states/provision", "1.115", "target=manage",
                   "application/x-www-form-urlencoded")
                  .status,
              202);
    EXPECT_EQ(
        send("PUT", "/v1/nodes/n/states/provision", "1.115", R"({"target":"manage"})", "text/plain")
            .status,
        400);
    EXPECT_EQ(provision("{"), 400);
    EXPECT_EQ(
        send("PUT", "/v1/nodes/n/states/provision?target=manage", "1.115", R"({"target":"manage"})")
            .status,
        400);
}

TEST_F(NodeActionTest, Power) {
    EXPECT_EQ(power(R"({"target":"power on"})"), 202);
    EXPECT_EQ(power(R"({"target":"soft power off","timeout":"30"})"), 202);
    EXPECT_EQ(conductor_.asked.back(), "power " + uuid_ + " soft power off 30");
    EXPECT_EQ(power(R"({"target":"soft rebooting"})", "1.26"), 406);
    EXPECT_EQ(power(R"({"target":"power on","timeout":5})", "1.26"), 406);
    for (std::string body :
         {R"({"target":"nope"})", R"({"target":5})", R"({})",
          R"({"target":"power on","timeout":0})", R"({"target":"power on","timeout":-1})",
          R"({"target":"power on","timeout":"x"})", R"({"target":"POWER ON"})",
          R"({"target":"power on","x":1})"})
        EXPECT_EQ(power(body), 400) << body;
    alter(uuid_, [](model::Node& node) { node.disable_power_off = true; });
    EXPECT_EQ(power(R"({"target":"power off"})"), 409);
    put_in("cleaning");
    EXPECT_EQ(power(R"({"target":"power on"})"), 400);
    EXPECT_EQ(put("/v1/nodes/missing/states/power", R"({"target":"power on"})").status, 404);
}

TEST_F(NodeActionTest, NoConductorIsA404OrA400) {
    alter(uuid_, [](model::Node& node) { node.driver = "gone"; });
    EXPECT_EQ(power(R"({"target":"power on"})"), 404);
    EXPECT_EQ(provision(R"({"target":"manage"})"), 404);
    EXPECT_EQ(get("/v1/nodes/n/validate").status, 404);
    EXPECT_EQ(put("/v1/nodes/n/maintenance", "{}").status, 400);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n").status, 400);
    EXPECT_EQ(patch("/v1/nodes/n", "[]").status, 400);
    EXPECT_TRUE(get("/v1/nodes/n").at("conductor").is_null());
}

TEST_F(NodeActionTest, Maintenance) {
    EXPECT_EQ(put("/v1/nodes/n/maintenance", R"({"reason":"why"})").status, 202);
    EXPECT_EQ(get("/v1/nodes/n").string("maintenance_reason"), "why");
    EXPECT_EQ(send("PUT", "/v1/nodes/n/maintenance").status, 202);
    EXPECT_TRUE(get("/v1/nodes/n").at("maintenance_reason").is_null());
    EXPECT_EQ(put("/v1/nodes/n/maintenance", R"({"reason":5})").status, 400);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/maintenance").status, 202);
    EXPECT_EQ(get("/v1/nodes/n").at("maintenance"), Json(false));
}

TEST_F(NodeActionTest, ValidateAndBootDevice) {
    EXPECT_EQ(get("/v1/nodes/validate?node=n").text, R"({"power":{"result":true}})");
    EXPECT_EQ(get("/v1/nodes/validate?node_uuid=" + uuid_).status, 200);
    EXPECT_EQ(get("/v1/nodes/validate").status, 400);
    EXPECT_EQ(get("/v1/nodes/validate?node=n", "1.4").status, 406);
    EXPECT_EQ(get("/v1/nodes/n/management/boot_device").text,
              R"({"boot_device":"pxe","persistent":false})");
    EXPECT_EQ(get("/v1/nodes/n/management/boot_device/supported").text,
              R"({"supported_boot_devices":["pxe"]})");
    EXPECT_EQ(
        put("/v1/nodes/n/management/boot_device", R"({"boot_device":"disk","persistent":"1"})")
            .status,
        204);
    EXPECT_EQ(conductor_.asked.back(), "boot " + uuid_ + " disk true");
    EXPECT_EQ(put("/v1/nodes/n/management/boot_device", "{}").status, 400);
}

TEST_F(NodeActionTest, LookupTellsNothingToStrangers) {
    post("/v1/ports", R"({"address":"52:54:00:00:00:01","node_uuid":")" + uuid_ + "\"}");
    auto path = "/v1/lookup?addresses=52:54:00:00:00:01,nonsense";
    auto text = get(path).fault();
    EXPECT_EQ(get(path).status, 404);
    EXPECT_EQ(get("/v1/lookup?addresses=52:54:00:00:00:02").fault(), text);
    EXPECT_EQ(get("/v1/lookup?addresses=nonsense").status, 400);
    EXPECT_EQ(get("/v1/lookup?node_uuid=x").status, 400);

    put_in("wait call-back");
    auto found = get(path);
    ASSERT_EQ(found.status, 200) << found.text;
    EXPECT_EQ(string_member(found.at("node"), "uuid"), uuid_);
    EXPECT_EQ(string_member(found.at("config"), "agent_token"), "token-in-clear");
    EXPECT_EQ(found.at("node").as_object().size(), 5u);
    put_in("wait call-back", "cond1");
    EXPECT_EQ(get(path).status, 409);
    put_in("active");
    EXPECT_EQ(get("/v1/lookup?node_uuid=" + uuid_).status, 404);
    make_api({.enable_ramdisk_endpoints = false});
    EXPECT_EQ(get(path, "1.1").status, 403);
}

TEST_F(NodeActionTest, Heartbeat) {
    auto beat = [&](std::string body, std::string version = "1.115") {
        return post("/v1/heartbeat/" + uuid_, body, version).status;
    };
    std::string good = R"("callback_url":"https://10.0.0.1:9999","agent_token":"t")";
    EXPECT_EQ(beat("{" + good + R"(,"agent_version":"9"})"), 202);
    EXPECT_EQ(conductor_.heard.agent_token, "t");
    EXPECT_EQ(beat("{" + good + "}"), 400);
    EXPECT_EQ(beat("{" + good + R"(,"agent_version":"9"})", "1.35"), 400);
    EXPECT_EQ(beat("{" + good + R"(,"agent_version":"9"})", "1.21"), 404);
    EXPECT_EQ(beat("{" + good + R"(,"agent_status":"bored"})"), 400);
    EXPECT_EQ(beat(R"({"callback_url":"http://10.0.0.1","agent_token":"t","agent_version":"9"})"),
              400);
    EXPECT_EQ(beat(R"({"callback_url":"ftp://x","agent_token":"t","agent_version":"9"})"), 400);
    EXPECT_EQ(beat(R"({"callback_url":"https://x","agent_version":"9"})"), 400);
    alter(uuid_, [](model::Node& node) {
        node.driver_internal_info = model::JsonText(std::string(R"({"agent_url":"https://y"})"));
    });
    EXPECT_EQ(beat("{" + good + R"(,"agent_version":"9"})"), 400);
    EXPECT_EQ(post("/v1/heartbeat/missing", "{" + good + "}").status, 404);
}

}  // namespace
}  // namespace ferrite::api
