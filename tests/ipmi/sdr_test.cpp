#include "ipmi/sdr.h"

#include <gtest/gtest.h>

#include "ipmi/sensor_bmc.h"
#include "ipmi/session.h"
#include "ipmi/udp_bmc.h"

namespace ferrite::ipmi {
namespace {

TEST(Sdr, AFullRecordIsReadWhole) {
    FullSensor record{.number = 0x30, .type = 0x04, .unit = 18, .m = 100, .name = "FAN 1"};
    auto sensor = parse_sensor_record(record.bytes());
    ASSERT_TRUE(sensor);
    EXPECT_EQ(sensor->number, 0x30);
    EXPECT_EQ(sensor->name, "FAN 1");
    EXPECT_EQ(sensor->owner, 0x20);
    EXPECT_TRUE(sensor->analog);
    EXPECT_TRUE(sensor->is_threshold());
    EXPECT_EQ(type_text(sensor->type), "Fan");
    EXPECT_EQ(unit_text(*sensor), "RPM");
    EXPECT_EQ(entity_text(sensor->entity), "System Board");
    EXPECT_EQ(value_of(*sensor, 42), 4200.0);
}

TEST(Sdr, ACompactRecordHasNoNumbers) {
    auto sensor = parse_sensor_record(compact_sensor(9, 0x64, 0x08, "PSU 1"));
    ASSERT_TRUE(sensor);
    EXPECT_EQ(sensor->name, "PSU 1");
    EXPECT_FALSE(sensor->is_threshold());
    EXPECT_FALSE(value_of(*sensor, 1));
}

struct Conversion {
    FullSensor record;
    std::uint8_t raw;
    std::optional<double> value;
};

TEST(Sdr, ReadingsBecomeNumbers) {
    const Conversion rows[] = {
        {{}, 200, 200.0},
        {{.unit_format = 0x80}, 0xFE, -2.0},  // two's complement
        {{.unit_format = 0x40}, 0xFE, -1.0},  // ones' complement
        {{.unit_format = 0xC0}, 5, std::nullopt},
        {{.m = -3}, 5, -15.0},
        {{.m = 511}, 1, 511.0},
        {{.m = -512}, 1, -512.0},
        {{.m = 2, .b = 5, .result_exponent = -1}, 10, 2.5},
        {{.m = 1, .b = -5, .b_exponent = 1}, 60, 10.0},
        {{.m = 1, .result_exponent = -8}, 0, 0.0},
        {{.linearization = 7, .m = 1}, 4, 0.25},
        {{.linearization = 7, .m = 1}, 0, std::nullopt},  // 1/0
        {{.linearization = 8, .m = 1}, 12, 144.0},
        {{.linearization = 10, .m = 1}, 81, 9.0},
        {{.linearization = 1, .m = 1}, 0, std::nullopt},  // ln 0
        {{.linearization = 0x70, .m = 1}, 4, std::nullopt},
        {{.event_type = 0x6F}, 4, std::nullopt},
    };
    for (const auto& row : rows) {
        auto sensor = parse_sensor_record(row.record.bytes());
        ASSERT_TRUE(sensor);
        auto value = value_of(*sensor, row.raw);
        ASSERT_EQ(value.has_value(), row.value.has_value()) << int{row.raw};
        if (value) EXPECT_DOUBLE_EQ(*value, *row.value);
    }
}

TEST(Sdr, NamesComeInFourCodes) {
    auto with_name = [](std::uint8_t code, ByteView bytes) {
        auto record = FullSensor{.name = ""}.bytes();
        record.back() = static_cast<std::uint8_t>(code << 6 | bytes.size());
        record.insert(record.end(), bytes.begin(), bytes.end());
        record[4] = static_cast<std::uint8_t>(43 + bytes.size());
        auto sensor = parse_sensor_record(record);
        return sensor ? sensor->name : "(none)";
    };
    EXPECT_EQ(with_name(3, Bytes{'T', 0xE9, ' '}), "T\xC3\xA9");
    EXPECT_EQ(with_name(1, Bytes{0x12, 0x3B}), "123-");
    EXPECT_EQ(with_name(2, Bytes{0x29, 0xDC, 0xA6}), "IPMI");
    EXPECT_EQ(with_name(3, Bytes{}), "");
}

TEST(Sdr, WhatIsShortOrOtherIsNoSensor) {
    auto whole = FullSensor{}.bytes();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_sensor_record(ByteView(whole).first(size))) << size;
    auto other = whole;
    other[3] = 0x11;  // a FRU's
    EXPECT_FALSE(parse_sensor_record(other));
    auto lying = whole;
    lying[4] = 10;
    EXPECT_FALSE(parse_sensor_record(lying));
    EXPECT_FALSE(parse_sensor_reading(Bytes{1}));
}

TEST(Sdr, AReadingMayBeUnavailableAndHasAStatus) {
    SensorRecord sensor{.event_type = 1};
    auto status = [&](Bytes data) {
        return std::string(status_text(sensor, *parse_sensor_reading(data)));
    };
    EXPECT_EQ(status({10, 0xC0, 0xC0}), "ok");
    EXPECT_EQ(status({10, 0x40}), "ok");
    EXPECT_EQ(status({10, 0xE0, 0xC0}), "ns");
    EXPECT_EQ(status({10, 0x00, 0xC0}), "ns");
    EXPECT_EQ(status({10, 0xC0, 0x08}), "nc");
    EXPECT_EQ(status({10, 0xC0, 0x18}), "cr");
    EXPECT_EQ(status({10, 0xC0, 0x38}), "nr");
}

struct SensorsTest : testing::Test {
    SensorsTest() {
        sensors.records = {FullSensor{.id = 5, .number = 1, .name = "CPU"}.bytes(),
                           FullSensor{.id = 7, .number = 2, .owner = 0x24}.bytes(),
                           compact_sensor(9, 3, 0x08, "PSU"),
                           FullSensor{.id = 11, .number = 4, .name = "Gone"}.bytes()};
        sensors.readings = {{1, {42, 0xC0, 0xC0}}, {3, {0, 0xC0, 0x01, 0x80}}};
        bmc.with([this](FakeBmc& b) {
            b.more = [this](const Request& request) { return sensors.handle(request); };
        });
    }
    static Task<> store(Task<std::vector<Sensor>> work, std::vector<Sensor>* result) {
        *result = co_await std::move(work);
    }
    std::vector<Sensor> read() {
        std::vector<Sensor> result;
        runtime.run(store(session.sensors(), &result));
        return result;
    }

    SensorBmc sensors;
    Runtime runtime{{.threads = 2, .name = "ipmi-test"}};
    UdpBmc bmc{runtime, bmc_options()};
    Transport transport{runtime};
    Session session{transport, bmc.client()};
};

TEST_F(SensorsTest, AreReadWithTheirRecords) {
    for (std::size_t longest : {std::size_t{0xFF}, std::size_t{7}}) {
        sensors.longest_part = longest;
        auto all = read();
        ASSERT_EQ(all.size(), 3u) << "one belongs to another controller";
        EXPECT_EQ(all[0].record.name, "CPU");
        EXPECT_EQ(value_of(all[0].record, all[0].reading.raw.value_or(0)), 42.0);
        EXPECT_EQ(all[1].record.name, "PSU");
        EXPECT_EQ(all[1].reading.states, 0x0001);
        EXPECT_EQ(all[2].record.name, "Gone");
        EXPECT_FALSE(all[2].reading.raw) << "refused";
        ++sensors.info[5];
    }
}

TEST_F(SensorsTest, RecordsAreReadAgainOnlyWhenTheyChanged) {
    read();
    EXPECT_EQ(sensors.records_read, 4);
    read();
    EXPECT_EQ(sensors.records_read, 4);
    ++sensors.info[5];
    read();
    EXPECT_EQ(sensors.records_read, 8);
}

TEST_F(SensorsTest, ALostReservationIsMadeAgain) {
    sensors.lose_reservations = 3;
    EXPECT_EQ(read().size(), 3u);
}

TEST_F(SensorsTest, ARepositoryWithoutEndEnds) {
    // Its last record says that the first comes next.
    sensors.records.push_back(sensors.records.front());
    EXPECT_EQ(read().size(), 3u);
}

}  // namespace
}  // namespace ferrite::ipmi
