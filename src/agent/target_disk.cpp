#include "agent/target_disk.h"

#include <algorithm>
#include <thread>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "agent/agent_error.h"
#include "base/log.h"
#include "image/file.h"

namespace ferrite::agent {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::string_view kLinuxFilesystem = "0fc63daf-8483-4772-8e79-3d69d8477de4";
constexpr std::string_view kEfiSystem = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
constexpr std::uint8_t kMbrFat32 = 0x0c;
constexpr std::size_t kSignatureOffset = 440;

bool labelled_config_drive(std::string_view label) {
    return lower_case(label) == "config-2";
}

}  // namespace

TargetDisk::TargetDisk(const MachineFiles& machine, const Disk& disk)
    : machine_(machine), disk_(disk) {}

void TargetDisk::fit_table() {
    auto head = read_head();
    if (auto gpt = image::GptTable::parse(head, disk_.logical_sector)) {
        auto moved = gpt->move_to_end(disk_.size / disk_.logical_sector);
        if (!moved)
            throw AgentError(Fault::deployment, fmt::format("{}: {}", disk_.name, moved.error()));
        if (*moved) {
            apply(gpt->encode());
            log_info("AGENT_BACKUP_GPT_MOVED", "disk={}", disk_.name);
        }
    }
    if (partitions(head).empty())
        throw AgentError(Fault::deployment,
                         fmt::format("the image has no partition table that fits {} ({}-byte "
                                     "sectors); is it a whole-disk image?",
                                     disk_.name, disk_.logical_sector));
    reread_partitions();
}

void TargetDisk::write_config_drive(ByteView content) {
    if (content.size() > kConfigDriveBytes)
        throw AgentError(Fault::deployment,
                         fmt::format("the config drive has {} MiB; at most 64 MiB are possible",
                                     content.size() / kMiB));
    auto partition = config_drive_partition();
    auto room = partition.count * disk_.logical_sector;
    if (content.size() > room)
        throw AgentError(Fault::deployment,
                         fmt::format("the config drive does not fit partition {} of {}",
                                     partition.number, disk_.name));
    image::File file(machine_.dev(disk_.name), O_RDWR);
    // A device takes whole sectors only.
    Bytes padded(content.begin(), content.end());
    padded.resize((padded.size() + disk_.logical_sector - 1) / disk_.logical_sector *
                  disk_.logical_sector);
    file.write_at(partition.first * disk_.logical_sector, padded);
    file.sync();
    log_info("AGENT_CONFIG_DRIVE_WRITTEN", "disk={} partition={} bytes={}", disk_.name,
             partition.number, content.size());
}

std::string TargetDisk::disk_signature() const {
    auto head = read_head();
    if (head.size() < kSignatureOffset + 4) return "0x00000000";
    ByteReader in(ByteView(head).subspan(kSignatureOffset));
    return fmt::format("0x{:08x}", in.u32_le());
}

std::optional<image::Partition> TargetDisk::efi_system_partition() const {
    for (const auto& partition : partitions(read_head()))
        if (partition.type.to_text() == kEfiSystem) return partition;
    return std::nullopt;
}

Bytes TargetDisk::read_head() const {
    return image::File(machine_.dev(disk_.name), O_RDONLY).read_at(0, image::kTableBytes);
}

std::vector<image::Partition> TargetDisk::partitions(ByteView head) const {
    if (auto gpt = image::GptTable::parse(head, disk_.logical_sector)) return gpt->partitions();
    if (auto mbr = image::MbrTable::parse(head)) return mbr->partitions();
    return {};
}

/// The image's own config drive partition when it brings one, else a new one.
image::Partition TargetDisk::config_drive_partition() {
    std::vector<image::Partition> found;
    {
        image::File file(machine_.dev(disk_.name), O_RDONLY);
        for (const auto& partition : partitions(read_head())) {
            auto start = file.read_at(partition.first * disk_.logical_sector, image::kLabelBytes);
            if (labelled_config_drive(image::filesystem_label(start))) found.push_back(partition);
        }
    }
    if (found.size() > 1)
        throw AgentError(Fault::deployment,
                         fmt::format("{} partitions of {} are labelled config-2; one can be used",
                                     found.size(), disk_.name));
    if (!found.empty()) return found.front();
    return add_config_drive_partition(kConfigDriveBytes / disk_.logical_sector);
}

image::Partition TargetDisk::add_config_drive_partition(std::uint64_t sectors) {
    auto head = read_head();
    auto disk_sectors = disk_.size / disk_.logical_sector;
    auto failed = [&](const std::string& why) {
        return AgentError(Fault::deployment,
                          fmt::format("no config drive partition on {}: {}", disk_.name, why));
    };
    image::Partition added;
    if (auto gpt = image::GptTable::parse(head, disk_.logical_sector)) {
        auto moved = gpt->move_to_end(disk_sectors);
        if (!moved) throw failed(moved.error());
        auto type = image::Guid::parse(kLinuxFilesystem).value();
        auto partition = gpt->add_last(sectors, type, image::Guid::random(), "");
        if (!partition) throw failed(partition.error());
        apply(gpt->encode());
        added = *partition;
    } else if (auto mbr = image::MbrTable::parse(head)) {
        auto partition = mbr->add_last(disk_sectors, disk_.logical_sector, sectors, kMbrFat32);
        if (!partition) throw failed(partition.error());
        apply(mbr->encode());
        added = *partition;
    } else {
        throw failed("it has no partition table");
    }
    reread_partitions();
    return added;
}

void TargetDisk::apply(const std::vector<image::DiskWrite>& writes) {
    image::File file(machine_.dev(disk_.name), O_RDWR);
    for (const auto& write : writes) file.write_at(write.offset, write.bytes);
    file.sync();
}

void TargetDisk::reread_partitions() {
    // Another reader (a udev of the ramdisk) may hold the disk for a moment.
    constexpr int kTries = 10;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        image::File file(machine_.dev(disk_.name), O_RDONLY);
        if (!file.is_block_device() || ::ioctl(file.descriptor(), BLKRRPART) == 0) return;
        if (errno != EBUSY) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    log_warning("AGENT_PARTITIONS_NOT_REREAD", "disk={}", disk_.name);
}

}  // namespace ferrite::agent
