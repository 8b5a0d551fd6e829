#pragma once

#include <cstdint>
#include <vector>

#include "agent/disks.h"
#include "agent/machine_files.h"
#include "base/json.h"

namespace ferrite::agent {

/// How thoroughly to erase: the node's `driver_internal_info` (reference: agent.md section 9).
struct ErasePolicy {
    bool nvme_secure_erase = true;
    bool ata_secure_erase = true;
    bool continue_if_secure_erase_failed = false;
    bool skip_read_only = false;
    bool zeroize = true;       ///< Zeros as the last pass.
    unsigned iterations = 1;   ///< Passes of random bytes before it.
    unsigned concurrency = 1;  ///< Disks at a time.
    bool guard_special_filesystems = true;

    static ErasePolicy of_node(const Json& node);
};

/// Zeroes everything on the disk that announces content (see wipe_plan.h), then lets the kernel
/// forget the partitions. Throws Error that names the disk: in use, read-only, I/O error.
void erase_metadata(const MachineFiles& machine, const Disk& disk);

/// Erases all of the disk: the drive's own secure erase when it has one, else by overwriting.
/// Throws AgentError as the protocol wants. Blocks for as long as the disk needs.
void erase_disk(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy);

/// NVMe disks by secure erase; others, and those that refuse, by their metadata.
void erase_express(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy);

/// Throws AgentError(protected_device) when a partition belongs to a shared cluster file system
/// (GPFS, VMFS), which other machines may be using.
void refuse_shared_filesystems(const MachineFiles& machine, const Disk& disk);

/// The disks that steps may touch, last first: without the node's skip list and virtual media.
/// Read-only ones are kept.
std::vector<Disk> erasable_disks(const MachineFiles& machine, const Json& node);

}  // namespace ferrite::agent
