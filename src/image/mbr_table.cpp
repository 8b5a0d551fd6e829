#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "image/partition_table.h"

namespace ferrite::image {

namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kSignature = 440;
constexpr std::size_t kEntries = 446;
constexpr std::size_t kEntryBytes = 16;
constexpr unsigned kEntryCount = 4;
constexpr std::uint8_t kProtectiveType = 0xEE;
constexpr std::uint64_t kMiB = 1024 * 1024;

}  // namespace

std::expected<MbrTable, std::string> MbrTable::parse(ByteView head) {
    if (head.size() < kSector || head[510] != 0x55 || head[511] != 0xAA)
        return std::unexpected("no partition table");
    MbrTable table;
    table.sector_.assign(head.begin(), head.begin() + kSector);
    for (unsigned i = 0; i < kEntryCount; ++i) {
        auto flag = head[kEntries + kEntryBytes * i];
        if (flag != 0 && flag != 0x80) return std::unexpected("no partition table");
    }
    for (const auto& partition : table.partitions())
        if (partition.mbr_type == kProtectiveType)
            return std::unexpected("the MBR only protects a GPT");
    return table;
}

std::vector<Partition> MbrTable::partitions() const {
    std::vector<Partition> found;
    for (unsigned i = 0; i < kEntryCount; ++i) {
        ByteReader in(ByteView(sector_).subspan(kEntries + kEntryBytes * i, kEntryBytes));
        in.skip(4);
        Partition partition{.number = i + 1};
        partition.mbr_type = in.u8();
        in.skip(3);
        partition.first = in.u32_le();
        partition.count = in.u32_le();
        if (partition.mbr_type != 0) found.push_back(std::move(partition));
    }
    return found;
}

std::uint32_t MbrTable::disk_signature() const {
    ByteReader in(ByteView(sector_).subspan(kSignature, 4));
    return in.u32_le();
}

std::expected<Partition, std::string> MbrTable::add_last(std::uint64_t disk_sectors,
                                                         std::uint32_t sector_size,
                                                         std::uint64_t sectors, std::uint8_t type) {
    auto used = partitions();
    unsigned free_number = 1;
    std::uint64_t behind_all = 1;
    for (const auto& partition : used) {
        if (partition.number == free_number) ++free_number;
        behind_all = std::max(behind_all, partition.end());
    }
    if (free_number > kEntryCount) return std::unexpected("all four primary partitions are in use");

    auto reachable = std::min<std::uint64_t>(disk_sectors, UINT32_MAX);
    const auto aligned = kMiB / sector_size;
    auto first = reachable < sectors ? 0 : (reachable - sectors) / aligned * aligned;
    if (first < behind_all)
        return std::unexpected(
            fmt::format("no {} sectors are free behind the last partition", sectors));

    Partition added{.number = free_number, .first = first, .count = sectors, .mbr_type = type};
    // Cylinders, heads and sectors are long meaningless: the values that say "use the LBA".
    constexpr std::array<std::uint8_t, 3> kUseLba{0xFE, 0xFF, 0xFF};
    ByteWriter out;
    out.u8(0).raw(kUseLba).u8(type).raw(kUseLba);
    out.u32_le(static_cast<std::uint32_t>(first)).u32_le(static_cast<std::uint32_t>(sectors));
    std::ranges::copy(out.bytes(), sector_.begin() + kEntries + kEntryBytes * (free_number - 1));
    return added;
}

std::vector<DiskWrite> MbrTable::encode() const {
    return {{0, sector_}};
}

}  // namespace ferrite::image
