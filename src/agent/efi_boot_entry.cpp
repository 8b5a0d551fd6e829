#include "agent/efi_boot_entry.h"

#include <algorithm>

#include "agent/machine_files.h"

namespace ferrite::agent {
namespace {

constexpr std::uint32_t kActive = 1;
constexpr std::uint8_t kMediaPath = 4;
constexpr std::uint8_t kHardDrive = 1;
constexpr std::uint8_t kFilePath = 4;
constexpr std::uint8_t kGptFormat = 2;
constexpr std::uint8_t kGuidSignature = 2;
constexpr std::uint16_t kByteOrderMark = 0xfeff;

/// Characters beyond Latin-1 do not occur in loader paths; they become question marks.
void put_utf16(ByteWriter& out, std::string_view text) {
    for (char c : text) out.u16_le(static_cast<unsigned char>(c) < 0x80 ? c : '?');
    out.u16_le(0);
}

/// UTF-16 LE up to a NUL or the end, plain ASCII kept and the rest as question marks.
std::string take_utf16(ByteReader& in) {
    std::string text;
    while (in.left() >= 2) {
        auto unit = in.u16_le();
        if (unit == 0) return text;
        if (unit == kByteOrderMark) continue;
        text.push_back(unit < 0x80 ? static_cast<char>(unit) : '?');
    }
    return text;
}

Bytes hard_drive_node(const image::Partition& partition) {
    ByteWriter out;
    out.u8(kMediaPath).u8(kHardDrive).u16_le(42);
    out.u32_le(partition.number).u64_le(partition.first).u64_le(partition.count);
    out.raw(partition.id.bytes).u8(kGptFormat).u8(kGuidSignature);
    return out.take();
}

Bytes file_node(std::string_view path) {
    ByteWriter text;
    put_utf16(text, path);
    ByteWriter out;
    out.u8(kMediaPath).u8(kFilePath).u16_le(static_cast<std::uint16_t>(4 + text.size()));
    return out.raw(text.bytes()).take();
}

}  // namespace

Bytes EfiBootEntry::encode() const {
    ByteWriter path;
    path.raw(hard_drive_node(partition)).raw(file_node(loader));
    path.u8(0x7f).u8(0xff).u16_le(4);
    ByteWriter out;
    out.u32_le(kActive).u16_le(static_cast<std::uint16_t>(path.size()));
    put_utf16(out, label);
    return out.raw(path.bytes()).take();
}

std::optional<std::string> boot_entry_label(ByteView load_option) {
    ByteReader in(load_option);
    in.skip(6);
    auto label = take_utf16(in);
    if (in.failed()) return std::nullopt;
    return label;
}

std::optional<BootCsv> parse_boot_csv(ByteView text) {
    ByteReader in(text);
    auto all = take_utf16(in);
    auto line = std::string_view(all).substr(0, all.find_first_of("\r\n"));
    auto comma = line.find(',');
    if (comma == line.npos) return std::nullopt;
    auto rest = line.substr(comma + 1);
    BootCsv csv{trimmed(line.substr(0, comma)), trimmed(rest.substr(0, rest.find(',')))};
    // The file is a name beside the CSV, never a path that leads elsewhere.
    if (csv.file.empty() || csv.label.empty() || csv.file.find_first_of("/\\") != csv.file.npos)
        return std::nullopt;
    return csv;
}

std::vector<std::uint16_t> with_first(std::vector<std::uint16_t> order, std::uint16_t entry) {
    std::erase(order, entry);
    order.insert(order.begin(), entry);
    return order;
}

}  // namespace ferrite::agent
