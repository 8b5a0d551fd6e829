#include "base/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <boost/json/parser.hpp>
#include <fmt/core.h>

#include "base/error.h"

namespace ferrite {
namespace {

void append_value(std::string& out, const Json& value);

template <typename Integer>
void append_integer(std::string& out, Integer value) {
    std::array<char, 24> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

/// The shortest text that reads back as the same number, always recognisable as a fraction
/// (`1.0`, not `1`), and `null` for what JSON cannot say.
void append_double(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    auto magnitude = std::fabs(value);
    bool plain = value == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
    std::array<char, 64> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                             plain ? std::chars_format::fixed : std::chars_format::scientific)
                   .ptr;
    std::string_view text(digits.data(), end);
    out += text;
    if (plain && text.find('.') == text.npos) out += ".0";
}

void append_array(std::string& out, const JsonArray& array) {
    out += '[';
    bool first = true;
    for (const auto& element : array) {
        if (!std::exchange(first, false)) out += ',';
        append_value(out, element);
    }
    out += ']';
}

void append_object(std::string& out, const JsonObject& object) {
    out += '{';
    bool first = true;
    for (const auto& entry : object) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, entry.key());
        out += ':';
        append_value(out, entry.value());
    }
    out += '}';
}

void append_value(std::string& out, const Json& value) {
    switch (value.kind()) {
        case boost::json::kind::null:
            out += "null";
            return;
        case boost::json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case boost::json::kind::int64:
            append_integer(out, value.get_int64());
            return;
        case boost::json::kind::uint64:
            append_integer(out, value.get_uint64());
            return;
        case boost::json::kind::double_:
            append_double(out, value.get_double());
            return;
        case boost::json::kind::string:
            append_json_string(out, value.get_string());
            return;
        case boost::json::kind::array:
            append_array(out, value.get_array());
            return;
        case boost::json::kind::object:
            append_object(out, value.get_object());
            return;
    }
}

/// True for the bytes that a JSON string may hold as they are.
constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (int byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
    return plain;
}();

/// Looks at eight bytes at once: some highest bit is set when one of them is not plain, its own or
/// the next one's.
std::uint64_t odd_bits(const char* eight) {
    constexpr std::uint64_t kEach = 0x0101'0101'0101'0101;
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, eight, sizeof bytes);
    auto control = bytes - kEach * 0x20;
    auto quote = (bytes ^ kEach * '"') - kEach;
    auto backslash = (bytes ^ kEach * '\\') - kEach;
    return (bytes | control | quote | backslash) & kEach * 0x80;
}

/// Nearly all texts are plain throughout; this says so of those that are not too short for it.
bool is_plain(std::string_view text) {
    if (text.size() < 8) return false;
    std::uint64_t odd = odd_bits(text.data() + text.size() - 8);
    for (std::size_t i = 0; i + 8 < text.size(); i += 8) odd |= odd_bits(text.data() + i);
    return odd == 0;
}

/// U+FFFD: what firmware and hardware report is not always UTF-8.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

/// The length of the UTF-8 sequence at the start of `text`, or 0 when it is none (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    auto lead = byte_at(text, 0);
    std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte_at(text, 1) < low || byte_at(text, 1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (byte_at(text, i) < 0x80 || byte_at(text, i) > 0xBF) return 0;
    return length;
}

void append_escaped(std::string& out, std::uint8_t byte) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (byte) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        default:
            out += "\\u00";
            out += hex[byte >> 4];
            out += hex[byte & 15];
    }
}

}  // namespace

Json parse_json(std::string_view text, std::size_t max_depth) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::parser parser({}, options);
    boost::json::error_code error;
    auto consumed = parser.write_some(text.data(), text.size(), error);
    if (!error && consumed < text.size()) error = boost::json::error::extra_data;
    if (error)
        throw InvalidValue(fmt::format("Not valid JSON: {} at byte {} of {}.", error.message(),
                                       consumed, text.size()));
    return parser.release();
}

std::string to_text(const Json& value) {
    std::string out;
    append_value(out, value);
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    if (is_plain(text)) {
        out += text;
        out += '"';
        return;
    }
    std::size_t start = 0;  // of the stretch that is copied as it is
    for (std::size_t i = 0; i < text.size();) {
        auto byte = byte_at(text, i);
        if (kPlain[byte]) {
            ++i;
            continue;
        }
        if (auto length = byte < 0x80 ? 0 : utf8_length(text.substr(i)); length > 0) {
            i += length;
            continue;
        }
        out.append(text, start, i - start);
        if (byte < 0x80) {
            append_escaped(out, byte);
        } else {
            out += kReplacement;
        }
        start = ++i;
    }
    out.append(text, start);
    out += '"';
}

void mend_text(std::string& text) {
    std::string mended;
    std::size_t start = 0;  // of the stretch that is as it should be
    for (std::size_t i = 0; i < text.size();) {
        auto byte = byte_at(text, i);
        auto length = byte == 0     ? 0
                      : byte < 0x80 ? 1
                                    : utf8_length(std::string_view(text).substr(i));
        if (length > 0) {
            i += length;
            continue;
        }
        mended.append(text, start, i - start);
        mended += kReplacement;
        start = ++i;
    }
    if (start == 0) return;
    mended.append(text, start);
    text = std::move(mended);
}

const Json& member(const Json& value, std::string_view key) {
    static const Json null;
    if (!value.is_object()) return null;
    auto found = value.get_object().if_contains(key);
    return found ? *found : null;
}

std::string string_member(const Json& value, std::string_view key, std::string_view fallback) {
    const auto& found = member(value, key);
    return std::string(found.is_string() ? std::string_view(found.get_string()) : fallback);
}

}  // namespace ferrite
