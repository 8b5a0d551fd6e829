#include <gmock/gmock.h>

#include "store/bios_settings.h"
#include "store/firmware_components.h"
#include "store/store_fixture.h"
#include "store/values.h"

// BIOS settings and firmware components of nodes.

namespace ferrite::store {
namespace {

using model::BiosSetting;
using model::FirmwareComponent;
using testing::ElementsAre;

class HardwareParts : public StoreTest {
protected:
    static BiosSetting setting(std::string name, std::string value) {
        BiosSetting row;
        row.name = std::move(name);
        row.value = std::move(value);
        return row;
    }
    void put(std::vector<BiosSetting> settings) {
        write([&](Sql& db) { bios_settings::put(db, node_.uuid, settings); });
    }
    std::vector<BiosSetting> settings() {
        return read([&](Sql& db) { return bios_settings::of_node(db, node_.uuid); });
    }
    std::vector<std::string> names_and_values() {
        std::vector<std::string> list;
        for (const auto& row : settings()) list.push_back(row.name + "=" + row.value.value_or(""));
        return list;
    }

    void flash(std::vector<std::pair<std::string, std::string>> versions) {
        std::vector<FirmwareComponent> parts;
        for (auto& [component, version] : versions) {
            FirmwareComponent part;
            part.component = component;
            part.current_version = version;
            parts.push_back(part);
        }
        write([&](Sql& db) { firmware_components::put(db, node_.uuid, parts); });
    }
    std::vector<std::string> versions() {
        std::vector<std::string> list;
        for (const auto& row :
             read([&](Sql& db) { return firmware_components::of_node(db, node_.uuid); }))
            list.push_back(row.component + " " + row.initial_version + " " +
                           row.current_version.value_or("-") + " " +
                           row.last_version_flashed.value_or("-"));
        return list;
    }

    model::Node node_ = add_node("n");
};

TEST_F(HardwareParts, EveryFieldOfASettingComesBack) {
    BiosSetting row = setting("Virtualization", "on");
    row.attribute_type = "Enumeration";
    row.allowable_values = model::JsonText(std::string(R"(["on","off"])"));
    row.lower_bound = -1;
    row.upper_bound = 1'000'000'000'000;
    row.min_length = 1;
    row.max_length = 255;
    row.read_only = false;
    row.reset_required = true;
    row.unique_value = false;
    put({row});
    ASSERT_EQ(settings().size(), 1u);
    auto found = settings()[0];
    EXPECT_TRUE(found.created_at);
    EXPECT_FALSE(found.updated_at);
    row.id = found.id;
    row.node_uuid = node_.uuid;
    row.created_at = found.created_at;
    for (const auto& field : model::bios_setting_fields())
        EXPECT_EQ(stored_value(field, row), stored_value(field, found)) << field.name;
}

TEST_F(HardwareParts, SettingsAreReplacedAsAWhole) {
    put({setting("b", "1"), setting("a", "1"), setting("c", "1")});
    EXPECT_THAT(names_and_values(), ElementsAre("a=1", "b=1", "c=1"));
    auto before = settings();
    put({setting("c", "1"), setting("b", "2"), setting("d", "1")});
    EXPECT_THAT(names_and_values(), ElementsAre("b=2", "c=1", "d=1"));
    auto after = settings();
    EXPECT_EQ(after[0].id, before[1].id);
    EXPECT_TRUE(after[0].updated_at) << "its value changed";
    EXPECT_FALSE(after[1].updated_at) << "nothing changed";
    put({});
    EXPECT_TRUE(settings().empty());
}

TEST_F(HardwareParts, ASettingIsFoundByItsNameWithinItsNode) {
    put({setting("a", "1")});
    auto find = [&](const std::string& node, const char* name) {
        return read([&](Sql& db) { return bios_settings::find(db, node, name); });
    };
    ASSERT_TRUE(find(node_.uuid, "a"));
    EXPECT_EQ(find(node_.uuid, "a")->value, "1");
    EXPECT_FALSE(find(node_.uuid, "A"));
    EXPECT_FALSE(find(add_node("other").uuid, "a"));
}

TEST_F(HardwareParts, FirmwareRemembersWhatItWasAndWhatWasFlashed) {
    flash({{"bios", "1.0"}, {"bmc", "7"}});
    EXPECT_THAT(versions(), ElementsAre("bios 1.0 1.0 -", "bmc 7 7 -"));
    flash({{"bios", "1.1"}, {"bmc", "7"}, {"nic:1", "a"}});
    EXPECT_THAT(versions(), ElementsAre("bios 1.0 1.1 1.1", "bmc 7 7 -", "nic:1 a a -"));
    flash({{"bios", "1.1"}});
    EXPECT_THAT(versions(), ElementsAre("bios 1.0 1.1 1.1"));
}

TEST_F(HardwareParts, GoWithTheirNode) {
    put({setting("a", "1")});
    flash({{"bios", "1.0"}});
    write([&](Sql& db) { nodes::remove(db, node_); });
    EXPECT_EQ(count("bios_settings"), 0);
    EXPECT_EQ(count("firmware_components"), 0);
}

}  // namespace
}  // namespace ferrite::store
