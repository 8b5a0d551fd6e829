#include "agent/wipe_plan.h"

#include <algorithm>

namespace ferrite::agent {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
/// The furthest signature near the start is the second LUKS2 header, at 4 MiB at most.
constexpr std::uint64_t kHead = 8 * kMiB;
/// Firmware RAID, MD 0.90 and 1.0, ZFS and the backup GPT all live in the last mebibyte.
constexpr std::uint64_t kTail = 2 * kMiB;
/// btrfs keeps copies of its superblock here.
constexpr std::uint64_t kCopies[] = {64 * kMiB, 256 * kMiB * 1024};
constexpr std::uint64_t kCopyLength = 64 * 1024;

void add_clipped(std::vector<ByteRange>& ranges, ByteRange range, std::uint64_t size) {
    if (range.offset >= size) return;
    range.length = std::min(range.length, size - range.offset);
    if (range.length > 0) ranges.push_back(range);
}

std::vector<ByteRange> merged(std::vector<ByteRange> ranges) {
    std::ranges::sort(ranges, {}, &ByteRange::offset);
    std::vector<ByteRange> out;
    for (const auto& range : ranges) {
        if (!out.empty() && range.offset <= out.back().offset + out.back().length) {
            auto end = std::max(out.back().offset + out.back().length, range.offset + range.length);
            out.back().length = end - out.back().offset;
        } else {
            out.push_back(range);
        }
    }
    return out;
}

}  // namespace

std::vector<ByteRange> signature_ranges(std::uint64_t size) {
    std::vector<ByteRange> ranges;
    add_clipped(ranges, {0, kHead}, size);
    add_clipped(ranges, {size > kTail ? size - kTail : 0, kTail}, size);
    for (auto copy : kCopies) add_clipped(ranges, {copy, kCopyLength}, size);
    return merged(std::move(ranges));
}

std::vector<ByteRange> signature_ranges(std::uint64_t size,
                                        const std::vector<ByteRange>& partitions) {
    auto ranges = signature_ranges(size);
    for (const auto& partition : partitions)
        for (const auto& inner : signature_ranges(partition.length))
            // Both sums are bounded by the disk, whatever a damaged table claims.
            if (partition.offset < size && inner.offset < size - partition.offset)
                add_clipped(ranges, {partition.offset + inner.offset, inner.length}, size);
    return merged(std::move(ranges));
}

}  // namespace ferrite::agent
