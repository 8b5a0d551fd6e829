#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferrite {

/// A random (version 4) UUID in lower-case hyphenated text. Any thread.
std::string new_uuid();

/// `text` as a lower-case hyphenated UUID when it is 32 hex digits, with or without hyphens,
/// braces or `urn:uuid:` (reference: api.md section 5); nothing otherwise.
std::optional<std::string> normalised_uuid(std::string_view text);

/// `bytes` random bytes in URL-safe base64 without padding: agent tokens, request ids. Any thread.
std::string random_token(std::size_t bytes);

}  // namespace ferrite
