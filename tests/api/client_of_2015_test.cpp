#include <set>
#include <vector>

#include <gmock/gmock.h>

#include "api/service_fixture.h"
#include "api/text.h"

/// Walks of the command-line client as it was in 2015: without a version, which means 1.1, and with
/// the versions 1.6 (Kilo) and 1.9 (Liberty). It read states out of bodies and knew no field of
/// later.
namespace ferrite::api {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;

class ClientOf2015Test : public ServiceTest {
protected:
    ClientOf2015Test() { serve(); }

    /// Which version the client names from now on; empty for no header.
    void speak(std::string version) { version_ = std::move(version); }

    Reply ask(std::string method, const std::string& path, std::string body = "") {
        auto reply = send(std::move(method), "/v1/" + path, version_, std::move(body));
        wait_for_rest();
        return reply;
    }
    Reply show(const std::string& path) { return ask("GET", path); }

    /// The status of an answer that must have no body.
    int accepted(std::string method, const std::string& path, std::string body = "") {
        auto reply = ask(std::move(method), path, std::move(body));
        EXPECT_TRUE(reply.text.empty() || reply.status >= 400) << path << ' ' << reply.text;
        return reply.status;
    }
    int provision(const std::string& node, std::string_view verb) {
        return accepted("PUT", "nodes/" + node + "/states/provision",
                        fmt::format(R"({{"target":"{}"}})", verb));
    }
    int power(const std::string& node, std::string_view target) {
        return accepted("PUT", "nodes/" + node + "/states/power",
                        fmt::format(R"({{"target":"{}"}})", target));
    }
    Reply change(const std::string& path, std::string_view op, std::string_view place,
                 std::string_view value = "null") {
        return ask("PATCH", path,
                   fmt::format(R"([{{"op":"{}","path":"{}","value":{}}}])", op, place, value));
    }

    /// What the client printed as provisioning state, once the service rested.
    Json state_of(const std::string& node) {
        auto states = show("nodes/" + node + "/states");
        EXPECT_EQ(states.at("target_provision_state"), Json()) << states.text;
        EXPECT_EQ(states.at("last_error"), Json()) << states.text;
        EXPECT_EQ(states.at("provision_state"), show("nodes/" + node).at("provision_state"));
        return states.at("provision_state");
    }
    Json power_of(const std::string& node) {
        return show("nodes/" + node + "/states").at("power_state");
    }

    static std::set<std::string> keys(const Json& object) {
        std::set<std::string> names;
        for (const auto& entry : object.as_object()) names.insert(entry.key());
        return names;
    }
    static std::vector<std::string> uuids(const Json& list) {
        std::vector<std::string> found;
        for (const auto& item : list.as_array()) found.push_back(string_member(item, "uuid"));
        return found;
    }

    /// What the first version shows of a node, and what came with those up to 1.6 and 1.9.
    static std::set<std::string> node_keys(std::initializer_list<std::string> newer) {
        std::set<std::string> names = {"chassis_uuid",
                                       "console_enabled",
                                       "created_at",
                                       "driver",
                                       "driver_info",
                                       "extra",
                                       "instance_info",
                                       "instance_uuid",
                                       "last_error",
                                       "links",
                                       "maintenance",
                                       "maintenance_reason",
                                       "ports",
                                       "power_state",
                                       "properties",
                                       "provision_state",
                                       "provision_updated_at",
                                       "reservation",
                                       "target_power_state",
                                       "target_provision_state",
                                       "updated_at",
                                       "uuid"};
        names.insert(newer);
        return names;
    }

    static constexpr std::string_view kInstance = "\"9d1bb2a5-3c5e-4a53-8d2f-8f6b3d9a4c10\"";

private:
    std::string version_;
};

TEST_F(ClientOf2015Test, WithoutAVersionDeploysANodeAndTakesItBack) {
    auto chassis = ask("POST", "chassis", R"({"description":"rack 1","extra":{}})");
    ASSERT_EQ(chassis.status, 201) << chassis.text;
    EXPECT_EQ(keys(chassis.json), (std::set<std::string>{"created_at", "description", "extra",
                                                         "links", "nodes", "updated_at", "uuid"}));
    auto in_chassis = "chassis/" + chassis.string("uuid");

    auto node = ask("POST", "nodes",
                    R"({"chassis_uuid":")" + chassis.string("uuid") +
                        R"(","driver":"fake-hardware","driver_info":{"ipmi_address":"192.0.2.7",)"
                        R"("ipmi_password":"s"},"properties":{"cpus":4,"memory_mb":4096,)"
                        R"("local_gb":100,"cpu_arch":"x86_64"},"extra":{}})");
    ASSERT_EQ(node.status, 201) << node.text;
    EXPECT_EQ(node.headers.get("X-OpenStack-Ironic-API-Version"), "1.1");
    EXPECT_EQ(keys(node.json), node_keys({}));
    EXPECT_EQ(member(node.at("driver_info"), "ipmi_password"), "******");
    EXPECT_EQ(member(node.at("properties"), "cpus"), 4);
    auto uuid = node.string("uuid"), path = "nodes/" + uuid;
    EXPECT_EQ(state_of(uuid), Json());  // Its word for a node that is free.
    EXPECT_EQ(uuids(show(in_chassis + "/nodes").at("nodes")), std::vector{uuid});

    auto port = ask("POST", "ports",
                    R"({"address":"52:54:00:CF:2D:31","node_uuid":")" + uuid + R"(","extra":{}})");
    ASSERT_EQ(port.status, 201) << port.text;
    EXPECT_EQ(keys(port.json), (std::set<std::string>{"address", "created_at", "extra", "links",
                                                      "node_uuid", "updated_at", "uuid"}));
    EXPECT_EQ(port.string("address"), "52:54:00:cf:2d:31");
    auto port_path = "ports/" + port.string("uuid");
    EXPECT_EQ(uuids(show(path + "/ports").at("ports")), std::vector{port.string("uuid")});
    EXPECT_EQ(uuids(show("ports/detail?address=52:54:00:cf:2d:31").at("ports")),
              std::vector{port.string("uuid")});

    EXPECT_EQ(power(uuid, "power on"), 202);
    EXPECT_EQ(power_of(uuid), "power on");
    EXPECT_EQ(power(uuid, "rebooting"), 202);
    EXPECT_EQ(power(uuid, "power off"), 202);
    EXPECT_EQ(power_of(uuid), "power off");

    EXPECT_EQ(change(path, "add", "/instance_uuid", kInstance).status, 200);
    auto described = change(path, "add", "/instance_info/image_source", R"("http://192.0.2.1/i")");
    EXPECT_EQ(member(described.at("instance_info"), "image_source"), "http://192.0.2.1/i");
    EXPECT_EQ(uuids(show("nodes/?associated=True").at("nodes")), std::vector{uuid});
    EXPECT_EQ(member(member(show("nodes/validate?node_uuid=" + uuid).json, "power"), "result"),
              true);

    EXPECT_EQ(accepted("PUT", path + "/states/provision",
                       R"({"target":"active",)"
                       R"("configdrive":"H4sIAAAAAAAA"})"),
              202);
    EXPECT_EQ(state_of(uuid), "active");
    EXPECT_EQ(provision(uuid, "active"), 400);
    EXPECT_EQ(accepted("DELETE", path), 409);
    EXPECT_EQ(provision(uuid, "rebuild"), 202);
    EXPECT_EQ(state_of(uuid), "active");

    EXPECT_EQ(provision(uuid, "deleted"), 202);
    EXPECT_EQ(state_of(uuid), Json());
    EXPECT_EQ(show(path).at("instance_uuid"), Json());
    EXPECT_EQ(show(path).at("instance_info"), Json(JsonObject()));
    EXPECT_EQ(uuids(show("nodes?associated=False").at("nodes")), std::vector{uuid});

    EXPECT_EQ(accepted("DELETE", port_path), 204);
    EXPECT_EQ(accepted("DELETE", in_chassis), 400);
    EXPECT_EQ(accepted("DELETE", path), 204);
    EXPECT_EQ(accepted("DELETE", in_chassis), 204);
    EXPECT_EQ(show(path).status, 404);
}

TEST_F(ClientOf2015Test, WithoutAVersionKnowsNoNamesAndNoLaterVerbs) {
    speak("1.5");
    auto uuid = ask("POST", "nodes", R"({"driver":"fake-hardware","name":"rack1"})").string("uuid");
    auto path = "nodes/" + uuid;
    for (std::string version : {"", "1.1", "1.4"}) {
        speak(version);
        EXPECT_EQ(show("nodes/rack1").status, 404) << version;
        EXPECT_EQ(provision("rack1", "active"), 404) << version;
        EXPECT_EQ(ask("POST", "nodes", R"({"driver":"fake-hardware","name":"n"})").status, 406);
        EXPECT_EQ(change(path, "replace", "/name", R"("n")").status, 406) << version;
        EXPECT_EQ(show("nodes?fields=uuid").status, 406) << version;
        EXPECT_FALSE(show(path).json.as_object().contains("name")) << version;
        for (const auto& item : show("nodes").at("nodes").as_array())
            EXPECT_THAT(keys(item), ElementsAre("instance_uuid", "links", "maintenance",
                                                "power_state", "provision_state", "uuid"));
    }
    speak("");
    for (auto verb : {"manage", "provide", "inspect", "abort", "adopt", "rescue"})
        EXPECT_GE(provision(uuid, verb), 400) << verb;
    EXPECT_EQ(provision(uuid, "manage"), 406);
    EXPECT_EQ(state_of(uuid), Json());

    EXPECT_EQ(accepted("PUT", path + "/maintenance", R"({"reason":"new disk"})"), 202);
    EXPECT_EQ(show(path).at("maintenance"), true);
    EXPECT_EQ(show(path).string("maintenance_reason"), "new disk");
    EXPECT_EQ(uuids(show("nodes?maintenance=True").at("nodes")), std::vector{uuid});
    EXPECT_EQ(accepted("DELETE", path + "/maintenance"), 202);
    EXPECT_EQ(show(path).at("maintenance_reason"), Json());
}

TEST_F(ClientOf2015Test, FreeNodesHaveTheirNameSinceItsVersion) {
    auto uuid = ask("POST", "nodes", R"({"driver":"fake-hardware"})").string("uuid");
    for (std::string version : {"", "1.1", "1.2", "1.6", "1.9"}) {
        speak(version);
        auto expected = version == "" || version == "1.1" ? Json() : Json("available");
        EXPECT_EQ(state_of(uuid), expected) << version;
        EXPECT_EQ(member(show("nodes").at("nodes").as_array().at(0), "provision_state"), expected);
    }
}

TEST_F(ClientOf2015Test, OfKiloInspectsANodeAndDeploysItByName) {
    speak("1.6");
    auto node = ask("POST", "nodes", R"({"driver":"fake-hardware","name":"web-1.example"})");
    ASSERT_EQ(node.status, 201) << node.text;
    EXPECT_EQ(keys(node.json), node_keys({"driver_internal_info", "inspection_finished_at",
                                          "inspection_started_at", "name"}));
    std::string name = "web-1.example", path = "nodes/" + name;
    EXPECT_EQ(state_of(name), "available");

    EXPECT_EQ(provision(name, "provide"), 400);
    EXPECT_EQ(provision(name, "manage"), 202);
    EXPECT_EQ(state_of(name), "manageable");
    EXPECT_EQ(provision(name, "inspect"), 202);
    EXPECT_EQ(state_of(name), "manageable");
    EXPECT_NE(show(path).at("inspection_finished_at"), Json());
    EXPECT_EQ(provision(name, "active"), 400);
    EXPECT_EQ(provision(name, "provide"), 202);
    EXPECT_EQ(state_of(name), "available");

    EXPECT_EQ(change(path, "add", "/instance_uuid", kInstance).status, 200);
    EXPECT_EQ(provision(name, "active"), 202);
    EXPECT_EQ(state_of(name), "active");
    EXPECT_EQ(
        uuids(show("nodes?instance_uuid=" + std::string(kInstance.substr(1, 36))).at("nodes")),
        std::vector{node.string("uuid")});
    EXPECT_EQ(provision(name, "deleted"), 202);
    EXPECT_EQ(state_of(name), "available");

    EXPECT_EQ(change(path, "replace", "/name", R"("Not a host name")").status, 400);
    EXPECT_EQ(change(path, "replace", "/name", R"("web-2")").string("name"), "web-2");
    EXPECT_EQ(show(path).status, 404);
    EXPECT_EQ(provision("web-2", "abort"), 406);
    EXPECT_EQ(accepted("DELETE", "nodes/web-2"), 204);
}

TEST_F(ClientOf2015Test, OfLibertySelectsFieldsAndFindsNodesByState) {
    speak("1.9");
    EXPECT_EQ(ask("POST", "nodes", R"({"driver":"fake-hardware","name":"not_a_host"})").status,
              400);
    auto node = ask("POST", "nodes", R"({"driver":"fake-hardware","name":"db-1"})");
    ASSERT_EQ(node.status, 201) << node.text;
    EXPECT_EQ(keys(node.json),
              node_keys({"clean_step", "driver_internal_info", "inspection_finished_at",
                         "inspection_started_at", "name"}));
    std::vector uuid{node.string("uuid")};
    EXPECT_EQ(uuids(show("nodes?provision_state=available").at("nodes")), uuid);

    EXPECT_EQ(change("nodes/db-1", "add", "/instance_uuid", kInstance).status, 200);
    EXPECT_EQ(provision("db-1", "active"), 202);
    auto list = show("nodes?fields=uuid,name,provision_state&provision_state=active");
    EXPECT_EQ(uuids(list.at("nodes")), uuid);
    const auto& item = list.at("nodes").as_array().at(0);
    EXPECT_THAT(keys(item), ElementsAre("links", "name", "provision_state", "uuid"));
    EXPECT_EQ(string_member(item, "provision_state"), "active");
    EXPECT_TRUE(show("nodes?provision_state=available").at("nodes").as_array().empty());
    EXPECT_THAT(keys(show("nodes/db-1?fields=power_state").json),
                ElementsAre("links", "power_state"));

    EXPECT_EQ(provision("db-1", "deleted"), 202);
    EXPECT_EQ(state_of("db-1"), "available");
    EXPECT_EQ(accepted("DELETE", "nodes/db-1"), 204);

    speak("1.8");
    EXPECT_EQ(show("nodes?provision_state=active").status, 406);
}

TEST_F(ClientOf2015Test, FindsThePartsOfTheServiceOfItsTime) {
    for (std::string version : {"", "1.6", "1.9"}) {
        speak(version);
        auto drivers = show("drivers").at("drivers").as_array();
        ASSERT_EQ(drivers.size(), 1U);
        EXPECT_THAT(keys(drivers[0]), ElementsAre("hosts", "links", "name"));
        EXPECT_THAT(keys(show("drivers/fake-hardware/properties").json),
                    IsSupersetOf({"B1", "B2"}));
        for (auto later : {"portgroups", "volume", "allocations", "conductors", "deploy_templates",
                           "runbooks", "inspection_rules", "shards"})
            EXPECT_EQ(show(later).status, 404) << later;
        EXPECT_EQ(keys(show("").json).contains("portgroups"), false);
    }
}

}  // namespace
}  // namespace ferrite::api
