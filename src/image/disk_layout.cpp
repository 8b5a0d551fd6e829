#include "image/disk_layout.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "base/runtime.h"
#include "image/config_drive.h"
#include "image/file.h"
#include "image/image_error.h"
#include "image/partition_table.h"

namespace ferrite::image {

namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kPartitionBytes = 64 * kMiB;
constexpr std::string_view kLabel = "config-2";
constexpr std::string_view kLinuxData = "0fc63daf-8483-4772-8e79-3d69d8477de4";
constexpr std::uint8_t kFat32Lba = 0x0C;  ///< What partitioning tools give to such a partition.

void write_table(File& disk, const std::vector<DiskWrite>& writes) {
    for (const auto& write : writes) disk.write_at(write.offset, write.bytes);
    disk.sync();
}

/// The GPT of a disk; none when there is none. Throws InvalidImage when there is a broken one.
std::optional<GptTable> read_gpt(const File& disk) {
    auto table = GptTable::parse(disk.read_at(0, kTableBytes), disk.sector_size());
    if (table) return std::move(*table);
    if (table.error() == "no GPT") return std::nullopt;
    throw InvalidImage(fmt::format("The partition table of {} is unusable: {}.",
                                   disk.path().string(), table.error()));
}

bool fit_to_disk(GptTable& table, const File& disk) {
    auto moved = table.move_to_end(disk.size() / disk.sector_size());
    if (!moved)
        throw InvalidImage(fmt::format("The partition table on {} does not fit: {}.",
                                       disk.path().string(), moved.error()));
    return *moved;
}

bool is_config_drive(const File& disk, const Partition& partition) {
    auto offset = partition.first * disk.sector_size();
    if (partition.count == 0 || partition.first > disk.size() / disk.sector_size()) return false;
    auto label = filesystem_label(disk.read_at(offset, kLabelBytes));
    return std::ranges::equal(label, kLabel, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

/// The one partition that an image brought along for a config drive.
std::optional<Partition> find_config_drive(const File& disk, std::span<const Partition> all) {
    std::optional<Partition> found;
    for (const auto& partition : all) {
        if (!is_config_drive(disk, partition)) continue;
        if (found)
            throw InvalidValue(fmt::format("{} has two partitions labelled {} ({} and {}).",
                                           disk.path().string(), kLabel, found->number,
                                           partition.number));
        found = partition;
    }
    return found;
}

Partition added_partition(const File& disk, std::expected<Partition, std::string> added) {
    if (added) return std::move(*added);
    throw InvalidValue(fmt::format("No partition for the config drive can be added to {}: {}.",
                                   disk.path().string(), added.error()));
}

struct Choice {
    Partition partition;
    bool reused = false;
};

Choice choose_in_gpt(File& disk, GptTable table) {
    bool moved = fit_to_disk(table, disk);
    if (moved) write_table(disk, table.encode());
    if (auto found = find_config_drive(disk, table.partitions())) return {*found, true};
    auto added =
        added_partition(disk, table.add_last(kPartitionBytes / disk.sector_size(),
                                             *Guid::parse(kLinuxData), Guid::random(), kLabel));
    write_table(disk, table.encode());
    return {added, false};
}

Choice choose_in_mbr(File& disk) {
    auto table = MbrTable::parse(disk.read_at(0, kTableBytes));
    if (!table)
        throw InvalidValue(fmt::format("{} has no place for a config drive: {}.",
                                       disk.path().string(), table.error()));
    if (auto found = find_config_drive(disk, table->partitions())) return {*found, true};
    auto sector = disk.sector_size();
    auto added = added_partition(
        disk, table->add_last(disk.size() / sector, sector, kPartitionBytes / sector, kFat32Lba));
    write_table(disk, table->encode());
    return {added, false};
}

void check_size(const Bytes& image, std::uint64_t room, const File& disk) {
    if (image.size() > room)
        throw InvalidValue(fmt::format("The config drive has {} bytes, its place on {} only {}.",
                                       image.size(), disk.path().string(), room));
}

}  // namespace

bool move_backup_gpt(const std::filesystem::path& path) {
    File disk(path, O_RDWR);
    auto table = read_gpt(disk);
    if (!table || !fit_to_disk(*table, disk)) return false;
    write_table(disk, table->encode());
    log_info("DISK_GPT_FITTED", "disk={} backup_sector={}", path.string(), table->backup_sector());
    return true;
}

std::string disk_signature(const std::filesystem::path& path) {
    File disk(path, O_RDONLY);
    auto table = MbrTable::parse(disk.read_at(0, kTableBytes));
    return fmt::format("0x{:08x}", table ? table->disk_signature() : 0);
}

Task<ConfigDrivePlace> write_config_drive(std::filesystem::path path, Bytes image) {
    File disk(std::move(path), O_RDWR);
    check_size(image, kLargestConfigDrive, disk);
    constexpr std::uint32_t kIsoBlock = 2048;
    if (disk.sector_size() > kIsoBlock)
        throw InvalidValue(fmt::format(
            "{} has sectors of {} bytes; a config drive in ISO 9660 format cannot be used there.",
            disk.path().string(), disk.sector_size()));

    auto gpt = read_gpt(disk);
    auto choice = gpt ? choose_in_gpt(disk, std::move(*gpt)) : choose_in_mbr(disk);
    ConfigDrivePlace place{.partition = choice.partition.number,
                           .offset = choice.partition.first * disk.sector_size(),
                           .size = choice.partition.count * disk.sector_size(),
                           .reused = choice.reused};
    if (!choice.partition.id.is_zero()) place.partition_id = choice.partition.id.to_text();
    check_size(image, place.size, disk);

    for (std::size_t done = 0; done < image.size();) {
        auto count = std::min<std::size_t>(image.size() - done, kMiB);
        disk.write_at(place.offset + done, ByteView(image).subspan(done, count));
        done += count;
        co_await sleep_for({});
    }
    disk.sync();
    co_await reread_partitions(disk.path());
    log_info("DISK_CONFIG_DRIVE_WRITTEN", "disk={} partition={} offset={} bytes={} reused={}",
             disk.path().string(), place.partition, place.offset, image.size(), place.reused);
    co_return place;
}

Task<bool> reread_partitions(std::filesystem::path path) {
    constexpr int kAttempts = 15;
    constexpr std::chrono::milliseconds kPause{300};
    File disk(std::move(path), O_RDONLY);
    if (!disk.is_block_device()) co_return true;
    for (int attempt = 1;; ++attempt) {
        if (::ioctl(disk.descriptor(), BLKRRPART) == 0) co_return true;
        auto error = errno;
        if (error == EINVAL) co_return true;  // A device that has no partitions, as some loops.
        if (error != EBUSY) disk.fail("read the partition table again", error);
        if (attempt == kAttempts) break;
        co_await sleep_for(kPause);
    }
    log_warning("DISK_REREAD_BUSY", "disk={} reason=\"something holds one of its partitions\"",
                disk.path().string());
    co_return false;
}

}  // namespace ferrite::image
