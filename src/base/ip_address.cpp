#include "base/ip_address.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

namespace ferrite {

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress address;
    for (int i = 0; i < 4; ++i) {
        address.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    }
    return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    address.is_v6_ = true;
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    // The longest numeric address is shorter than this; inet_pton wants a terminated string.
    char terminated[INET6_ADDRSTRLEN + 1] = {};
    if (text.size() > INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated);

    IpAddress address;
    if (inet_pton(AF_INET, terminated, address.bytes_.data()) == 1) return address;
    address.is_v6_ = true;
    if (inet_pton(AF_INET6, terminated, address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

bool IpAddress::is_unspecified() const noexcept {
    return std::all_of(bytes_.begin(), bytes_.end(), [](auto byte) { return byte == 0; });
}

std::uint32_t IpAddress::to_v4() const noexcept {
    if (is_v6_) return 0;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | bytes_[i];
    return value;
}

std::string IpAddress::to_text() const {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), text, sizeof text);
    return text;
}

}  // namespace ferrite
