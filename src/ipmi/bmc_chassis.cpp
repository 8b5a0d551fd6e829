#include "ipmi/bmc_chassis.h"

namespace ferrite::ipmi {
namespace {

// Chassis commands (IPMI 2.0 section 28) and App commands (section 20).
constexpr std::uint8_t kGetCapabilities = 0x00;
constexpr std::uint8_t kGetStatus = 0x01;
constexpr std::uint8_t kControl = 0x02;
constexpr std::uint8_t kIdentify = 0x04;
constexpr std::uint8_t kSetBootOptions = 0x08;
constexpr std::uint8_t kGetBootOptions = 0x09;
constexpr std::uint8_t kGetDeviceId = 0x01;
constexpr std::uint8_t kColdReset = 0x02;
constexpr std::uint8_t kWarmReset = 0x03;
constexpr std::uint8_t kGetSelfTest = 0x04;
constexpr std::uint8_t kGetSystemGuid = 0x37;

constexpr std::uint8_t kOk = 0x00;
constexpr std::uint8_t kUnknownParameter = 0x80;
constexpr std::uint8_t kUnknownCommand = 0xC1;
constexpr std::uint8_t kTooShort = 0xC7;
constexpr std::uint8_t kInvalidField = 0xCC;
constexpr std::uint8_t kNotInThisState = 0xD5;

constexpr std::uint8_t kParameterMask = 0x7F;
constexpr std::uint8_t kLastParameter = 7;

/// How many bytes a boot option parameter has.
std::size_t size_of(std::uint8_t parameter) {
    constexpr std::array<std::size_t, kLastParameter + 1> kSizes = {1, 1, 1, 1, 2, 5, 9, 17};
    return kSizes[parameter];
}

}  // namespace

CommandReply BmcChassis::handle(const Request& request) {
    switch (request.net_fn) {
        case kNetFnChassis:
            return handle_chassis(request);
        case kNetFnApp:
            return handle_app(request);
        default:
            return {kUnknownCommand, {}};
    }
}

CommandReply BmcChassis::handle_chassis(const Request& request) {
    switch (request.command) {
        case kGetCapabilities:
            return {kOk, {0, 0x20, 0x20, 0x20, 0x20}};
        case kGetStatus:
            return {kOk, {static_cast<std::uint8_t>(power == PowerState::on ? 0x01 : 0x00), 0, 0}};
        case kControl:
            return control(request);
        case kIdentify:
            return {};
        case kSetBootOptions:
            return set_boot_option(request);
        case kGetBootOptions:
            return get_boot_option(request);
        default:
            return {kUnknownCommand, {}};
    }
}

CommandReply BmcChassis::handle_app(const Request& request) const {
    switch (request.command) {
        case kGetDeviceId: {
            ByteWriter out;
            out.u8(0x20).u8(0x01).u8(0x01).u8(0x00).u8(0x02).u8(0x80);
            out.u16_le(static_cast<std::uint16_t>(manufacturer_id));
            out.u8(static_cast<std::uint8_t>(manufacturer_id >> 16)).u16_le(product_id).zeros(4);
            return {kOk, out.take()};
        }
        case kColdReset:
        case kWarmReset:
            return {};
        case kGetSelfTest:
            return {kOk, {0x55, 0x00}};
        case kGetSystemGuid:
            return {kOk, Bytes(guid.begin(), guid.end())};
        default:
            return {kUnknownCommand, {}};
    }
}

CommandReply BmcChassis::control(const Request& request) {
    if (request.data.empty()) return {kTooShort, {}};
    auto action = static_cast<PowerAction>(request.data[0] & 0x0F);
    switch (action) {
        case PowerAction::off:
        case PowerAction::soft:
            power = PowerState::off;
            break;
        case PowerAction::on:
            power = PowerState::on;
            break;
        case PowerAction::cycle:
        case PowerAction::reset:
        case PowerAction::diag:
            if (power == PowerState::off) return {kNotInThisState, {}};
            break;
        default:
            return {kInvalidField, {}};
    }
    if (on_control) on_control(action);
    return {};
}

CommandReply BmcChassis::set_boot_option(const Request& request) {
    if (request.data.empty()) return {kTooShort, {}};
    auto parameter = static_cast<std::uint8_t>(request.data[0] & kParameterMask);
    if (parameter > kLastParameter) return {kUnknownParameter, {}};
    Bytes value(request.data.begin() + 1, request.data.end());
    if (value.size() > size_of(parameter)) return {kInvalidField, {}};
    value.resize(size_of(parameter));
    boot_options_[parameter] = std::move(value);
    return {};
}

CommandReply BmcChassis::get_boot_option(const Request& request) {
    if (request.data.size() < 3) return {kTooShort, {}};
    auto parameter = static_cast<std::uint8_t>(request.data[0] & kParameterMask);
    if (parameter > kLastParameter) return {kUnknownParameter, {}};
    auto value = boot_options_[parameter];
    value.resize(size_of(parameter));
    ByteWriter out;
    out.u8(0x01).u8(parameter).raw(value);
    return {kOk, out.take()};
}

}  // namespace ferrite::ipmi
