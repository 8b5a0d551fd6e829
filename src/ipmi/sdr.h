#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "ipmi/message.h"

/// Sensor data records (IPMI 2.0 sections 33, 35 and 43) as requests and answers, without a
/// session. A record says what a sensor is and how its raw reading becomes a number.
namespace ferrite::ipmi {

/// A sensor as a full or a compact record describes it.
struct SensorRecord {
    std::uint8_t owner = 0;  ///< Slave address of the controller that has it; the BMC is 0x20.
    std::uint8_t lun = 0;
    std::uint8_t number = 0;
    std::uint8_t entity = 0;           ///< What it is part of (table 43-13).
    std::uint8_t entity_instance = 0;  ///< Which of these.
    std::uint8_t type = 0;             ///< What it measures (table 42-3).
    std::uint8_t event_type = 0;       ///< 1: a threshold sensor (table 42-1).
    std::uint8_t unit_format = 0;      ///< Percentage, rate, and how the raw reading is signed.
    std::uint8_t unit = 0;             ///< Table 43-15.
    std::uint8_t linearization = 0;
    bool analog = false;  ///< Only full records say how to compute a number.
    std::int16_t m = 0, b = 0;
    std::int8_t result_exponent = 0, b_exponent = 0;
    std::string name;

    bool is_threshold() const { return event_type == 0x01; }
};

/// What a sensor shows now.
struct SensorReading {
    std::optional<std::uint8_t> raw;  ///< Nothing: it gives none at present.
    std::uint16_t states = 0;  ///< Comparison with thresholds, or the states that are asserted.
};

/// Where in the repository a record is, and what comes behind it.
struct SdrPart {
    std::uint16_t next_record = 0xFFFF;  ///< kLastRecord: this was the last.
    ByteView data;
};
inline constexpr std::uint16_t kFirstRecord = 0x0000;
inline constexpr std::uint16_t kLastRecord = 0xFFFF;
/// The header of a record; its last byte is the length of the rest.
inline constexpr std::uint8_t kSdrHeaderSize = 5;

/// Answered with when the repository changed last, among other things.
Request get_sdr_repository_info();
Request reserve_sdr_repository();
std::optional<std::uint16_t> parse_reservation(ByteView data);
Request get_sdr(std::uint16_t reservation, std::uint16_t record, std::uint8_t offset,
                std::uint8_t count);
std::optional<SdrPart> parse_sdr_part(ByteView data);

/// A whole record with its header. Nothing for a record that is no sensor's, or is damaged.
std::optional<SensorRecord> parse_sensor_record(ByteView record);

Request get_sensor_reading(const SensorRecord& sensor);
std::optional<SensorReading> parse_sensor_reading(ByteView data);

/// The reading as a number in the sensor's unit; nothing when it has none.
std::optional<double> value_of(const SensorRecord& sensor, std::uint8_t raw);

/// e.g. "degrees C", "% ", "RPM"; "unspecified" when it says none.
std::string unit_text(const SensorRecord& sensor);
/// What it measures, e.g. "Temperature".
std::string_view type_text(std::uint8_t type);
/// What it is part of, e.g. "System Board".
std::string_view entity_text(std::uint8_t entity);
/// "ok", "nc", "cr", "nr" of a threshold sensor; "ns" for one without a reading.
std::string_view status_text(const SensorRecord& sensor, const SensorReading& reading);

}  // namespace ferrite::ipmi
