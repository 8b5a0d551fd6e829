#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "image/partition_table.h"

namespace ferrite::image {

namespace {

constexpr std::uint32_t kHeaderBytes = 92;
constexpr std::uint32_t kLargestEntryCount = 1024;
constexpr std::uint32_t kLargestEntrySize = 4096;
constexpr std::uint64_t kLargestSector = 1ULL << 52;  ///< Its byte offset still fits in 64 bits.
constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::size_t kNameUnits = 36;

constexpr std::size_t kMbrEntries = 446;
constexpr std::uint8_t kProtectiveType = 0xEE;

std::uint32_t crc_of(ByteView bytes) {
    return static_cast<std::uint32_t>(
        ::crc32(0, bytes.data(), static_cast<unsigned>(bytes.size())));
}

void put_u32(Bytes& bytes, std::size_t offset, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> 8 * i);
}

/// Names are UTF-16LE; what is outside the basic plane is shown as `?`.
std::string read_name(ByteReader in) {
    std::string name;
    for (std::size_t i = 0; i < kNameUnits; ++i) {
        auto unit = in.u16_le();
        if (unit == 0) break;
        if (unit < 0x80) {
            name += static_cast<char>(unit);
        } else if (unit < 0x800) {
            name += static_cast<char>(0xC0 | unit >> 6);
            name += static_cast<char>(0x80 | (unit & 0x3F));
        } else if (unit >= 0xD800 && unit < 0xE000) {
            name += '?';
        } else {
            name += static_cast<char>(0xE0 | unit >> 12);
            name += static_cast<char>(0x80 | (unit >> 6 & 0x3F));
            name += static_cast<char>(0x80 | (unit & 0x3F));
        }
    }
    return name;
}

Partition read_entry(ByteView entry, unsigned number) {
    ByteReader in(entry);
    Partition partition{.number = number};
    partition.type = Guid::from_disk(in.take(16));
    partition.id = Guid::from_disk(in.take(16));
    partition.first = in.u64_le();
    auto last = in.u64_le();
    // A nonsensical entry is kept as it is on disk, and counts as empty here.
    partition.count = last >= partition.first && last < UINT64_MAX ? last - partition.first + 1 : 0;
    in.skip(8);
    partition.name = read_name(in);
    return partition;
}

Bytes make_entry(const Partition& partition, std::uint32_t size) {
    ByteWriter out;
    out.raw(partition.type.bytes).raw(partition.id.bytes);
    out.u64_le(partition.first).u64_le(partition.end() - 1).u64_le(0);
    for (std::size_t i = 0; i < kNameUnits; ++i) {
        auto unit = i < partition.name.size() ? static_cast<unsigned char>(partition.name[i]) : 0;
        out.u16_le(static_cast<std::uint16_t>(unit));
    }
    out.zeros(size - out.size());
    return out.take();
}

/// Stretches the one protective entry over the disk; other, hybrid tables are left alone.
void protect_whole_disk(Bytes& sector, std::uint64_t disk_sectors) {
    ByteReader in(ByteView(sector).subspan(kMbrEntries, 64));
    for (std::size_t i = 0; i < 4; ++i) {
        ByteReader entry(in.take(16));
        entry.skip(4);
        auto type = entry.u8();
        entry.skip(3);
        auto start = entry.u32_le();
        if (i == 0 ? type != kProtectiveType || start != 1 : type != 0) return;
    }
    put_u32(sector, kMbrEntries + 12,
            static_cast<std::uint32_t>(std::min<std::uint64_t>(disk_sectors - 1, UINT32_MAX)));
}

}  // namespace

std::expected<GptTable, std::string> GptTable::parse(ByteView head, std::uint32_t sector_size) {
    auto wrong = [](std::string why) { return std::unexpected(std::move(why)); };
    if (sector_size < 512 || sector_size > 4096 || head.size() < 2 * std::size_t{sector_size})
        return wrong("no GPT");
    auto header = head.subspan(sector_size, sector_size);
    ByteReader in(header);
    if (as_text(in.take(8)) != "EFI PART") return wrong("no GPT");

    GptTable table;
    table.sector_size_ = sector_size;
    table.revision_ = in.u32_le();
    auto header_bytes = in.u32_le();
    auto header_crc = in.u32_le();
    in.skip(4);
    auto own_sector = in.u64_le();
    table.backup_sector_ = in.u64_le();
    table.first_usable_ = in.u64_le();
    table.last_usable_ = in.u64_le();
    table.disk_id_ = Guid::from_disk(in.take(16));
    table.entries_sector_ = in.u64_le();
    table.entry_count_ = in.u32_le();
    table.entry_size_ = in.u32_le();
    auto entries_crc = in.u32_le();

    if (header_bytes < kHeaderBytes || header_bytes > sector_size)
        return wrong(fmt::format("the GPT header claims a size of {} bytes", header_bytes));
    Bytes checked(header.begin(), header.begin() + header_bytes);
    put_u32(checked, 16, 0);
    if (crc_of(checked) != header_crc) return wrong("the CRC of the GPT header is wrong");
    if (own_sector != 1) return wrong("the GPT header says that it belongs elsewhere");
    if (table.entry_count_ == 0 || table.entry_count_ > kLargestEntryCount ||
        table.entry_size_ < 128 || table.entry_size_ > kLargestEntrySize ||
        table.entry_size_ % 8 != 0)
        return wrong(fmt::format("the GPT has {} entries of {} bytes, which is not supported",
                                 table.entry_count_, table.entry_size_));
    if (table.first_usable_ > table.last_usable_ || table.last_usable_ >= table.backup_sector_ ||
        table.backup_sector_ > kLargestSector)
        return wrong("the GPT leaves no usable sectors");

    auto entries_bytes = std::size_t{table.entry_count_} * table.entry_size_;
    auto head_sectors = head.size() / sector_size;
    if (table.entries_sector_ < 2 || table.entries_sector_ >= head_sectors ||
        entries_bytes > head.size() - table.entries_sector_ * sector_size)
        return wrong("the GPT entries are not at the start of the disk");
    auto entries = head.subspan(table.entries_sector_ * sector_size, entries_bytes);
    if (table.entries_sector_ + (entries_bytes + sector_size - 1) / sector_size >
        table.first_usable_)
        return wrong("the GPT entries reach into the usable sectors");
    if (crc_of(entries) != entries_crc) return wrong("the CRC of the GPT entries is wrong");
    table.entries_.assign(entries.begin(), entries.end());
    table.protective_mbr_.assign(head.begin(), head.begin() + sector_size);
    return table;
}

std::vector<Partition> GptTable::partitions() const {
    std::vector<Partition> found;
    for (unsigned i = 0; i < entry_count_; ++i) {
        auto partition = read_entry(entry(i), i + 1);
        if (!partition.type.is_zero()) found.push_back(std::move(partition));
    }
    return found;
}

std::expected<bool, std::string> GptTable::move_to_end(std::uint64_t disk_sectors) {
    auto reserved = 1 + entries_sectors();  // The backup's header and entries.
    if (disk_sectors <= reserved || disk_sectors - reserved <= first_usable_)
        return std::unexpected("the disk is too small for its partition table");
    auto backup = disk_sectors - 1;
    auto last_usable = backup - reserved;
    for (const auto& partition : partitions())
        if (partition.end() > last_usable + 1)
            return std::unexpected(
                fmt::format("partition {} ends at sector {}, but the disk has only {}",
                            partition.number, partition.end() - 1, disk_sectors));
    if (backup == backup_sector_ && last_usable == last_usable_) return false;
    backup_sector_ = backup;
    last_usable_ = last_usable;
    protect_whole_disk(protective_mbr_, disk_sectors);
    return true;
}

std::expected<Partition, std::string> GptTable::add_last(std::uint64_t sectors, const Guid& type,
                                                         const Guid& id, std::string_view name) {
    unsigned index = 0;
    while (index < entry_count_ && !read_entry(entry(index), 0).type.is_zero()) ++index;
    if (index == entry_count_) return std::unexpected("all entries of the GPT are in use");

    // From the end of the disk towards its start, gap by gap.
    auto used = partitions();
    std::ranges::sort(used, std::ranges::greater(), &Partition::first);
    const std::uint64_t aligned = kMiB / sector_size_;
    std::uint64_t gap_end = last_usable_ + 1;
    for (std::size_t i = 0; i <= used.size(); ++i) {
        auto gap_begin = i < used.size() ? std::max(used[i].end(), first_usable_) : first_usable_;
        if (gap_end >= sectors) {
            auto first = (gap_end - sectors) / aligned * aligned;
            if (first >= gap_begin) {
                Partition added{.number = index + 1, .first = first, .count = sectors};
                added.id = id;
                added.type = type;
                added.name = name;
                std::ranges::copy(make_entry(added, entry_size_),
                                  entries_.begin() + std::ptrdiff_t{index} * entry_size_);
                return added;
            }
        }
        if (i < used.size()) gap_end = std::min(gap_end, used[i].first);
    }
    return std::unexpected(fmt::format("no gap of {} sectors is free on the disk", sectors));
}

std::vector<DiskWrite> GptTable::encode() const {
    auto offset = [this](std::uint64_t sector) { return sector * sector_size_; };
    auto backup_entries = backup_sector_ - entries_sectors();
    Bytes padded = entries_;
    padded.resize(entries_sectors() * sector_size_);
    std::vector<DiskWrite> writes;
    writes.push_back({offset(backup_entries), padded});
    writes.push_back({offset(backup_sector_), header(backup_sector_, 1, backup_entries)});
    writes.push_back({offset(entries_sector_), entries_});
    writes.push_back({offset(1), header(1, backup_sector_, entries_sector_)});
    writes.push_back({0, protective_mbr_});
    return writes;
}

ByteView GptTable::entry(unsigned index) const {
    return ByteView(entries_).subspan(std::size_t{index} * entry_size_, entry_size_);
}

Bytes GptTable::header(std::uint64_t own, std::uint64_t other, std::uint64_t entries) const {
    ByteWriter out;
    out.text("EFI PART").u32_le(revision_).u32_le(kHeaderBytes).u32_le(0).u32_le(0);
    out.u64_le(own).u64_le(other).u64_le(first_usable_).u64_le(last_usable_);
    out.raw(disk_id_.bytes).u64_le(entries).u32_le(entry_count_).u32_le(entry_size_);
    out.u32_le(crc_of(entries_));
    auto crc = crc_of(out.bytes());
    out.zeros(sector_size_ - out.size());
    put_u32(out.bytes(), 16, crc);
    return out.take();
}

std::uint64_t GptTable::entries_sectors() const {
    return (entries_.size() + sector_size_ - 1) / sector_size_;
}

}  // namespace ferrite::image
