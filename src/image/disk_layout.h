#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/task.h"

namespace ferrite::image {

/// Fits the partition table to the disk after an image was written: the backup GPT header goes to
/// the last sector, and the space behind the image becomes usable. True when something changed;
/// false when the table was right, or there is no GPT. Throws InvalidImage when the table is
/// damaged or the disk too small for it, StorageFailed.
bool move_backup_gpt(const std::filesystem::path& disk);

/// The disk signature of an MBR as the conductor expects it for a whole-disk image: `0x%08x`, all
/// zero for a GPT.
std::string disk_signature(const std::filesystem::path& disk);

/// Where a config drive went.
struct ConfigDrivePlace {
    unsigned partition = 0;    ///< Its number.
    std::uint64_t offset = 0;  ///< Bytes from the start of the disk.
    std::uint64_t size = 0;    ///< Bytes of the partition.
    bool reused = false;       ///< The image had a partition for it.
    std::string partition_id;  ///< PARTUUID; empty for an MBR.
};

/// Writes a config drive (see config_drive.h) to a whole disk that holds an image: into the
/// partition whose file system is labelled `config-2` when there is one, else into a new one of 64
/// MiB at the end of the disk, in the GPT or the MBR. A GPT is fitted to the disk first. The kernel
/// is asked to read the partition table again.
///
/// Throws InvalidValue (too large, two partitions labelled config-2, no free space or entry, a disk
/// with 4096-byte sectors, on which ISO 9660 cannot be mounted) and what move_backup_gpt() throws.
Task<ConfigDrivePlace> write_config_drive(std::filesystem::path disk, Bytes image);

/// Asks the kernel to read the partition table of a disk again, several times while the disk is
/// busy. False when it stays busy. Nothing happens, and true, for a file.
Task<bool> reread_partitions(std::filesystem::path disk);

}  // namespace ferrite::image
