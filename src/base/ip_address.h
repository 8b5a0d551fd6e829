#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferrite {

/// An IPv4 or IPv6 address as a small value: compares, hashes and prints; no allocation.
///
///     auto address = IpAddress::parse("10.0.0.7");   // nothing when it is no numeric address
class IpAddress {
public:
    IpAddress() = default;  ///< 0.0.0.0

    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
    /// Numeric text only; names are for resolve_host().
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const noexcept { return !is_v6_; }
    bool is_unspecified() const noexcept;
    /// The IPv4 address in host byte order; 0 for IPv6.
    std::uint32_t to_v4() const noexcept;
    const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }  ///< v4: first 4.
    std::string to_text() const;

    auto operator<=>(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
    bool is_v6_ = false;
};

}  // namespace ferrite

template <>
struct std::hash<ferrite::IpAddress> {
    std::size_t operator()(const ferrite::IpAddress& address) const noexcept {
        std::size_t h = 1469598103934665603u;
        for (auto b : address.bytes()) h = (h ^ b) * 1099511628211u;
        return h;
    }
};
