#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferrite {

/// Standard base64 (RFC 4648 section 4) with padding, on one line.
std::string encode_base64(ByteView bytes);

/// The bytes of a base64 text; white space between the digits is ignored. Nothing when the text
/// holds any other character, or its padding is wrong.
std::optional<Bytes> decode_base64(std::string_view text);

}  // namespace ferrite
