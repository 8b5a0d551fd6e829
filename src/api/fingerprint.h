#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace ferrite::api {

/// What stands in a cache for a password or token: its SHA-256 under a key of this process alone,
/// so that a memory dump of the cache helps nobody to guess them.
struct Fingerprint {
    std::array<std::uint8_t, 32> bytes{};
    bool operator==(const Fingerprint&) const = default;
};

Fingerprint fingerprint(std::string_view secret);

struct FingerprintHash {
    std::size_t operator()(const Fingerprint& print) const {
        std::size_t hash;
        std::memcpy(&hash, print.bytes.data(), sizeof hash);
        return hash;
    }
};

}  // namespace ferrite::api
