#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "image/guid.h"

namespace ferrite::image {

/// Bytes that must go to a place on the disk for a change of its partition table to take effect. To
/// be done in order.
struct DiskWrite {
    std::uint64_t offset = 0;  ///< Bytes.
    Bytes bytes;
};

/// A partition, in logical sectors of its disk.
struct Partition {
    unsigned number = 0;  ///< From 1, as in /dev/sda1.
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    Guid id;                    ///< GPT only.
    Guid type;                  ///< GPT only.
    std::uint8_t mbr_type = 0;  ///< MBR only.
    std::string name;           ///< GPT only; UTF-8.

    std::uint64_t end() const { return first + count; }  ///< The sector after the last.
};

/// How much from the start of a disk the parsers want.
inline constexpr std::size_t kTableBytes = 1024 * 1024;

/// A GUID partition table (UEFI 2.10 section 5.3). Pure: reads and makes sectors, touches no disk.
///
///     auto table = GptTable::parse(head, 512);
///     if (table && table->move_to_end(disk_sectors)) for (auto& w : table->encode()) ...
class GptTable {
public:
    /// Reads protective MBR, primary header and entries from the first `kTableBytes` of a disk. An
    /// error says what is wrong; "no GPT" when there simply is none.
    static std::expected<GptTable, std::string> parse(ByteView head, std::uint32_t sector_size);

    std::vector<Partition> partitions() const;
    Guid disk_id() const { return disk_id_; }
    std::uint64_t backup_sector() const { return backup_sector_; }

    /// Makes the last sector of the disk the place of the backup header and everything before it
    /// usable. False when the table is there already. An error when partitions are beyond the end.
    std::expected<bool, std::string> move_to_end(std::uint64_t disk_sectors);

    /// Adds a partition of `sectors` in the last gap that takes it, starting at a full MiB. Call
    /// move_to_end() before. An error when no gap or no entry is free.
    std::expected<Partition, std::string> add_last(std::uint64_t sectors, const Guid& type,
                                                   const Guid& id, std::string_view name);

    /// The whole table: backup first, so that a power cut leaves one valid header.
    std::vector<DiskWrite> encode() const;

private:
    ByteView entry(unsigned index) const;
    Bytes header(std::uint64_t own, std::uint64_t other, std::uint64_t entries) const;
    std::uint64_t entries_sectors() const;

    std::uint32_t sector_size_ = 512;
    std::uint64_t backup_sector_ = 0;
    std::uint64_t first_usable_ = 0;
    std::uint64_t last_usable_ = 0;
    std::uint64_t entries_sector_ = 0;  ///< Of the primary table.
    std::uint32_t entry_count_ = 0;
    std::uint32_t entry_size_ = 0;
    std::uint32_t revision_ = 0;
    Guid disk_id_;
    Bytes entries_;
    Bytes protective_mbr_;  ///< Sector 0.
};

/// A DOS partition table, primary partitions only. Pure, like GptTable.
class MbrTable {
public:
    /// From the first sector of a disk. An error when there is no table, or when it only protects a
    /// GPT.
    static std::expected<MbrTable, std::string> parse(ByteView head);

    std::vector<Partition> partitions() const;
    std::uint32_t disk_signature() const;

    /// Adds a primary partition behind all others, as far at the end as 32-bit sectors reach,
    /// starting at a full MiB. An error when four exist or there is no room.
    std::expected<Partition, std::string> add_last(std::uint64_t disk_sectors,
                                                   std::uint32_t sector_size, std::uint64_t sectors,
                                                   std::uint8_t type);

    std::vector<DiskWrite> encode() const;

private:
    Bytes sector_;
};

/// The label of the file system at the start of a partition, from its first `kLabelBytes`: ISO
/// 9660, FAT, ext2/3/4. Empty when there is none.
inline constexpr std::size_t kLabelBytes = 40 * 1024;
std::string filesystem_label(ByteView head);

}  // namespace ferrite::image
