#include "netboot/mac_address.h"

#include <fmt/format.h>

namespace ferrite::netboot {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    if (text.size() != 17 || (text[2] != ':' && text[2] != '-')) return {};
    std::array<std::uint8_t, 6> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        int high = hex_digit(text[3 * i]);
        int low = hex_digit(text[3 * i + 1]);
        if (high < 0 || low < 0) return {};
        if (i > 0 && text[3 * i - 1] != text[2]) return {};
        octets[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return MacAddress(octets);
}

std::string MacAddress::to_text() const {
    return fmt::format("{:02x}", fmt::join(octets_, ":"));
}

std::string MacAddress::to_dashes() const {
    return fmt::format("{:02x}", fmt::join(octets_, "-"));
}

}  // namespace ferrite::netboot
