#include "agent/disks.h"

#include <gtest/gtest.h>

#include "agent/made_up_machine.h"

namespace ferrite::agent {
namespace {

TEST(Disks, AreReadFromSysfs) {
    MadeUpMachine machine;
    machine.add_disk("vda", 5ull << 30);
    machine.write("sys/block/vda/serial", "abc123\n");
    auto disks = list_disks(machine.files());
    ASSERT_EQ(disks.size(), 1u);
    EXPECT_EQ(disks[0].name, "/dev/vda");
    EXPECT_EQ(disks[0].size, 5ull << 30);
    EXPECT_EQ(disks[0].serial, "abc123");
    EXPECT_EQ(disks[0].transport, "virtio");
    EXPECT_EQ(disks[0].by_path, "/dev/disk/by-path/pci-0000:00:04.0");
    EXPECT_EQ(disks[0].model, std::nullopt);
    EXPECT_FALSE(disks[0].rotational);
}

TEST(Disks, LeaveOutWhatIsNoDisk) {
    MadeUpMachine machine;
    for (auto name : {"fd0", "ram1", "zram0", "loop3", "sr0"}) machine.add_disk(name, 1 << 30);
    machine.add_disk("sda", 0);
    machine.add_disk("nvme0c0n1", 1 << 30);
    machine.write("sys/block/nvme0c0n1/hidden", "1");
    machine.add_disk("dm-0", 1 << 30);
    machine.write("sys/block/dm-0/dm/uuid", "CRYPT-1");
    EXPECT_TRUE(list_disks(machine.files()).empty());
}

TEST(Disks, ShowAMultipathMapInPlaceOfItsMembers) {
    MadeUpMachine machine;
    machine.add_disk("sda", 1 << 30);
    machine.add_disk("dm-0", 1 << 30);
    machine.write("sys/block/dm-0/dm/uuid", "mpath-3600");
    machine.write("sys/block/sda/holders/dm-0", "");
    auto disks = list_disks(machine.files());
    ASSERT_EQ(disks.size(), 1u);
    EXPECT_EQ(disks[0].name, "/dev/dm-0");
}

TEST(Disks, SplitALongWorldWideName) {
    MadeUpMachine machine;
    machine.add_disk("sda", 1 << 30);
    machine.write("sys/block/sda/device/wwid", "naa.600508b1001c1f7e3d8b5e7a0c1d2e3f\n");
    machine.write("sys/block/sda/device/vpd_pg80", std::string("\0\x80\0\x06 XYZ9 ", 10));
    machine.write("sys/block/sda/device/scsi_device/2:0:0:1/x", "");
    auto disk = list_disks(machine.files()).at(0);
    EXPECT_EQ(disk.wwn, "0x600508b1001c1f7e3d8b5e7a0c1d2e3f");
    EXPECT_EQ(disk.wwn_base, "0x600508b1001c1f7e");
    EXPECT_EQ(disk.wwn_vendor_extension, "0x3d8b5e7a0c1d2e3f");
    EXPECT_EQ(disk.serial, "XYZ9");
    EXPECT_EQ(disk.hctl, "2:0:0:1");
}

TEST(Disks, ListTheirPartitions) {
    MadeUpMachine machine;
    machine.add_disk("sda", 1 << 30);
    machine.write("sys/block/sda/sda1/partition", "1");
    machine.write("sys/block/sda/sda2/partition", "2");
    EXPECT_EQ(list_partitions(machine.files(), "sda"), (std::vector<std::string>{"sda1", "sda2"}));
}

TEST(PathId, IsWhatUdevWouldSay) {
    EXPECT_EQ(
        path_id("/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda",
                "sda"),
        "pci-0000:00:1f.2-ata-1");
    EXPECT_EQ(
        path_id("/sys/devices/pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0/nvme0n1", "nvme0n1"),
        "pci-0000:02:00.0-nvme-1");
    EXPECT_EQ(
        path_id("/sys/devices/pci0000:00/0000:00:05.0/host7/target7:2:1/7:2:1:0/block/sdb", "sdb"),
        "pci-0000:00:05.0-scsi-0:2:1:0");
    EXPECT_EQ(path_id("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host3/target3:0:0/"
                      "3:0:0:0/block/sdc",
                      "sdc"),
              "pci-0000:00:14.0-usb-0:2:1.0-scsi-0:0:0:0");
    EXPECT_EQ(path_id("/sys/devices/virtual/block/md0", "md0"), std::nullopt);
}

TEST(VirtualMedia, IsToldByItsLabelOrModel) {
    MadeUpMachine machine;
    machine.add_disk("sdb", 1 << 20);
    auto disk = list_disks(machine.files()).at(0);
    EXPECT_FALSE(is_virtual_media(machine.files(), disk));
    machine.link("dev/disk/by-label/ir-vfd-dev", "../../sdb");
    EXPECT_TRUE(is_virtual_media(machine.files(), disk));
    disk.name = "/dev/sdc";
    disk.model = "Virtual Media HD";
    EXPECT_TRUE(is_virtual_media(machine.files(), disk));
}

}  // namespace
}  // namespace ferrite::agent
