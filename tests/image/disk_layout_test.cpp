#include "image/disk_layout.h"

#include "image/config_drive.h"
#include "image/image_error.h"
#include "image/partition_table.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

TEST(Guid, TextAndDiskOrder) {
    auto guid = Guid::parse("0FC63DAF-8483-4772-8E79-3D69D8477DE4");
    ASSERT_TRUE(guid);
    EXPECT_EQ(guid->to_text(), "0fc63daf-8483-4772-8e79-3d69d8477de4");
    EXPECT_EQ(guid->bytes[0], 0xaf);
    EXPECT_FALSE(Guid::parse("nothing"));
    EXPECT_NE(Guid::random(), Guid::random());
}

class DiskLayoutTest : public ImageTest {
protected:
    void make(const std::string& size, const std::string& script, const std::string& label) {
        ASSERT_EQ(
            shell("rm -f " + disk() + " && truncate -s " + size + " " + disk() + " && printf '" +
                  script + "' | /usr/sbin/sfdisk -q -X " + label + " " + disk()),
            0);
    }
    void grow(const std::string& size) {
        ASSERT_EQ(shell("truncate -s " + size + " " + disk()), 0);
    }
    std::string disk() { return (scratch_ / "disk.img").string(); }
    std::string verify() {
        std::string output;
        shell("/usr/sbin/sgdisk -v " + disk(), &output);
        return output;
    }
    std::string dump() {
        std::string output;
        shell("/usr/sbin/sfdisk -d " + disk(), &output);
        return output;
    }
    ConfigDrivePlace place(Bytes image) {
        return await(write_config_drive(disk(), std::move(image)));
    }
    Bytes drive() {
        ConfigDriveContents contents;
        contents.identify("uuid-1", "node-1");
        return build_config_drive(contents);
    }
    void expect_content(const ConfigDrivePlace& place, const Bytes& image) {
        EXPECT_TRUE(read_file(disk()).substr(place.offset, image.size()) == as_text(image));
    }
};

TEST_F(DiskLayoutTest, MovesTheBackupHeaderToTheEnd) {
    make("100M", "size=20M, name=root\\nsize=10M\\n", "gpt");
    EXPECT_FALSE(move_backup_gpt(disk()));
    grow("300M");
    EXPECT_NE(verify().find("Problem"), std::string::npos);
    EXPECT_TRUE(move_backup_gpt(disk()));
    EXPECT_NE(verify().find("No problems found"), std::string::npos) << verify();
    EXPECT_NE(dump().find("name=\"root\""), std::string::npos);
    EXPECT_FALSE(move_backup_gpt(disk())) << "the second time there is nothing to do";
    EXPECT_EQ(disk_signature(disk()), "0x00000000");
}

TEST_F(DiskLayoutTest, RefusesADiskThatIsTooSmall) {
    make("100M", "size=90M\\n", "gpt");
    grow("50M");
    EXPECT_THROW(move_backup_gpt(disk()), InvalidImage);
}

TEST_F(DiskLayoutTest, ADamagedTableIsNotTouched) {
    make("100M", "size=20M\\n", "gpt");
    auto content = read_file(disk());
    content[512 + 40] ^= 1;
    write_file(disk(), content);
    auto message = error_of([&] { move_backup_gpt(disk()); });
    EXPECT_NE(message.find("CRC"), std::string::npos) << message;
    write_file(disk(), noise(1 << 20));
    EXPECT_FALSE(move_backup_gpt(disk())) << "no table, nothing to do";
}

TEST_F(DiskLayoutTest, AddsAConfigDriveToAGpt) {
    make("100M", "size=20M\\n", "gpt");
    grow("300M");
    auto image = drive();
    auto where = place(image);
    EXPECT_EQ(where.partition, 2U);
    EXPECT_EQ(where.size, 64U << 20);
    EXPECT_EQ(where.offset % (1 << 20), 0U);
    EXPECT_GE(where.offset, (300U - 66U) << 20) << "at the end";
    EXPECT_FALSE(where.reused);
    expect_content(where, image);
    EXPECT_NE(verify().find("No problems found"), std::string::npos) << verify();
    auto text = dump();
    EXPECT_NE(text.find("name=\"config-2\""), std::string::npos) << text;

    auto again = place(image);
    EXPECT_TRUE(again.reused) << "the label is found the second time";
    EXPECT_EQ(again.offset, where.offset);
    EXPECT_EQ(again.partition_id, where.partition_id);
}

TEST_F(DiskLayoutTest, UsesTheLastGapThatIsLargeEnough) {
    make("300M", "start=1M,size=10M\\nstart=200M,size=60M\\n", "gpt");
    auto where = place(drive());
    EXPECT_EQ(where.offset, (200U - 64U) << 20);
    EXPECT_NE(verify().find("No problems found"), std::string::npos) << verify();
    make("100M", "size=50M\\n", "gpt");
    auto message = error_of([&] { place(drive()); });
    EXPECT_NE(message.find("no gap"), std::string::npos) << message;
}

TEST_F(DiskLayoutTest, AddsAConfigDriveToAnMbr) {
    make("200M", "label-id: 0x12345678\\nsize=20M\\n", "dos");
    auto image = drive();
    auto where = place(image);
    EXPECT_EQ(where.partition, 2U);
    EXPECT_EQ(where.offset, (200U - 64U) << 20);
    expect_content(where, image);
    auto text = dump();
    EXPECT_NE(text.find("type=c"), std::string::npos) << text;
    EXPECT_TRUE(place(image).reused);
    EXPECT_EQ(disk_signature(disk()), "0x12345678");

    make("200M", "size=1M\\nsize=1M\\nsize=1M\\nsize=1M\\n", "dos");
    EXPECT_THROW(place(image), InvalidValue);
    make("200M", "size=190M\\n", "dos");
    EXPECT_THROW(place(image), InvalidValue);
}

TEST_F(DiskLayoutTest, RefusesWhatCannotBePlaced) {
    make("300M", "size=20M\\n", "gpt");
    EXPECT_THROW(place(Bytes((64 << 20) + 1)), InvalidValue);
    write_file(disk(), noise(1 << 20));
    EXPECT_THROW(place(drive()), InvalidValue);
}

TEST_F(DiskLayoutTest, FindsLabelsOfFileSystems) {
    auto path = (scratch_ / "fs").string();
    for (const std::string command :
         {"mkfs.vfat -n CONFIG-2", "mkfs.vfat -F 32 -n CONFIG-2", "mkfs.ext4 -q -L CONFIG-2"}) {
        ASSERT_EQ(shell("rm -f " + path + " && truncate -s 64M " + path + " && /usr/sbin/" +
                        command + " " + path),
                  0);
        auto content = read_file(path);
        EXPECT_EQ(filesystem_label(as_bytes(content).first(kLabelBytes)), "CONFIG-2") << command;
    }
    EXPECT_EQ(filesystem_label(drive()), "config-2");
    EXPECT_EQ(filesystem_label({}), "");
}

TEST_F(DiskLayoutTest, WorksOnARealBlockDevice) {
    make("100M", "size=20M\\n", "gpt");
    grow("300M");
    std::string device;
    if (shell("/usr/sbin/losetup -P -f --show " + disk(), &device) != 0)
        GTEST_SKIP() << "no loop devices here";
    device.erase(device.find_last_not_of("\n") + 1);
    auto image = drive();
    std::optional<ConfigDrivePlace> where;
    try {
        where = await(write_config_drive(device, image));
    } catch (const Error& error) {
        ADD_FAILURE() << error.message();
    }
    shell("/usr/sbin/losetup -d " + device);
    ASSERT_TRUE(where);
    expect_content(*where, image);
    EXPECT_NE(verify().find("No problems found"), std::string::npos) << verify();
}

}  // namespace
}  // namespace ferrite::image
