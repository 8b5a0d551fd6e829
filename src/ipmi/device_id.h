#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "ipmi/message.h"

namespace ferrite::ipmi {

/// What a BMC says of itself (Get Device ID, IPMI 2.0 section 20.1).
struct DeviceId {
    std::uint8_t device_id = 0;
    std::uint8_t device_revision = 0;
    std::string firmware;               ///< E.g. `1.45`.
    std::string ipmi_version;           ///< E.g. `2.0`.
    std::uint32_t manufacturer_id = 0;  ///< IANA enterprise number.
    std::uint16_t product_id = 0;
};

Request get_device_id();

/// Nothing when the answer is too short.
std::optional<DeviceId> parse_device_id(ByteView data);

/// The maker's name, e.g. `Supermicro`; empty for an enterprise number that makes no servers we
/// know.
std::string_view manufacturer_name(std::uint32_t manufacturer_id);

}  // namespace ferrite::ipmi
