#include "image/guid.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/uuid.h"

namespace ferrite::image {

namespace {

/// Where each byte of the text form is on disk.
constexpr std::array<std::size_t, 16> kOrder{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

std::optional<Guid> Guid::parse(std::string_view text) {
    auto uuid = normalised_uuid(text);
    if (!uuid) return std::nullopt;
    std::erase(*uuid, '-');
    Guid guid;
    for (std::size_t i = 0; i < kOrder.size(); ++i)
        guid.bytes[kOrder[i]] =
            static_cast<std::uint8_t>(std::stoul(uuid->substr(2 * i, 2), nullptr, 16));
    return guid;
}

Guid Guid::random() {
    return parse(new_uuid()).value();
}

Guid Guid::from_disk(ByteView bytes) {
    Guid guid;
    if (bytes.size() == guid.bytes.size()) std::ranges::copy(bytes, guid.bytes.begin());
    return guid;
}

std::string Guid::to_text() const {
    std::string text;
    for (std::size_t i = 0; i < kOrder.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", bytes[kOrder[i]]);
    }
    return text;
}

}  // namespace ferrite::image
