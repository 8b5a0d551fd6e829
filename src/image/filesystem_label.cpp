#include <string_view>

#include "image/partition_table.h"

namespace ferrite::image {

namespace {

std::string_view text_at(ByteView head, std::size_t offset, std::size_t length) {
    if (offset > head.size() || length > head.size() - offset) return {};
    return as_text(head.subspan(offset, length));
}

std::string trimmed(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    auto last = text.find_last_not_of(' ');
    return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

}  // namespace

std::string filesystem_label(ByteView head) {
    constexpr std::size_t kIsoDescriptor = 32768;
    constexpr std::size_t kExtSuper = 1024;
    if (text_at(head, kIsoDescriptor + 1, 5) == "CD001")
        return trimmed(text_at(head, kIsoDescriptor + 40, 32));
    if (text_at(head, 82, 5) == "FAT32") return trimmed(text_at(head, 71, 11));
    if (text_at(head, 54, 3) == "FAT") return trimmed(text_at(head, 43, 11));
    if (text_at(head, kExtSuper + 56, 2) == "\x53\xEF")
        return trimmed(text_at(head, kExtSuper + 120, 16));
    return {};
}

}  // namespace ferrite::image
