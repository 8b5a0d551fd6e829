#include "ipmi/chassis.h"

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kGetChassisStatus = 0x01;
constexpr std::uint8_t kChassisControl = 0x02;
constexpr std::uint8_t kSetBootOptions = 0x08;
constexpr std::uint8_t kGetBootOptions = 0x09;

constexpr std::uint8_t kBootFlagClearing = 0x03;  // boot option parameters
constexpr std::uint8_t kBootFlags = 0x05;

constexpr std::uint8_t kNotOnTimeout = 0x08;
constexpr std::uint8_t kValid = 0x80;
constexpr std::uint8_t kPersistent = 0x40;
constexpr std::uint8_t kUefi = 0x20;
constexpr std::uint8_t kDeviceMask = 0x3C;

struct DeviceRow {
    BootDevice device;
    std::uint8_t code;  ///< In the second byte of the boot flags.
    std::string_view word;
};

constexpr std::array kDevices = {
    DeviceRow{BootDevice::none, 0x00, "none"}, DeviceRow{BootDevice::pxe, 0x04, "pxe"},
    DeviceRow{BootDevice::disk, 0x08, "disk"}, DeviceRow{BootDevice::safe, 0x0C, "safe"},
    DeviceRow{BootDevice::diag, 0x10, "diag"}, DeviceRow{BootDevice::cdrom, 0x14, "cdrom"},
    DeviceRow{BootDevice::bios, 0x18, "bios"}, DeviceRow{BootDevice::floppy, 0x3C, "floppy"},
};

const DeviceRow& row_of(BootDevice device) {
    for (const auto& row : kDevices)
        if (row.device == device) return row;
    return kDevices.front();
}

std::optional<BootDevice> device_of(std::uint8_t code) {
    if (code == static_cast<std::uint8_t>(DiskCode::supermicro_uefi)) return BootDevice::disk;
    for (const auto& row : kDevices)
        if (row.code == code) return row.device;
    return {};
}

}  // namespace

Request get_chassis_status() {
    return {kNetFnChassis, kGetChassisStatus, {}};
}

std::optional<PowerState> parse_power_state(ByteView data) {
    ByteReader in(data);
    auto power = in.u8();
    if (in.failed()) return {};
    return (power & 1) != 0 ? PowerState::on : PowerState::off;
}

Request chassis_control(PowerAction action) {
    return {kNetFnChassis, kChassisControl, {static_cast<std::uint8_t>(action)}};
}

Request set_boot_flags(BootDevice device, Persistence persistence, Firmware firmware,
                       DiskCode disk) {
    auto flags = static_cast<std::uint8_t>(
        kValid | (persistence == Persistence::all_boots ? kPersistent : 0) |
        (firmware == Firmware::uefi ? kUefi : 0));
    auto code = device == BootDevice::disk ? static_cast<std::uint8_t>(disk) : row_of(device).code;
    return {kNetFnChassis, kSetBootOptions, {kBootFlags, flags, code, 0, 0, 0}};
}

Request get_boot_flags() {
    return {kNetFnChassis, kGetBootOptions, {kBootFlags, 0, 0}};
}

std::optional<BootDeviceSetting> parse_boot_flags(ByteView data) {
    ByteReader in(data);
    in.skip(2);  // parameter version, parameter number
    auto flags = in.u8();
    auto device = device_of(in.u8() & kDeviceMask);
    if (in.failed() || !device) return {};
    return BootDeviceSetting{
        .valid = (flags & kValid) != 0,
        .device = *device,
        .persistence = (flags & kPersistent) != 0 ? Persistence::all_boots : Persistence::next_boot,
        .firmware = (flags & kUefi) != 0 ? Firmware::uefi : Firmware::bios};
}

Request disable_boot_flag_timeout() {
    return {kNetFnChassis, kSetBootOptions, {kBootFlagClearing, kNotOnTimeout}};
}

std::string_view to_text(BootDevice device) {
    return row_of(device).word;
}

}  // namespace ferrite::ipmi
