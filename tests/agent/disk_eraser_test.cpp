#include "agent/disk_eraser.h"

#include <fstream>

#include <gtest/gtest.h>

#include "agent/agent_error.h"
#include "agent/made_up_machine.h"
#include "agent/target_disk.h"
#include "agent/wipe_plan.h"
#include "image/partition_table.h"

namespace ferrite::agent {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kDisk = 200 * kMiB;

class DiskTest : public testing::Test {
protected:
    DiskTest() {
        machine.add_disk("vda", kDisk);
        disk = list_disks(files).at(0);
    }

    void put(std::uint64_t offset, std::string_view text) {
        std::fstream out(machine.root() / "dev/vda",
                         std::ios::in | std::ios::out | std::ios::binary);
        out.seekp(static_cast<std::streamoff>(offset))
            .write(text.data(), static_cast<long>(text.size()));
    }
    std::string get(std::uint64_t offset, std::size_t length) {
        std::ifstream in(machine.root() / "dev/vda", std::ios::binary);
        std::string text(length, '?');
        in.seekg(static_cast<std::streamoff>(offset)).read(text.data(), static_cast<long>(length));
        return text;
    }
    /// An MBR with one Linux partition of 10 MiB at 1 MiB.
    void put_mbr() {
        std::string sector(512, '\0');
        sector[440] = '\x78', sector[441] = '\x56', sector[442] = '\x34', sector[443] = '\x12';
        sector[446 + 4] = '\x83';
        sector[446 + 9] = '\x08';   // First sector 2048, little endian.
        sector[446 + 13] = '\x50';  // 20480 sectors.
        sector[510] = '\x55', sector[511] = '\xaa';
        put(0, sector);
    }

    MadeUpMachine machine;
    MachineFiles files = machine.files();
    Disk disk;
};

TEST_F(DiskTest, LosesItsSignaturesAndNothingElse) {
    const std::string zeros(8, '\0');
    put(512, "LABELONE");
    put(kDisk - 512, "EFI PART");
    put(100 * kMiB, "CONTENT.");
    put(50 * kMiB, "PARTHEAD");
    machine.write("sys/block/vda/vda1/partition", "1");
    machine.write("sys/block/vda/vda1/start", std::to_string(50 * kMiB / 512));
    machine.write("sys/block/vda/vda1/size", std::to_string(20 * kMiB / 512));
    erase_metadata(files, disk);
    EXPECT_EQ(get(512, 8), zeros);
    EXPECT_EQ(get(kDisk - 512, 8), zeros);
    EXPECT_EQ(get(50 * kMiB, 8), zeros);
    EXPECT_EQ(get(100 * kMiB, 8), "CONTENT.");
}

TEST_F(DiskTest, IsOverwrittenWhole) {
    put(100 * kMiB, "CONTENT.");
    erase_disk(files, disk, {.iterations = 0});
    EXPECT_EQ(get(100 * kMiB, 8), std::string(8, '\0'));
    erase_disk(files, disk, {.zeroize = false, .iterations = 1});
    EXPECT_NE(get(100 * kMiB, 64), std::string(64, '\0'));
    EXPECT_NE(get(kDisk - 64, 64), std::string(64, '\0'));
}

TEST_F(DiskTest, IsRefusedWhenReadOnlyUnlessToldToSkip) {
    disk.read_only = true;
    EXPECT_THROW(erase_disk(files, disk, {}), AgentError);
    EXPECT_NO_THROW(erase_disk(files, disk, {.skip_read_only = true}));
}

TEST_F(DiskTest, IsProtectedWhenItBelongsToACluster) {
    put_mbr();
    EXPECT_NO_THROW(refuse_shared_filesystems(files, disk));
    put(446 + 4, "\xfb");
    EXPECT_THROW(refuse_shared_filesystems(files, disk), AgentError);
}

TEST(ErasePolicy, ReadsTheNodesWishes) {
    auto policy = ErasePolicy::of_node(parse_json(R"({"driver_internal_info":{
        "agent_erase_devices_iterations":"3","agent_erase_devices_zeroize":false,
        "agent_continue_if_ata_erase_failed":"True","disk_erasure_concurrency":4}})"));
    EXPECT_EQ(policy.iterations, 3u);
    EXPECT_FALSE(policy.zeroize);
    EXPECT_TRUE(policy.continue_if_secure_erase_failed);
    EXPECT_TRUE(policy.nvme_secure_erase);
    EXPECT_EQ(policy.concurrency, 4u);
    EXPECT_EQ(ErasePolicy::of_node(nullptr).iterations, 1u);
}

TEST_F(DiskTest, TakesAConfigDriveBehindAnMbrImage) {
    put_mbr();
    TargetDisk target(files, disk);
    target.fit_table();
    EXPECT_EQ(target.disk_signature(), "0x12345678");
    EXPECT_EQ(target.efi_system_partition(), std::nullopt);
    const std::string content(1000, 'c');
    target.write_config_drive(as_bytes(content));
    auto head = get(0, 512);
    auto table = image::MbrTable::parse(as_bytes(head));
    ASSERT_TRUE(table);
    ASSERT_EQ(table->partitions().size(), 2u);
    auto added = table->partitions()[1];
    EXPECT_EQ(added.count * 512, TargetDisk::kConfigDriveBytes);
    EXPECT_EQ(get(added.first * 512, content.size()), content);
}

TEST_F(DiskTest, ReusesTheConfigDrivePartitionOfTheImage) {
    put_mbr();
    std::string volume(2048, '\0');
    volume.replace(0, 6, std::string("\1CD001", 6));
    volume.replace(40, 32, "config-2                        ");
    put(kMiB + 32768, volume);
    TargetDisk(files, disk).write_config_drive(as_bytes("new content"));
    EXPECT_EQ(get(kMiB, 11), "new content");
}

TEST_F(DiskTest, RefusesAnImageWithoutPartitions) {
    EXPECT_THROW(TargetDisk(files, disk).fit_table(), AgentError);
    EXPECT_THROW(TargetDisk(files, disk).write_config_drive(as_bytes("x")), AgentError);
    EXPECT_THROW(TargetDisk(files, disk).write_config_drive(Bytes(65 * kMiB)), AgentError);
}

}  // namespace
}  // namespace ferrite::agent
