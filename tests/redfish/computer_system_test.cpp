#include "redfish/computer_system.h"

#include <gtest/gtest.h>

namespace ferrite::redfish {
namespace {

ComputerSystem system(std::string_view text) {
    return system_from_json("/redfish/v1/Systems/1", parse_json(text));
}

std::string changes(const ComputerSystem& now, const BootOverride& wanted) {
    return ferrite::to_text(Json(boot_changes(now, wanted)));
}

TEST(ComputerSystem, ReadsPowerStates) {
    EXPECT_EQ(system(R"({"PowerState":"On"})").powered_on, true);
    EXPECT_EQ(system(R"({"PowerState":"PoweringOn"})").powered_on, true);
    EXPECT_EQ(system(R"({"PowerState":"Off"})").powered_on, false);
    EXPECT_EQ(system(R"({"PowerState":"PoweringOff"})").powered_on, false);
    EXPECT_EQ(system(R"({"PowerState":"Paused"})").powered_on, std::nullopt);
    EXPECT_EQ(
        system(R"({"PowerState":7,"Boot":[],"Actions":{"#ComputerSystem.Reset":1}})").powered_on,
        std::nullopt);
}

TEST(ComputerSystem, TakesTheNextBestReset) {
    auto some = system(R"({"Actions":{"#ComputerSystem.Reset":{"target":"/r",)"
                       R"("ResetType@Redfish.AllowableValues":["ForceOn","ForceOff"]}}})");
    EXPECT_TRUE(offers(some, Reset::on));
    EXPECT_FALSE(offers(some, Reset::graceful_shutdown));
    EXPECT_TRUE(offers(system("{}"), Reset::graceful_shutdown)) << "nothing is said of it";
}

TEST(ComputerSystem, WritesOnlyWhatDiffers) {
    auto now = system(R"({"Manufacturer":"Contoso","Boot":{"BootSourceOverrideTarget":"Pxe",)"
                      R"("BootSourceOverrideEnabled":"Once","BootSourceOverrideMode":"UEFI"}})");
    EXPECT_EQ(changes(now, {.target = "Pxe", .enabled = "Once"}), "{}");
    EXPECT_EQ(changes(now, {.target = "Hdd", .enabled = "Once"}),
              R"({"Boot":{"BootSourceOverrideTarget":"Hdd"}})");
    EXPECT_EQ(changes(now, {.target = "Pxe", .enabled = "Continuous"}),
              R"({"Boot":{"BootSourceOverrideEnabled":"Continuous"}})");
    EXPECT_EQ(changes(now, {.target = "Pxe", .enabled = "Once", .http_uri = "http://a/"}),
              R"({"Boot":{"HttpBootUri":"http://a/"}})");
}

TEST(ComputerSystem, KnowsTheHabitsOfManufacturers) {
    auto now = system(R"({"Boot":{"BootSourceOverrideTarget":"Pxe",)"
                      R"("BootSourceOverrideEnabled":"Once","BootSourceOverrideMode":"UEFI"}})");
    now.manufacturer = "Supermicro";
    EXPECT_EQ(changes(now, {.target = "Hdd", .enabled = "Once"}),
              R"({"Boot":{"BootSourceOverrideTarget":"Hdd","BootSourceOverrideEnabled":"Once"}})");
    now.manufacturer = "AMI";
    EXPECT_EQ(changes(now, {.target = "Pxe", .enabled = "Continuous"}),
              R"({"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":)"
              R"("Continuous","BootSourceOverrideMode":"UEFI"}})");
}

}  // namespace
}  // namespace ferrite::redfish
