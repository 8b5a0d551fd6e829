#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace ferrite {

/// JSON values are Boost.JSON's; these names keep the library's spelling out of the other rooms.
using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

/// Parses one document of at most `max_depth` nested containers. Throws InvalidValue that says
/// what is wrong and where (byte offset).
Json parse_json(std::string_view text, std::size_t max_depth = 32);

/// One line, no spaces; strings are written as UTF-8.
std::string to_text(const Json& value);

/// Appends `text` to `out` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Makes `text` what a database and JSON take: UTF-8 without NUL. Any other byte becomes U+FFFD.
void mend_text(std::string& text);

/// The member `key` of an object, or null when `value` is no object or has no such member.
const Json& member(const Json& value, std::string_view key);

/// The string at `key`, or `fallback` when it is absent or no string.
std::string string_member(const Json& value, std::string_view key, std::string_view fallback = "");

}  // namespace ferrite
