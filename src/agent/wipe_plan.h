#pragma once

#include <cstdint>
#include <vector>

namespace ferrite::agent {

/// A stretch of a disk.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    bool operator==(const ByteRange&) const = default;
};

/// What must be zeroed on a disk (or partition) of `size` bytes so that nothing recognises former
/// content: both ends, which hold the MBR, both GPTs and the signatures of file systems, LVM, MD,
/// LUKS, ZFS and firmware RAID, and the places further in where some formats keep copies.
std::vector<ByteRange> signature_ranges(std::uint64_t size);

/// The same for a disk with partitions, whose contents have signatures of their own. Ranges are in
/// order, do not overlap and end within the disk.
std::vector<ByteRange> signature_ranges(std::uint64_t size,
                                        const std::vector<ByteRange>& partitions);

}  // namespace ferrite::agent
