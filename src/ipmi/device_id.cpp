#include "ipmi/device_id.h"

#include <array>

#include <fmt/format.h>

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kGetDeviceId = 0x01;

struct Maker {
    std::uint32_t enterprise;
    std::string_view name;
};

constexpr std::array kMakers = {
    Maker{2, "IBM"},
    Maker{11, "Hewlett-Packard"},
    Maker{42, "Oracle"},
    Maker{116, "Hitachi"},
    Maker{119, "NEC"},
    Maker{343, "Intel"},
    Maker{674, "Dell"},
    Maker{2011, "Huawei"},
    Maker{5771, "Cisco"},
    Maker{6653, "Tyan"},

    Maker{7244, "Quanta"},
    Maker{10368, "Fujitsu"},
    Maker{10876, "Supermicro"},
    Maker{15370, "Giga-Byte"},
    Maker{19046, "Lenovo"},
    Maker{20301, "IBM"},
    Maker{20974, "American Megatrends"},
    Maker{37945, "Inspur"},
    Maker{40092, "Wiwynn"},
    Maker{47196, "HPE"},
    Maker{47488, "Supermicro"},
    Maker{49622, "ASRock Rack"},
    Maker{49769, "YADRO"},
};

}  // namespace

Request get_device_id() {
    return {kNetFnApp, kGetDeviceId, {}};
}

std::optional<DeviceId> parse_device_id(ByteView data) {
    ByteReader in(data);
    DeviceId id;
    id.device_id = in.u8();
    id.device_revision = in.u8() & 0x0F;
    auto major = in.u8() & 0x7F;
    auto minor = in.u8();  // two decimal digits, like the halves of the next byte
    auto version = in.u8();
    in.skip(1);  // additional device support
    auto low = in.u16_le();
    id.manufacturer_id = (static_cast<std::uint32_t>(in.u8()) << 16 | low) & 0xFFFFF;
    id.product_id = in.u16_le();
    if (in.failed()) return {};
    id.firmware = fmt::format("{}.{:02x}", major, minor);
    id.ipmi_version = fmt::format("{}.{}", version & 0x0F, version >> 4);
    return id;
}

std::string_view manufacturer_name(std::uint32_t manufacturer_id) {
    for (const auto& maker : kMakers)
        if (maker.enterprise == manufacturer_id) return maker.name;
    return {};
}

}  // namespace ferrite::ipmi
