// Partition tables come with images: whatever parses must move, grow and encode without a fault,
// and what was encoded must parse again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <zlib.h>

#include "image/partition_table.h"

namespace {

using namespace ferrite;
using namespace ferrite::image;

constexpr std::uint64_t kSectors = 1ULL << 20;

std::uint32_t number_at(const Bytes& bytes, std::size_t offset) {
    return ByteReader(ByteView(bytes).subspan(offset, 4)).u32_le();
}

void put_crc(Bytes& bytes, std::size_t offset, ByteView of) {
    auto crc = ::crc32(0, of.data(), static_cast<unsigned>(of.size()));
    for (unsigned i = 0; i < 4; ++i) bytes[offset + i] = static_cast<std::uint8_t>(crc >> 8 * i);
}

/// Makes the CRCs right, where there is something to make right: the fuzzer cannot guess them, and
/// would never come past them.
void mend(Bytes& disk, std::size_t header) {
    if (disk.size() < header + 92) return;
    auto entries = std::size_t{number_at(disk, header + 72)} * header;
    auto length = std::uint64_t{number_at(disk, header + 80)} * number_at(disk, header + 84);
    if (entries < disk.size() && length <= disk.size() - entries)
        put_crc(disk, header + 88, ByteView(disk).subspan(entries, length));
    auto size = number_at(disk, header + 12);
    if (size < 92 || size > disk.size() - header) return;
    std::fill_n(disk.begin() + static_cast<std::ptrdiff_t>(header) + 16, 4, std::uint8_t{0});
    put_crc(disk, header + 16, ByteView(disk).subspan(header, size));
}

void exercise_gpt(ByteView input, std::uint32_t sector_size) {
    Bytes head(input.begin(), input.end());
    mend(head, sector_size);
    auto table = GptTable::parse(head, sector_size);
    if (!table || !table->move_to_end(kSectors)) return;
    auto added = table->add_last(131072, Guid::random(), Guid::random(), "config-2");
    Bytes disk = head;
    for (const auto& write : table->encode()) {
        if (write.offset + write.bytes.size() > kSectors * sector_size) std::abort();
        if (write.offset + write.bytes.size() > disk.size()) continue;
        std::ranges::copy(write.bytes, disk.begin() + static_cast<std::ptrdiff_t>(write.offset));
    }
    auto again = GptTable::parse(disk, sector_size);
    if (!again || again->partitions().size() != table->partitions().size()) std::abort();
    if (added && added->end() > kSectors) std::abort();
}

void exercise_mbr(ByteView head) {
    auto table = MbrTable::parse(head);
    if (!table) return;
    auto added = table->add_last(kSectors, 512, 131072, 0x0C);
    if (added && added->end() > kSectors) std::abort();
    if (table->encode().front().bytes.size() != 512) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView head{data, size};
    exercise_gpt(head, 512);
    exercise_gpt(head, 4096);
    exercise_mbr(head);
    (void)filesystem_label(head);
    return 0;
}
