#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrite {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a packet from front to back and never past its end.
///
/// A read that does not fit yields zero (or an empty view) and makes the reader `failed()` for
/// good, so a parser may read a whole header and check once.
///
///     ByteReader in(packet);
///     auto kind = in.u8();
///     auto length = in.u16_le();
///     auto body = in.take(length);
///     if (in.failed()) return drop("short packet");
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}

    bool failed() const noexcept { return failed_; }
    std::size_t left() const noexcept { return rest_.size(); }
    bool empty() const noexcept { return rest_.empty(); }
    ByteView rest() const noexcept { return rest_; }

    ByteView take(std::size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        auto head = rest_.first(count);
        rest_ = rest_.subspan(count);
        return head;
    }
    void skip(std::size_t count) { take(count); }

    std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t u64() { return big_endian(8); }
    std::uint16_t u16_le() { return static_cast<std::uint16_t>(little_endian(2)); }
    std::uint32_t u32_le() { return static_cast<std::uint32_t>(little_endian(4)); }
    std::uint64_t u64_le() { return little_endian(8); }

    /// The text up to the next NUL byte, which is consumed too; fails when there is none.
    std::string_view c_string() {
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] != 0) continue;
            auto text = as_text(rest_.first(i));
            rest_ = rest_.subspan(i + 1);
            return text;
        }
        take(rest_.size() + 1);
        return {};
    }

private:
    std::uint64_t big_endian(std::size_t count) {
        std::uint64_t value = 0;
        for (auto byte : take(count)) value = value << 8 | byte;
        return value;
    }
    std::uint64_t little_endian(std::size_t count) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (auto byte : take(count)) {
            value |= static_cast<std::uint64_t>(byte) << shift;
            shift += 8;
        }
        return value;
    }

    ByteView rest_;
    bool failed_ = false;
};

/// Appends the fields of a packet to a byte vector; the counterpart of ByteReader.
class ByteWriter {
public:
    Bytes& bytes() noexcept { return bytes_; }
    Bytes take() noexcept { return std::move(bytes_); }
    std::size_t size() const noexcept { return bytes_.size(); }

    ByteWriter& u8(std::uint8_t v) { return big_endian(v, 1); }
    ByteWriter& u16(std::uint16_t v) { return big_endian(v, 2); }
    ByteWriter& u32(std::uint32_t v) { return big_endian(v, 4); }
    ByteWriter& u64(std::uint64_t v) { return big_endian(v, 8); }
    ByteWriter& u16_le(std::uint16_t v) { return little_endian(v, 2); }
    ByteWriter& u32_le(std::uint32_t v) { return little_endian(v, 4); }
    ByteWriter& u64_le(std::uint64_t v) { return little_endian(v, 8); }
    ByteWriter& raw(ByteView view) {
        bytes_.insert(bytes_.end(), view.begin(), view.end());
        return *this;
    }
    ByteWriter& text(std::string_view view) { return raw(as_bytes(view)); }
    ByteWriter& zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }

private:
    ByteWriter& big_endian(std::uint64_t v, unsigned count) {
        for (unsigned i = count; i-- > 0;) bytes_.push_back(static_cast<std::uint8_t>(v >> 8 * i));
        return *this;
    }
    ByteWriter& little_endian(std::uint64_t v, unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(v >> 8 * i));
        return *this;
    }

    Bytes bytes_;
};

}  // namespace ferrite
