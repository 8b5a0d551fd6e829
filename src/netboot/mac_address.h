#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferrite::netboot {

/// The hardware address of an Ethernet interface as a small value: compares, hashes and prints.
///
///     auto mac = MacAddress::parse("52:54:00:77:00:01");   // nothing when it is none
class MacAddress {
public:
    MacAddress() = default;  ///< 00:00:00:00:00:00
    explicit MacAddress(const std::array<std::uint8_t, 6>& octets) : octets_(octets) {}

    /// Six pairs of hex digits, separated all by `:` or all by `-`, in either case.
    static std::optional<MacAddress> parse(std::string_view text);

    const std::array<std::uint8_t, 6>& octets() const noexcept { return octets_; }
    bool is_zero() const noexcept { return *this == MacAddress{}; }

    std::string to_text() const;    ///< `52:54:00:77:00:01`, as everywhere in the API.
    std::string to_dashes() const;  ///< `52-54-00-77-00-01`, as in URLs and BOOTIF.

    auto operator<=>(const MacAddress&) const = default;

private:
    std::array<std::uint8_t, 6> octets_{};
};

}  // namespace ferrite::netboot

template <>
struct std::hash<ferrite::netboot::MacAddress> {
    std::size_t operator()(const ferrite::netboot::MacAddress& mac) const noexcept {
        std::uint64_t h = 14695981039346656037u;
        for (auto octet : mac.octets()) h = (h ^ octet) * 1099511628211u;
        return h ^ h >> 32;
    }
};
