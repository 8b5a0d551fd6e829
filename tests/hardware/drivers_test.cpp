#include "hardware/drivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "hardware/absent.h"

namespace ferrite::hardware {
namespace {

using testing::ElementsAre;

Drivers::Implementations implementations() {
    Drivers::Implementations all;
    for (const auto& kind : model::interface_kinds())
        for (const char* name : {"fake", "noop", "redfish"})
            all[std::string(kind.name)][name] = std::make_unique<Noop>();
    return all;
}

Drivers::Options options() {
    Drivers::Options options;
    options.enabled_hardware_types = {"fake-hardware"};
    for (const auto& kind : model::interface_kinds())
        options.enabled_interfaces[std::string(kind.name)] = {"fake"};
    options.enabled_interfaces["bios"] = {"redfish", "fake"};
    options.enabled_interfaces["storage"] = {"noop", "fake"};
    return options;
}

class DriversTest : public testing::Test {
protected:
    Drivers drivers_{options(), implementations()};

    model::Node node() const {
        model::Node node;
        node.uuid = "11110001-0000-4000-8000-000000000001";
        node.driver = "fake-hardware";
        return node;
    }
};

TEST_F(DriversTest, FakeHardwareListsItsOwnInterfacesAndTakesAnyOther) {
    EXPECT_THAT(drivers_.choices("fake-hardware", "bios"), ElementsAre("fake"));
    EXPECT_THAT(drivers_.choices("fake-hardware", "storage"), ElementsAre("fake", "noop"));
    auto node = this->node();
    node.bios_interface = "redfish";
    drivers_.settle_interfaces(node);
    EXPECT_EQ(node.bios_interface, "redfish");
    EXPECT_EQ(node.storage_interface, "fake");
}

TEST_F(DriversTest, FakeHardwareMakesDoWithWhatIsEnabled) {
    EXPECT_EQ(drivers_.default_for("fake-hardware", "network"), "fake");
}

TEST_F(DriversTest, AnInterfaceThatIsNotEnabledIsRefused) {
    auto node = this->node();
    node.power_interface = "redfish";
    EXPECT_THROW(drivers_.settle_interfaces(node), InvalidValue);
}

TEST_F(DriversTest, AnInterfaceOfTheInstanceIsCheckedAndGoesFirst) {
    auto node = this->node();
    node.instance_info.set("bios_interface", Json("redfish"));
    drivers_.settle_interfaces(node);
    EXPECT_EQ(node.bios_interface, std::nullopt);
    auto of_instance = drivers_.interfaces_of(node).all.find("bios")->second;
    node.instance_info = {};
    EXPECT_NE(drivers_.interfaces_of(node).all.find("bios")->second, of_instance);
    node.bios_interface = "redfish";
    EXPECT_EQ(drivers_.interfaces_of(node).all.find("bios")->second, of_instance);

    node.instance_info.set("power_interface", Json("redfish"));
    EXPECT_THROW(drivers_.settle_interfaces(node), InvalidValue);
}

}  // namespace
}  // namespace ferrite::hardware
