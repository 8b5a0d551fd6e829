#include "ipmi/chassis.h"

#include <gtest/gtest.h>

#include "ipmi/device_id.h"
#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

TEST(Chassis, BootFlagsHaveTheBytesOfTheOriginal) {
    auto bytes = [](Request r) {
        EXPECT_EQ(r.net_fn, 0x00);
        EXPECT_EQ(r.command, 0x08);
        return r.data;
    };
    using enum BootDevice;
    using enum Persistence;
    constexpr auto uefi = Firmware::uefi;
    constexpr auto legacy = Firmware::bios;
    EXPECT_EQ(bytes(set_boot_flags(pxe, next_boot, uefi)), from_hex("05 a0 04 00 00 00"));
    EXPECT_EQ(bytes(set_boot_flags(disk, all_boots, uefi)), from_hex("05 e0 08 00 00 00"));
    EXPECT_EQ(bytes(set_boot_flags(disk, all_boots, uefi, DiskCode::supermicro_uefi)),
              from_hex("05 e0 24 00 00 00"));
    EXPECT_EQ(bytes(set_boot_flags(cdrom, next_boot, legacy)), from_hex("05 80 14 00 00 00"));
    EXPECT_EQ(bytes(set_boot_flags(safe, all_boots, legacy)), from_hex("05 c0 0c 00 00 00"));
    EXPECT_EQ(bytes(set_boot_flags(BootDevice::bios, next_boot, uefi)),
              from_hex("05 a0 18 00 00 00"));
    EXPECT_EQ(bytes(disable_boot_flag_timeout()), from_hex("03 08"));
}

TEST(Chassis, BootFlagsAreRead) {
    auto setting = parse_boot_flags(from_hex("01 05 e0 08 00 00 00"));
    ASSERT_TRUE(setting);
    EXPECT_TRUE(setting->valid);
    EXPECT_EQ(setting->device, BootDevice::disk);
    EXPECT_EQ(setting->persistence, Persistence::all_boots);
    EXPECT_EQ(setting->firmware, Firmware::uefi);
    EXPECT_EQ(parse_boot_flags(from_hex("01 05 a0 24 00 00 00"))->device, BootDevice::disk);
    EXPECT_FALSE(parse_boot_flags(from_hex("01 05 80")));
    EXPECT_FALSE(parse_boot_flags(from_hex("01 05 80 38 00 00 00")));
}

TEST(Chassis, PowerIsTheLowestBit) {
    EXPECT_EQ(parse_power_state(from_hex("61 00 40")), PowerState::on);
    EXPECT_EQ(parse_power_state(from_hex("60 00 40")), PowerState::off);
    EXPECT_FALSE(parse_power_state({}));
}

TEST(DeviceIdTest, IsRead) {
    auto id = parse_device_id(from_hex("20 01 03 45 02 bf 7c 2a 00 15 08 00 00 00 00"));
    ASSERT_TRUE(id);
    EXPECT_EQ(id->firmware, "3.45");
    EXPECT_EQ(id->ipmi_version, "2.0");
    EXPECT_EQ(id->manufacturer_id, 10876u);
    EXPECT_EQ(manufacturer_name(id->manufacturer_id), "Supermicro");
    EXPECT_EQ(id->product_id, 0x0815);
    EXPECT_EQ(manufacturer_name(0xFFFFF), "");
    EXPECT_FALSE(parse_device_id(from_hex("20 01 03 45 02 bf 7c 2a 00 15")));
}

}  // namespace
}  // namespace ferrite::ipmi
