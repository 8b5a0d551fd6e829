#include "agent/wipe_plan.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ferrite::agent {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

bool covers(const std::vector<ByteRange>& ranges, std::uint64_t offset, std::uint64_t length) {
    return std::ranges::any_of(ranges, [&](const ByteRange& range) {
        return range.offset <= offset && offset + length <= range.offset + range.length;
    });
}

TEST(WipePlan, CoversKnownSignatures) {
    const std::uint64_t size = 300ull << 30;
    auto ranges = signature_ranges(size);
    EXPECT_TRUE(covers(ranges, 0, 34 * 512)) << "MBR and primary GPT";
    EXPECT_TRUE(covers(ranges, size - 33 * 512, 33 * 512)) << "backup GPT";
    EXPECT_TRUE(covers(ranges, 1024, 1024)) << "ext superblock";
    EXPECT_TRUE(covers(ranges, 512, 512)) << "LVM label";
    EXPECT_TRUE(covers(ranges, 64 * 1024, 4096)) << "btrfs";
    EXPECT_TRUE(covers(ranges, 64 * kMiB, 4096)) << "btrfs copy";
    EXPECT_TRUE(covers(ranges, 256ull << 30, 4096)) << "btrfs second copy";
    EXPECT_TRUE(covers(ranges, 4 * kMiB, 4096)) << "LUKS2 second header";
    EXPECT_TRUE(covers(ranges, size - 128 * 1024, 64 * 1024)) << "MD 0.90";
    EXPECT_TRUE(covers(ranges, size - 512 * 1024, 512 * 1024)) << "ZFS labels";
}

TEST(WipePlan, StaysWithinSmallDisks) {
    EXPECT_EQ(signature_ranges(3 * kMiB), (std::vector<ByteRange>{{0, 3 * kMiB}}));
    EXPECT_EQ(signature_ranges(9 * kMiB), (std::vector<ByteRange>{{0, 9 * kMiB}}));
    EXPECT_TRUE(signature_ranges(0).empty());
}

TEST(WipePlan, CoversEndsOfPartitions) {
    const std::uint64_t size = 1000 * kMiB;
    auto ranges = signature_ranges(size, {{100 * kMiB, 50 * kMiB}, {500 * kMiB, 100 * kMiB}});
    EXPECT_TRUE(covers(ranges, 100 * kMiB, 8 * kMiB));
    EXPECT_TRUE(covers(ranges, 148 * kMiB, 2 * kMiB));
    EXPECT_TRUE(covers(ranges, 564 * kMiB, 4096));
    EXPECT_TRUE(std::ranges::is_sorted(ranges, {}, &ByteRange::offset));
}

TEST(WipePlan, IgnoresPartitionsBeyondTheEnd) {
    const std::uint64_t size = 100 * kMiB;
    auto ranges = signature_ranges(size, {{200 * kMiB, 50 * kMiB}, {90 * kMiB, UINT64_MAX}});
    for (const auto& range : ranges) EXPECT_LE(range.offset + range.length, size);
}

}  // namespace
}  // namespace ferrite::agent
