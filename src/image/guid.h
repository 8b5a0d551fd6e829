#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferrite::image {

/// A GUID as a GPT stores it: the first three groups little endian.
struct Guid {
    std::array<std::uint8_t, 16> bytes{};

    static std::optional<Guid> parse(std::string_view text);  ///< Hyphenated, any case.
    static Guid random();
    static Guid from_disk(ByteView bytes);  ///< 16 bytes; shorter: zero.

    bool is_zero() const { return *this == Guid{}; }
    std::string to_text() const;  ///< Lower case, hyphenated.

    bool operator==(const Guid&) const = default;
};

}  // namespace ferrite::image
