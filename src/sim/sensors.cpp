#include "sim/sensors.h"

#include <algorithm>
#include <string_view>

namespace ferrite::sim {
namespace {

using ipmi::CommandReply;
using ipmi::PowerState;

constexpr std::uint8_t kNetFnSensor = 0x04;
constexpr std::uint8_t kGetReading = 0x2D;
constexpr std::uint8_t kNetFnStorage = 0x0A;
constexpr std::uint8_t kGetRepositoryInfo = 0x20;
constexpr std::uint8_t kReserveRepository = 0x22;
constexpr std::uint8_t kGetRecord = 0x23;

constexpr std::uint8_t kTooShort = 0xC7;
constexpr std::uint8_t kNotPresent = 0xCB;

constexpr std::uint8_t kVersion = 0x51;
constexpr std::uint16_t kReservation = 1;  // records never change
constexpr std::uint16_t kLastRecord = 0xFFFF;

struct Sensor {
    std::string_view name;
    std::uint8_t entity;  ///< Table 43-13.
    std::uint8_t type;    ///< Table 42-3.
    std::uint8_t unit;    ///< Table 43-15.
    std::uint8_t factor;  ///< Unit per count of the raw reading.
    std::uint8_t when_on;
    std::uint8_t when_off;
};
constexpr Sensor kSensors[] = {
    {"Inlet Temp", 0x37, 0x01, 1, 1, 21, 20},
    {"CPU Temp", 0x03, 0x01, 1, 1, 46, 22},
    {"Fan 1", 0x1D, 0x04, 18, 100, 56, 0},
    {"Power", 0x07, 0x0B, 6, 4, 60, 2},
};

/// A full sensor record (table 43-1).
Bytes record_of(std::uint8_t index) {
    const auto& sensor = kSensors[index];
    ByteWriter body;
    body.u8(0x20).u8(0x00).u8(index);           // owner: the BMC; number
    body.u8(sensor.entity).u8(1).u8(0x03);      // scans and makes events from the start
    body.u8(0x40).u8(sensor.type).u8(0x01);     // re-arms itself; has thresholds
    body.u16_le(0).u16_le(0).u16_le(0);         // events and thresholds: none
    body.u8(0x00).u8(sensor.unit).u8(0).u8(0);  // unsigned, linear
    body.u8(sensor.factor).u8(0).u8(0).u8(0).u8(0).u8(0);
    body.u8(0x00).u8(0).u8(0).u8(0).u8(0xFF).u8(0);  // no nominal readings; from 0 to 255
    body.zeros(6).zeros(2).zeros(2).u8(0);           // thresholds, hysteresis, reserved, OEM
    body.u8(static_cast<std::uint8_t>(0xC0 | sensor.name.size())).text(sensor.name);
    ByteWriter record;
    record.u16_le(index).u8(kVersion).u8(0x01).u8(static_cast<std::uint8_t>(body.size()));
    record.raw(body.bytes());
    return record.take();
}

CommandReply repository_info() {
    ByteWriter out;
    constexpr std::uint8_t kCanReserve = 0x02;
    out.u8(kVersion).u16_le(std::size(kSensors)).u16_le(0).u32_le(0).u32_le(0).u8(kCanReserve);
    return {0, out.take()};
}

CommandReply record_part(const ipmi::Request& request) {
    ByteReader in(request.data);
    in.skip(2);
    std::size_t id = in.u16_le();
    std::size_t offset = in.u8(), length = in.u8();
    if (in.failed()) return {kTooShort, {}};
    if (id == kLastRecord) id = std::size(kSensors) - 1;
    if (id >= std::size(kSensors)) return {kNotPresent, {}};
    auto record = record_of(static_cast<std::uint8_t>(id));
    offset = std::min(offset, record.size());
    length = std::min(length, record.size() - offset);
    bool last = id + 1 == std::size(kSensors);
    ByteWriter out;
    out.u16_le(last ? kLastRecord : static_cast<std::uint16_t>(id + 1));
    out.raw(ByteView(record).subspan(offset, length));
    return {0, out.take()};
}

CommandReply reading(const ipmi::Request& request, PowerState power, unsigned number) {
    if (request.data.empty()) return {kTooShort, {}};
    if (request.data[0] >= std::size(kSensors)) return {kNotPresent, {}};
    const auto& sensor = kSensors[request.data[0]];
    auto raw = power == PowerState::on ? static_cast<std::uint8_t>(sensor.when_on + number % 8)
                                       : sensor.when_off;
    constexpr std::uint8_t kScans = 0xC0;
    return {0, {raw, kScans, 0}};
}

}  // namespace

std::optional<CommandReply> answer_about_sensors(const ipmi::Request& request, PowerState power,
                                                 unsigned number) {
    if (request.net_fn == kNetFnSensor && request.command == kGetReading)
        return reading(request, power, number);
    if (request.net_fn != kNetFnStorage) return std::nullopt;
    switch (request.command) {
        case kGetRepositoryInfo:
            return repository_info();
        case kReserveRepository:
            return CommandReply{0, {kReservation & 0xFF, kReservation >> 8}};
        case kGetRecord:
            return record_part(request);
        default:
            return std::nullopt;
    }
}

}  // namespace ferrite::sim
