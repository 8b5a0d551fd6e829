#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/disks.h"
#include "agent/machine_files.h"
#include "base/bytes.h"
#include "image/partition_table.h"

namespace ferrite::agent {

/// The disk that was written, for what comes after the image: its partition table is fitted to the
/// disk and gets a partition for the config drive. Blocking, a few reads and writes.
///
///     TargetDisk target(machine, disk);
///     target.fit_table();
///     target.write_config_drive(iso);
///
/// Errors: AgentError(deployment) that names the disk and what is wrong with its table.
class TargetDisk {
public:
    static constexpr std::uint64_t kConfigDriveBytes = 64 << 20;

    TargetDisk(const MachineFiles& machine, const Disk& disk);

    /// Moves the backup GPT to the end of the disk, when there is a GPT and it is elsewhere; then
    /// lets the kernel read the partitions. Throws when the disk has no partitions at all.
    void fit_table();

    /// Writes the config drive into the partition labelled `config-2`, or into a new one of 64 MiB
    /// at the end of the disk. Throws when it is larger than that.
    void write_config_drive(ByteView content);

    /// `0x1234abcd`, the DOS disk signature, which is how a whole-disk image is known afterwards; a
    /// GPT disk has `0x00000000`.
    std::string disk_signature() const;

    /// The partition with the EFI system files; nothing without a GPT or without one.
    std::optional<image::Partition> efi_system_partition() const;

private:
    Bytes read_head() const;
    std::vector<image::Partition> partitions(ByteView head) const;
    image::Partition config_drive_partition();
    image::Partition add_config_drive_partition(std::uint64_t sectors);
    void apply(const std::vector<image::DiskWrite>& writes);
    void reread_partitions();

    const MachineFiles& machine_;
    Disk disk_;
};

}  // namespace ferrite::agent
