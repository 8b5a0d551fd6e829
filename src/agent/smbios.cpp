#include "agent/smbios.h"

#include <string_view>
#include <vector>

#include "agent/machine_files.h"

namespace ferrite::agent {
namespace {

/// One structure: its formatted area, header included, and the strings behind it.
class Structure {
public:
    Structure(ByteView formatted, std::vector<std::string_view> strings)
        : formatted_(formatted), strings_(std::move(strings)) {}

    std::uint8_t type() const { return formatted_[0]; }

    std::uint64_t number(std::size_t offset, std::size_t bytes) const {
        if (offset + bytes > formatted_.size()) return 0;
        std::uint64_t value = 0;
        for (std::size_t i = bytes; i-- > 0;) value = value << 8 | formatted_[offset + i];
        return value;
    }

    /// The string whose number (from one) stands at `offset`.
    std::string text(std::size_t offset) const {
        auto index = number(offset, 1);
        if (index == 0 || index > strings_.size()) return {};
        return trimmed(strings_[index - 1]);
    }

private:
    ByteView formatted_;
    std::vector<std::string_view> strings_;
};

constexpr std::uint8_t kFirmware = 0;
constexpr std::uint8_t kSystem = 1;
constexpr std::uint8_t kMemoryDevice = 17;
constexpr std::uint8_t kEndOfTable = 127;

std::uint64_t memory_mib(const Structure& device) {
    auto size = device.number(0x0c, 2);
    if (size == 0 || size == 0xffff) return 0;  // Empty socket, unknown.
    if (size == 0x7fff) return device.number(0x1c, 4) & 0x7fffffff;
    bool in_kib = (size & 0x8000) != 0;
    return in_kib ? (size & 0x7fff) / 1024 : size;
}

void collect(const Structure& structure, SmbiosFacts& facts) {
    switch (structure.type()) {
        case kFirmware:
            facts.firmware_vendor = structure.text(0x04);
            facts.firmware_version = structure.text(0x05);
            facts.firmware_date = structure.text(0x08);
            break;
        case kSystem:
            facts.manufacturer = structure.text(0x04);
            facts.product_name = structure.text(0x05);
            facts.serial_number = structure.text(0x07);
            break;
        case kMemoryDevice:
            facts.installed_memory_mib += memory_mib(structure);
            break;
        default:
            break;
    }
}

}  // namespace

SmbiosFacts parse_smbios(ByteView table) {
    SmbiosFacts facts;
    ByteReader in(table);
    while (in.left() >= 4) {
        auto length = in.rest()[1];
        if (length < 4) break;
        auto formatted = in.take(length);
        std::vector<std::string_view> strings;
        // The strings end with an empty one; a structure without strings has two NULs.
        while (!in.failed()) {
            auto text = in.c_string();
            if (text.empty()) break;
            strings.push_back(text);
        }
        if (in.failed()) break;
        if (strings.empty() && in.left() > 0 && in.rest()[0] == 0) in.skip(1);
        Structure structure(formatted, std::move(strings));
        if (structure.type() == kEndOfTable) break;
        collect(structure, facts);
    }
    return facts;
}

}  // namespace ferrite::agent
