#include "base/uuid.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <system_error>

#include <sys/random.h>

namespace ferrite {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Random bytes of the kernel, fetched some at a time: one system call serves sixteen UUIDs.
class RandomPool {
public:
    void fill(std::span<std::uint8_t> out) {
        while (!out.empty()) {
            if (used_ == pool_.size()) refill();
            auto count = std::min(out.size(), pool_.size() - used_);
            std::memcpy(out.data(), pool_.data() + used_, count);
            std::memset(pool_.data() + used_, 0, count);  // a token must not be readable twice
            used_ += count;
            out = out.subspan(count);
        }
    }

private:
    void refill() {
        // Requests of up to 256 bytes are never cut short once the kernel's generator is seeded.
        while (getrandom(pool_.data(), pool_.size(), 0) != static_cast<ssize_t>(pool_.size())) {
            if (errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        used_ = 0;
    }

    std::array<std::uint8_t, 256> pool_{};
    std::size_t used_ = pool_.size();
};

void fill_random(std::span<std::uint8_t> out) {
    thread_local RandomPool pool;
    pool.fill(out);
}

using Digits = std::array<char, 32>;

/// Puts the hyphens into 32 hex digits.
std::string hyphenated(const Digits& digits) {
    std::string text(36, '-');
    std::size_t from = 0;
    std::size_t to = 0;
    for (auto length : {8U, 4U, 4U, 4U, 12U}) {
        std::memcpy(text.data() + to, digits.data() + from, length);
        from += length;
        to += length + 1;
    }
    return text;
}

/// The digit in lower case, or NUL for what is none.
char hex_digit(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) return c;
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : '\0';
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace

std::string new_uuid() {
    std::array<std::uint8_t, 16> bytes;
    fill_random(bytes);
    bytes[6] = (bytes[6] & 0x0F) | 0x40;  // version 4: random
    bytes[8] = (bytes[8] & 0x3F) | 0x80;  // variant of RFC 4122
    Digits digits;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        digits[2 * i] = kHex[bytes[i] >> 4];
        digits[2 * i + 1] = kHex[bytes[i] & 15];
    }
    return hyphenated(digits);
}

std::optional<std::string> normalised_uuid(std::string_view text) {
    text = without_prefix(without_prefix(text, "urn:"), "uuid:");
    while (!text.empty() && (text.front() == '{' || text.front() == '}')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == '{' || text.back() == '}')) text.remove_suffix(1);

    Digits digits;
    std::size_t count = 0;
    for (char c : text) {
        if (c == '-') continue;
        char digit = hex_digit(c);
        if (!digit || count == digits.size()) return std::nullopt;
        digits[count++] = digit;
    }
    if (count != digits.size()) return std::nullopt;
    return hyphenated(digits);
}

std::string random_token(std::size_t bytes) {
    std::string text;
    text.reserve((bytes * 4 + 2) / 3);
    for (std::size_t left = bytes; left > 0;) {
        std::array<std::uint8_t, 3> group{};
        auto count = std::min<std::size_t>(left, group.size());
        fill_random(std::span(group).first(count));
        std::uint32_t bits = group[0] << 16 | group[1] << 8 | group[2];
        for (std::size_t i = 0; i <= count; ++i) text += kUrlSafe[bits >> (18 - 6 * i) & 63];
        left -= count;
    }
    return text;
}

}  // namespace ferrite
