#include "redfish/sensors.h"

#include <gtest/gtest.h>

namespace ferrite::redfish {
namespace {

TEST(RedfishSensors, AreGroupedByTypeAndNamedByTheirPlace) {
    JsonObject sensors;
    add_thermal(sensors, "1U", parse_json(R"({
        "Fans": [{"MemberId":"0","Name":"Fan 1","Reading":2100,"ReadingUnits":"RPM",
                  "Status":{"State":"Enabled","Health":"OK"}}, 7],
        "Temperatures": [{"MemberId":"0","Name":"Inlet","ReadingCelsius":21}]})"));
    add_power(sensors, "1U", parse_json(R"({
        "PowerSupplies": [{"Name":"PSU A","LastPowerOutputWatts":325},
                          {"MemberId":"b","Name":"PSU B"}]})"));
    add_drive(sensors, "RAID1", parse_json(R"({"Id":"D1","Name":"Disk 1","CapacityBytes":9})"));

    const auto& fan = sensors.at("Fan").at("0@1U").as_object();
    EXPECT_EQ(fan.at("reading"), Json(2100));
    EXPECT_EQ(fan.at("health"), Json("OK"));
    EXPECT_EQ(fan.at("state"), Json("Enabled"));
    EXPECT_EQ(sensors.at("Fan").as_object().size(), 1u);
    EXPECT_EQ(sensors.at("Temperature").at("0@1U").at("reading_celsius"), Json(21));
    EXPECT_TRUE(sensors.at("Temperature").at("0@1U").at("health").is_null());
    EXPECT_EQ(sensors.at("Power").at("0:PSU A@1U").at("last_power_output_watts"), Json(325));
    EXPECT_TRUE(sensors.at("Power").as_object().contains("b:PSU B@1U"));
    EXPECT_EQ(sensors.at("Drive").at("D1:Disk 1@RAID1").at("capacity_bytes"), Json(9));
}

TEST(RedfishSensors, WhatIsOfAnotherShapeIsLeftOut) {
    JsonObject sensors;
    for (auto text : {"null", "7", "{}", R"({"Fans":{},"Temperatures":"x","PowerSupplies":3})"}) {
        add_thermal(sensors, "c", parse_json(text));
        add_power(sensors, "c", parse_json(text));
    }
    add_drive(sensors, "s", Json());
    EXPECT_TRUE(sensors.empty());
}

}  // namespace
}  // namespace ferrite::redfish
