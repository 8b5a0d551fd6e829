#include "ipmi/sdr.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kNetFnSensor = 0x04;
constexpr std::uint8_t kNetFnStorage = 0x0A;
constexpr std::uint8_t kGetSensorReading = 0x2D;
constexpr std::uint8_t kGetSdrRepositoryInfo = 0x20;
constexpr std::uint8_t kReserveSdrRepository = 0x22;
constexpr std::uint8_t kGetSdr = 0x23;

constexpr std::uint8_t kFullSensor = 0x01;
constexpr std::uint8_t kCompactSensor = 0x02;

constexpr std::uint8_t kScanningOn = 0x40;
constexpr std::uint8_t kUnavailable = 0x20;
constexpr std::uint8_t kPercentage = 0x01;

enum class Signed : std::uint8_t { no, ones_complement, twos_complement, not_a_number };

constexpr std::array<std::string_view, 0x2D> kTypes = {"Reserved",
                                                       "Temperature",
                                                       "Voltage",
                                                       "Current",
                                                       "Fan",
                                                       "Physical Security",
                                                       "Platform Security",
                                                       "Processor",
                                                       "Power Supply",
                                                       "Power Unit",
                                                       "Cooling Device",
                                                       "Other",
                                                       "Memory",
                                                       "Drive Slot / Bay",
                                                       "POST Memory Resize",
                                                       "System Firmware",
                                                       "Event Logging Disabled",
                                                       "Watchdog 1",
                                                       "System Event",
                                                       "Critical Interrupt",
                                                       "Button",
                                                       "Module / Board",
                                                       "Microcontroller",
                                                       "Add-in Card",
                                                       "Chassis",
                                                       "Chip Set",
                                                       "Other FRU",
                                                       "Cable / Interconnect",
                                                       "Terminator",
                                                       "System Boot Initiated",
                                                       "Boot Error",
                                                       "OS Boot",
                                                       "OS Critical Stop",
                                                       "Slot / Connector",
                                                       "System ACPI Power State",
                                                       "Watchdog 2",
                                                       "Platform Alert",
                                                       "Entity Presence",
                                                       "Monitor ASIC",
                                                       "LAN",
                                                       "Management Subsystem Health",
                                                       "Battery",
                                                       "Session Audit",
                                                       "Version Change",
                                                       "FRU State"};

constexpr std::array<std::string_view, 0x20> kUnits = {
    "unspecified", "degrees C", "degrees F", "degrees K", "Volts", "Amps", "Watts",
    "Joules",      "Coulombs",  "VA",        "Nits",      "lumen", "lux",  "Candela",
    "kPa",         "PSI",       "Newton",    "CFM",       "RPM",   "Hz",   "microsecond",
    "millisecond", "second",    "minute",    "hour",      "day",   "week", "mil",
    "inches",      "feet",      "cu in",     "cu feet"};

struct EntityName {
    std::uint8_t id;
    std::string_view name;
};
constexpr EntityName kEntities[] = {
    {0x03, "Processor"},
    {0x04, "Disk or Disk Bay"},
    {0x06, "System Management Module"},
    {0x07, "System Board"},
    {0x08, "Memory Module"},
    {0x09, "Processor Module"},
    {0x0A, "Power Supply"},
    {0x0B, "Add-in Card"},
    {0x0C, "Front Panel Board"},
    {0x0D, "Back Panel Board"},
    {0x0F, "Drive Backplane"},
    {0x13, "Power Unit"},
    {0x14, "Power Module"},
    {0x15, "Power Management"},
    {0x17, "System Chassis"},
    {0x1A, "Disk Drive Bay"},
    {0x1D, "Fan Device"},
    {0x1E, "Cooling Unit"},
    {0x20, "Memory Device"},
    {0x22, "BIOS"},
    {0x28, "Battery"},
    {0x37, "Air Inlet"},
    {0x40, "Air Inlet"},
    {0x41, "Processor"},
    {0x42, "Baseboard"},
};

/// `bits` bits, two's complement.
int sign_extended(unsigned value, unsigned bits) {
    auto sign = 1U << (bits - 1);
    return static_cast<int>(value ^ sign) - static_cast<int>(sign);
}

std::string latin1_to_utf8(ByteView bytes) {
    std::string text;
    for (auto byte : bytes) {
        if (byte < 0x20) continue;
        if (byte < 0x80) {
            text += static_cast<char>(byte);
        } else {
            text += static_cast<char>(0xC0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return text;
}

std::string bcd_plus(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789 -.???";
    std::string text;
    for (auto byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0x0F];
    }
    return text;
}

/// Six bits a character, from space on, least significant bits first.
std::string packed_ascii(ByteView bytes) {
    std::string text;
    unsigned buffer = 0, bits = 0;
    for (auto byte : bytes) {
        buffer |= static_cast<unsigned>(byte) << bits;
        for (bits += 8; bits >= 6; bits -= 6, buffer >>= 6)
            text += static_cast<char>(0x20 + (buffer & 0x3F));
    }
    return text;
}

/// A type/length byte and the text behind it (section 43.15).
std::string read_name(ByteReader& in) {
    auto code = in.u8();
    auto bytes = in.take(std::min<std::size_t>(code & 0x1F, in.left()));
    std::string text = code >> 6 == 1   ? bcd_plus(bytes)
                       : code >> 6 == 2 ? packed_ascii(bytes)
                                        : latin1_to_utf8(bytes);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

/// How the raw reading becomes a number (section 36.3).
void read_factors(ByteReader& in, SensorRecord& sensor) {
    sensor.linearization = in.u8() & 0x7F;
    unsigned m = in.u8();
    m |= static_cast<unsigned>(in.u8() >> 6) << 8;
    unsigned b = in.u8();
    b |= static_cast<unsigned>(in.u8() >> 6) << 8;
    in.skip(1);  // accuracy
    auto exponents = in.u8();
    sensor.m = static_cast<std::int16_t>(sign_extended(m, 10));
    sensor.b = static_cast<std::int16_t>(sign_extended(b, 10));
    sensor.result_exponent = static_cast<std::int8_t>(sign_extended(exponents >> 4, 4));
    sensor.b_exponent = static_cast<std::int8_t>(sign_extended(exponents & 0x0FU, 4));
    bool is_number = static_cast<Signed>(sensor.unit_format >> 6) != Signed::not_a_number;
    sensor.analog = is_number && sensor.is_threshold();
}

double signed_raw(const SensorRecord& sensor, std::uint8_t raw) {
    switch (static_cast<Signed>(sensor.unit_format >> 6)) {
        case Signed::ones_complement:
            return raw & 0x80 ? -static_cast<double>(static_cast<std::uint8_t>(~raw)) : raw;
        case Signed::twos_complement:
            return sign_extended(raw, 8);
        default:
            return raw;
    }
}

std::optional<double> linearized(std::uint8_t how, double x) {
    switch (how) {
        case 0:
            return x;
        case 1:
            return std::log(x);
        case 2:
            return std::log10(x);
        case 3:
            return std::log2(x);
        case 4:
            return std::exp(x);
        case 5:
            return std::pow(10.0, x);
        case 6:
            return std::exp2(x);
        case 7:
            return 1.0 / x;
        case 8:
            return x * x;
        case 9:
            return x * x * x;
        case 10:
            return std::sqrt(x);
        case 11:
            return std::cbrt(x);
        default:
            return std::nullopt;  // different for each reading; the record does not say how
    }
}

}  // namespace

Request get_sdr_repository_info() {
    return {kNetFnStorage, kGetSdrRepositoryInfo, {}};
}

Request reserve_sdr_repository() {
    return {kNetFnStorage, kReserveSdrRepository, {}};
}

std::optional<std::uint16_t> parse_reservation(ByteView data) {
    ByteReader in(data);
    auto id = static_cast<std::uint16_t>(in.u16_le());
    if (in.failed()) return std::nullopt;
    return id;
}

Request get_sdr(std::uint16_t reservation, std::uint16_t record, std::uint8_t offset,
                std::uint8_t count) {
    ByteWriter data;
    data.u16_le(reservation).u16_le(record).u8(offset).u8(count);
    return {kNetFnStorage, kGetSdr, data.take()};
}

std::optional<SdrPart> parse_sdr_part(ByteView data) {
    ByteReader in(data);
    SdrPart part;
    part.next_record = static_cast<std::uint16_t>(in.u16_le());
    if (in.failed()) return std::nullopt;
    part.data = in.take(in.left());
    return part;
}

std::optional<SensorRecord> parse_sensor_record(ByteView record) {
    ByteReader in(record);
    in.skip(3);  // record id, version
    auto kind = in.u8();
    auto length = in.u8();
    if (in.failed() || (kind != kFullSensor && kind != kCompactSensor) || in.left() < length)
        return std::nullopt;
    in = ByteReader(in.take(length));

    SensorRecord sensor;
    sensor.owner = in.u8();
    sensor.lun = in.u8() & 0x03;
    sensor.number = in.u8();
    sensor.entity = in.u8();
    sensor.entity_instance = in.u8() & 0x7F;
    in.skip(2);  // initialization, capabilities
    sensor.type = in.u8();
    sensor.event_type = in.u8() & 0x7F;
    in.skip(6);  // masks of events and readings
    sensor.unit_format = in.u8();
    sensor.unit = in.u8();
    in.skip(1);  // modifier unit
    if (kind == kFullSensor) {
        read_factors(in, sensor);
        in.skip(17);  // nominal value, limits, thresholds, hysteresis, reserved, OEM
    } else {
        in.skip(8);  // sharing, hysteresis, reserved, OEM
    }
    if (in.failed()) return std::nullopt;
    sensor.name = read_name(in);
    if (in.failed()) return std::nullopt;
    return sensor;
}

Request get_sensor_reading(const SensorRecord& sensor) {
    return {kNetFnSensor, kGetSensorReading, {sensor.number}};
}

std::optional<SensorReading> parse_sensor_reading(ByteView data) {
    ByteReader in(data);
    auto raw = in.u8();
    auto flags = in.u8();
    if (in.failed()) return std::nullopt;
    SensorReading reading;
    // Some controllers leave the states out when there are none.
    if (in.left() > 0) reading.states = in.u8();
    if (in.left() > 0) reading.states |= static_cast<std::uint16_t>((in.u8() & 0x7FU) << 8);
    if ((flags & kScanningOn) != 0 && (flags & kUnavailable) == 0) reading.raw = raw;
    return reading;
}

std::optional<double> value_of(const SensorRecord& sensor, std::uint8_t raw) {
    if (!sensor.analog) return std::nullopt;
    auto x = signed_raw(sensor, raw);
    auto y = (sensor.m * x + sensor.b * std::pow(10.0, sensor.b_exponent)) *
             std::pow(10.0, sensor.result_exponent);
    auto value = linearized(sensor.linearization, y);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return value;
}

std::string unit_text(const SensorRecord& sensor) {
    if ((sensor.unit_format & kPercentage) != 0) return "percent";
    if (sensor.unit < kUnits.size()) return std::string(kUnits[sensor.unit]);
    return fmt::format("unit {}", sensor.unit);
}

std::string_view type_text(std::uint8_t type) {
    if (type < kTypes.size()) return kTypes[type];
    return type >= 0xC0 ? "OEM" : "Unknown";
}

std::string_view entity_text(std::uint8_t entity) {
    for (const auto& row : kEntities)
        if (row.id == entity) return row.name;
    return "Unknown";
}

std::string_view status_text(const SensorRecord& sensor, const SensorReading& reading) {
    constexpr std::uint16_t kNonRecoverable = 0x24, kCritical = 0x12, kNonCritical = 0x09;
    if (!reading.raw) return "ns";
    if (!sensor.is_threshold()) return "ok";
    if (reading.states & kNonRecoverable) return "nr";
    if (reading.states & kCritical) return "cr";
    if (reading.states & kNonCritical) return "nc";
    return "ok";
}

}  // namespace ferrite::ipmi
