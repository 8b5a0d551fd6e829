#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrite::api {

/// Without the white space at both ends.
std::string_view trimmed(std::string_view text);

/// ASCII letters in lower case.
std::string lower_case(std::string_view text);

/// The parts between `separator`s; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Comma-separated words, each once, without the white space around them.
std::vector<std::string> comma_separated(std::string_view text);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// Number of characters in UTF-8 text.
std::size_t characters(std::string_view text);

/// The words that mean a boolean in arguments and documents (reference: api.md section 5).
std::optional<bool> boolean_word(std::string_view text);

}  // namespace ferrite::api
