#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "store/bios_settings.h"
#include "store/firmware_components.h"
#include "store/inventories.h"

/// Boot mode, console, RAID, management, BIOS settings, firmware and inventory of a node.
namespace ferrite::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NodeHardwareTest : public ApiTest {
protected:
    void SetUp() override { uuid_ = new_node(R"("name":"n")"); }

    std::string path(std::string below) { return "/v1/nodes/n/" + below; }
    /// What the conductor was asked since the last call.
    std::vector<std::string> asked() { return std::exchange(conductor_.asked, {}); }
    static std::vector<std::string> keys(const Json& object) {
        std::vector<std::string> names;
        if (object.is_object())
            for (const auto& entry : object.as_object()) names.emplace_back(entry.key());
        std::ranges::sort(names);
        return names;
    }
    void store_settings() {
        model::BiosSetting on;
        on.name = "Virtualization";
        on.value = "on";
        on.attribute_type = "Enumeration";
        on.allowable_values = model::JsonText(std::string(R"(["on","off"])"));
        on.upper_bound = 7;
        model::BiosSetting odd;
        odd.name = "Boot \"order\"";
        store_.write_now([&](store::Sql& db) { store::bios_settings::put(db, uuid_, {on, odd}); });
    }
    void store_firmware() {
        model::FirmwareComponent bmc;
        bmc.component = "bmc";
        bmc.current_version = "1.2";
        bmc.vendor = "Acme";
        store_.write_now(
            [&](store::Sql& db) { store::firmware_components::put(db, uuid_, {bmc}); });
    }

    std::string uuid_;
};

struct Put {
    const char* below;
    const char* version;
    const char* body;
    int status;
};

TEST_F(NodeHardwareTest, PutsAnswerAsTheReferenceSays) {
    const Put rows[] = {
        {"states/boot_mode", "1.115", R"({"target":"uefi"})", 202},
        {"states/boot_mode", "1.76", R"({"target":"bios"})", 202},
        {"states/boot_mode", "1.75", R"({"target":"uefi"})", 404},
        {"states/boot_mode", "1.115", R"({"target":"nope"})", 400},
        {"states/boot_mode", "1.115", R"({"target":true})", 400},
        {"states/boot_mode", "1.115", R"({"target":null})", 400},
        {"states/boot_mode", "1.115", R"({"target":"uefi","x":1})", 400},
        {"states/boot_mode", "1.115", "{}", 400},
        {"states/boot_mode?target=uefi", "1.115", "", 202},
        {"states/secure_boot", "1.115", R"({"target":true})", 202},
        {"states/secure_boot", "1.115", R"({"target":"no"})", 202},
        {"states/secure_boot", "1.75", R"({"target":true})", 404},
        {"states/secure_boot", "1.115", R"({"target":"x"})", 400},
        {"states/secure_boot", "1.115", R"({"target":null})", 400},
        {"states/secure_boot", "1.115", R"({"target":[]})", 400},
        {"states/secure_boot", "1.115", "", 400},
        {"states/console", "1.1", R"({"enabled":true})", 202},
        {"states/console", "1.115", R"({"enabled":"off"})", 202},
        {"states/console", "1.115", R"({"enabled":null})", 202},
        {"states/console", "1.115", R"({"enabled":"x"})", 400},
        {"states/console", "1.115", R"({"enabled":true,"x":1})", 400},
        {"states/console", "1.115", "{}", 400},
        {"states/raid", "1.115", R"({"logical_disks":[]})", 204},
        {"states/raid", "1.115", "", 204},
        {"states/raid", "1.12", "{}", 204},
        {"states/raid", "1.11", "{}", 406},
        {"states/raid", "1.115", "[1]", 400},
        {"states/raid", "1.115", "null", 400},
        {"states/raid", "1.115", "{", 400},
        {"states/raid?x=1", "1.115", "{}", 400},
        {"management/inject_nmi", "1.29", "{}", 204},
        {"management/inject_nmi", "1.115", "", 204},
        {"management/inject_nmi", "1.28", "{}", 404},
        {"management/inject_nmi", "1.115", R"({"x":1})", 400},
        {"management/indicators/led@system", "1.1", R"({"state":"on"})", 204},
        {"management/indicators/led@system", "1.115", "{}", 400},
        {"management/indicators/led@system", "1.115", R"({"state":null})", 400},
        {"management/indicators/led@system", "1.115", R"({"state":5})", 400},
        {"management/indicators/led", "1.115", R"({"state":"on"})", 400},
        {"management/indicators/@system", "1.115", R"({"state":"on"})", 400},
        {"management/indicators/led@", "1.115", R"({"state":"on"})", 400},
        {"bios", "1.115", "{}", 405},
        {"firmware", "1.115", "{}", 405},
        {"inventory", "1.115", "{}", 405},
    };
    for (const auto& row : rows) {
        // By UUID: names came with 1.5.
        auto reply = put("/v1/nodes/" + uuid_ + "/" + row.below, row.body, row.version);
        EXPECT_EQ(reply.status, row.status)
            << row.below << " " << row.version << " " << row.body << " " << reply.text;
        EXPECT_EQ(asked().size(), row.status < 300 ? 1u : 0u) << row.below << " " << row.body;
    }
}

TEST_F(NodeHardwareTest, AcceptedChangesSayWhereToLook) {
    auto location = [&](std::string below, std::string body) {
        auto reply = put("/v1/nodes/n/states/" + below, body);
        return std::string(reply.headers.get("Location"));
    };
    std::string base = "http://api.example:6385/v1/nodes/n/states";
    EXPECT_EQ(location("boot_mode", R"({"target":"uefi"})"), base);
    EXPECT_EQ(location("secure_boot", R"({"target":false})"), base);
    EXPECT_EQ(location("console", R"({"enabled":true})"), base + "/console");
    EXPECT_THAT(asked(),
                ElementsAre("boot mode " + uuid_ + " uefi", "secure boot " + uuid_ + " false",
                            "console " + uuid_ + " true"));
}

TEST_F(NodeHardwareTest, BootModeAndSecureBootWaitForAStateOfRest) {
    for (const auto& state : model::states::all()) {
        alter(uuid_, [&](model::Node& node) { node.provision_state = std::string(state.name); });
        int expected = state.unstable ? 409 : 202;
        auto mode = put(path("states/boot_mode"), R"({"target":"uefi"})");
        EXPECT_EQ(mode.status, expected) << state.name;
        if (state.unstable) EXPECT_NE(mode.fault().find(state.name), std::string::npos);
        EXPECT_EQ(put(path("states/secure_boot"), R"({"target":true})").status, expected)
            << state.name;
        EXPECT_EQ(put(path("states/boot_mode"), R"({"target":"x"})").status, 400) << state.name;
    }
}

TEST_F(NodeHardwareTest, NothingIsAskedForANodeThatIsNotThere) {
    const Put rows[] = {
        {"states/boot_mode", "1.115", R"({"target":"uefi"})", 404},
        {"states/secure_boot", "1.115", R"({"target":true})", 404},
        {"states/console", "1.115", R"({"enabled":true})", 404},
        {"states/raid", "1.115", "{}", 404},
        {"management/inject_nmi", "1.115", "{}", 404},
        {"management/indicators/led@system", "1.115", R"({"state":"on"})", 404},
    };
    for (const auto& row : rows)
        EXPECT_EQ(put(std::string("/v1/nodes/missing/") + row.below, row.body).status, row.status)
            << row.below;
    for (auto below :
         {"states/console", "management/indicators", "management/indicators/led@system", "bios",
          "bios/x", "firmware", "inventory"})
        EXPECT_EQ(get(std::string("/v1/nodes/missing/") + below).status, 404) << below;
    alter(uuid_, [](model::Node& node) { node.conductor_group = "elsewhere"; });
    for (const auto& row : rows) EXPECT_EQ(put(path(row.below), row.body).status, 404) << row.below;
    EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(NodeHardwareTest, PathsBelowThePartsAreNoFields) {
    for (auto below :
         {"states/x", "states/raid", "states/boot_mode", "states/secure_boot",
          "management/boot_device/x", "management/inject_nmi", "management/indicators/system/led",
          "bios/a/b", "firmware/bios", "inventory/x"})
        EXPECT_EQ(get(path(below)).status, 405) << below;
}

TEST_F(NodeHardwareTest, TheConsoleTellsHowToReachItOnceItIsEnabled) {
    EXPECT_EQ(get(path("states/console"), "1.5").text,
              R"({"console_enabled":false,"console_info":null})");
    put(path("states/console"), R"({"enabled":true})");
    EXPECT_EQ(get(path("states/console")).text,
              R"({"console_enabled":true,"console_info":{"url":"tcp://192.0.2.1:7000"}})");
    EXPECT_EQ(get(path("states/console?x=1")).status, 400);
}

TEST_F(NodeHardwareTest, StatesShowWhatTheVersionHas) {
    auto count = [&](std::string version) {
        return keys(get(path("states"), version).json).size();
    };
    EXPECT_EQ(count("1.11"), 7u);
    EXPECT_EQ(count("1.12"), 9u);
    EXPECT_EQ(count("1.74"), 9u);
    EXPECT_EQ(count("1.75"), 11u);
}

TEST_F(NodeHardwareTest, IndicatorsAreListedAndShown) {
    auto list = get(path("management/indicators?component=disk"), "1.10");
    EXPECT_EQ(list.text,
              R"({"indicators":[{"name":"led@system","component":"system","readonly":false,)"
              R"("states":["on","off"],"links":[{"href":"http://api.example:6385/v1/nodes/n/)"
              R"(management/indicators/led@system","rel":"self"},{"href":)"
              R"("http://api.example:6385/nodes/n/management/indicators/led@system",)"
              R"("rel":"bookmark"}]}]})");
    EXPECT_EQ(get(path("management/indicators/led@system")).text, R"({"state":"blinking"})");
    EXPECT_THAT(asked(), ElementsAre("indicator " + uuid_ + " system led"));
    EXPECT_EQ(get(path("management/indicators/led")).status, 400);
    EXPECT_EQ(get(path("management/indicators/led@system?x=1")).status, 400);
}

TEST_F(NodeHardwareTest, BiosSettingsAreListedByName) {
    EXPECT_EQ(get(path("bios")).text, R"({"bios":[]})");
    store_settings();
    auto list = get(path("bios"), "1.40").at("bios").as_array();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(string_member(list[0], "name"), "Boot \"order\"");
    EXPECT_THAT(keys(list[1]), ElementsAre("created_at", "links", "name", "updated_at", "value"));
    EXPECT_EQ(
        to_text(member(list[1], "links")),
        R"([{"href":"http://api.example:6385/v1/nodes/n/bios/Virtualization","rel":"self"},)"
        R"({"href":"http://api.example:6385/nodes/n/bios/Virtualization","rel":"bookmark"}])");
    EXPECT_NE(to_text(member(list[0], "links")).find("bios/Boot%20%22order%22"), std::string::npos);
    auto detailed = get(path("bios?detail=true")).at("bios").as_array();
    EXPECT_EQ(keys(detailed[0]).size(), 14u);
    EXPECT_EQ(to_text(member(detailed[0], "allowable_values")), "[]");
}

TEST_F(NodeHardwareTest, BiosListsTakeFieldsAndDetailSince174) {
    store_settings();
    struct Row {
        const char* query;
        const char* version;
        int status;
    };
    const Row rows[] = {
        {"", "1.40", 200},
        {"", "1.39", 404},
        {"?detail=true", "1.73", 400},
        {"?fields=name", "1.73", 400},
        {"?detail=false", "1.74", 200},
        {"?fields=upper_bound", "1.74", 200},
        {"?fields=node_uuid", "1.115", 400},
        {"?fields=links", "1.115", 400},
        {"?fields=bogus", "1.115", 400},
        {"?detail=true&fields=name", "1.115", 400},
        {"?detail=x", "1.115", 400},
        {"?limit=1", "1.115", 400},
    };
    for (const auto& row : rows)
        EXPECT_EQ(get(path(std::string("bios") + row.query), row.version).status, row.status)
            << row.query << " " << row.version;
    auto part = get(path("bios?fields=value,upper_bound")).at("bios").as_array();
    EXPECT_THAT(keys(part[1]),
                ElementsAre("created_at", "links", "updated_at", "upper_bound", "value"));
    EXPECT_EQ(to_text(member(part[1], "upper_bound")), "7");
}

TEST_F(NodeHardwareTest, ABiosSettingIsShownUnderItsName) {
    store_settings();
    auto shown = get(path("bios/Virtualization"));
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(keys(shown.at("Virtualization")).size(), 14u);
    EXPECT_EQ(keys(get(path("bios/Virtualization"), "1.73").at("Virtualization")).size(), 5u);
    EXPECT_TRUE(get(path("bios/nope")).is_fault());
    EXPECT_EQ(get(path("bios/nope")).status, 404);
    EXPECT_EQ(get(path("bios/bad%20name")).status, 400);
    EXPECT_EQ(get(path("bios/Virtualization?fields=name")).status, 400);
    EXPECT_TRUE(get(path("bios"), "1.39").is_router_refusal());
}

TEST_F(NodeHardwareTest, FirmwareShowsWhatTheVersionHas) {
    EXPECT_EQ(get(path("firmware")).text, R"({"firmware":[]})");
    store_firmware();
    auto part = get(path("firmware")).at("firmware").as_array().at(0);
    EXPECT_THAT(keys(part), ElementsAre("component", "created_at", "current_version",
                                        "initial_version", "last_version_flashed", "model",
                                        "serial_number", "updated_at", "vendor"));
    EXPECT_EQ(string_member(part, "initial_version"), "1.2");
    EXPECT_EQ(keys(get(path("firmware"), "1.113").at("firmware").as_array().at(0)).size(), 6u);
    EXPECT_THAT(keys(get(path("firmware?fields=component")).at("firmware").as_array().at(0)),
                ElementsAre("component", "created_at", "updated_at"));
    EXPECT_EQ(get(path("firmware?detail=true")).status, 200);
    EXPECT_EQ(get(path("firmware?detail=false&fields=vendor")).status, 200);
    EXPECT_EQ(get(path("firmware?detail=true&fields=vendor")).status, 400);
    EXPECT_EQ(get(path("firmware?fields=vendor"), "1.113").status, 400);
    EXPECT_EQ(get(path("firmware?fields=bogus")).status, 400);
    EXPECT_TRUE(get(path("firmware"), "1.85").is_router_refusal());
}

TEST_F(NodeHardwareTest, TheInventoryIsShownAsItWasFound) {
    EXPECT_EQ(get(path("inventory")).status, 404);
    EXPECT_TRUE(get(path("inventory")).is_fault());
    model::NodeInventory row;
    row.node_uuid = uuid_;
    row.inventory_data = model::JsonText(std::string(R"({"memory":{"physical_mb":64}})"));
    store_.write_now([&](store::Sql& db) { store::inventories::put(db, row); });
    EXPECT_EQ(get(path("inventory")).text,
              R"({"inventory":{"memory":{"physical_mb":64}},"plugin_data":{}})");
    EXPECT_EQ(get(path("inventory/")).status, 200);
    EXPECT_EQ(get(path("inventory?x=1")).status, 400);
    EXPECT_EQ(get(path("inventory"), "1.80").status, 404);
    EXPECT_TRUE(get(path("inventory"), "1.80").is_router_refusal());
}

TEST_F(NodeHardwareTest, DriversExplainLogicalDisks) {
    std::string below = "/raid/logical_disk_properties";
    EXPECT_EQ(get("/v1/drivers/fake-hardware" + below, "1.12").text,
              R"({"size_gb":"What size_gb means."})");
    EXPECT_EQ(get("/v1/drivers/fake-hardware" + below, "1.11").status, 406);
    EXPECT_EQ(get("/v1/drivers/nope" + below).status, 404);
    EXPECT_EQ(get("/v1/drivers/fake-hardware" + below + "?x=1").status, 400);
    EXPECT_EQ(get("/v1/drivers/fake-hardware/raid").status, 405);
}

}  // namespace
}  // namespace ferrite::api
