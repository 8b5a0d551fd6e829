#include "image/image_format.h"

#include "image/image_error.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

class ImageFormatTest : public ::testing::Test {
protected:
    /// Makes an image with qemu-img and inspects it.
    ImageInspection make(const std::string& format, const std::string& options = "") {
        auto path = scratch_ / ("disk." + format);
        EXPECT_EQ(
            shell("qemu-img create -q -f " + format + " " + options + " " + path.string() + " 8M"),
            0);
        return inspect_path(path);
    }
    static ImageInspection inspect_path(const fs::path& path) {
        auto content = read_file(path);
        return inspect(as_bytes(content).first(std::min(content.size(), kInspectionBytes)),
                       content.size());
    }

    ScratchDirectory scratch_;
};

TEST_F(ImageFormatTest, RecognisesWhatQemuImgMakes) {
    constexpr std::uint64_t kSize = 8 << 20;
    struct Row {
        std::string name;
        std::string qemu;
        std::string options;
        ImageFormat format;
    };
    for (const auto& row :
         {Row{"raw", "raw", "", ImageFormat::raw}, Row{"qcow2 v3", "qcow2", "", ImageFormat::qcow2},
          Row{"qcow2 v2", "qcow2", "-o compat=0.10", ImageFormat::qcow2},
          Row{"vmdk", "vmdk", "", ImageFormat::vmdk}, Row{"vdi", "vdi", "", ImageFormat::vdi}}) {
        auto found = make(row.qemu, row.options);
        EXPECT_EQ(found.format, row.format) << row.name;
        EXPECT_EQ(found.virtual_size, kSize) << row.name;
        EXPECT_EQ(found.unsafe_reason, "") << row.name;
    }
    EXPECT_EQ(make("vpc", "-o force_size=on").format, ImageFormat::vhd);
    EXPECT_EQ(make("vhdx").format, ImageFormat::vhdx);
}

TEST_F(ImageFormatTest, RefusesQcow2ThatReachesOutside) {
    write_file(scratch_ / "base.raw", noise(1 << 20));
    auto base = (scratch_ / "base.raw").string();
    EXPECT_NE(make("qcow2", "-F raw -b " + base).unsafe_reason.find("backing file"),
              std::string::npos);
    auto data = (scratch_ / "data.raw").string();
    EXPECT_NE(make("qcow2", "-o data_file=" + data).unsafe_reason.find("another file"),
              std::string::npos);
    EXPECT_NE(make("qcow2", "-o extended_l2=on").unsafe_reason.find("features 0x10"),
              std::string::npos);
}

TEST_F(ImageFormatTest, RefusesVmdkWithSeparateExtents) {
    EXPECT_EQ(make("vmdk", "-o subformat=streamOptimized").unsafe_reason, "");
    EXPECT_NE(make("vmdk", "-o subformat=monolithicFlat").unsafe_reason, "");
    EXPECT_NE(make("vmdk", "-o subformat=twoGbMaxExtentSparse").unsafe_reason, "");
}

TEST_F(ImageFormatTest, RecognisesPartitionTablesAndIso) {
    auto disk = (scratch_ / "disk.img").string();
    for (const char* label : {"gpt", "dos"}) {
        ASSERT_EQ(shell("truncate -s 0 " + disk + " && truncate -s 16M " + disk +
                        " && echo ',4M' | sfdisk -q -X " + label + " " + disk),
                  0);
        auto found = inspect_path(disk);
        EXPECT_EQ(found.format, ImageFormat::gpt) << label;
        EXPECT_EQ(found.virtual_size, 16U << 20);
    }
    write_file(scratch_ / "file", "hello");
    ASSERT_EQ(shell("xorriso -as mkisofs -quiet -o " + (scratch_ / "disk.iso").string() + " " +
                    (scratch_ / "file").string()),
              0);
    auto iso = inspect_path(scratch_ / "disk.iso");
    EXPECT_EQ(iso.format, ImageFormat::iso);
    EXPECT_EQ(iso.unsafe_reason, "");
}

TEST_F(ImageFormatTest, AFatBootSectorIsNoPartitionTable) {
    auto disk = (scratch_ / "fat.img").string();
    ASSERT_EQ(shell("truncate -s 16M " + disk + " && /usr/sbin/mkfs.vfat " + disk), 0);
    EXPECT_EQ(inspect_path(disk).format, ImageFormat::raw);
}

TEST(Inspect, RecognisesCompression) {
    using namespace std::string_view_literals;
    EXPECT_EQ(inspect(as_bytes("\x1f\x8b\x08\0"sv), 4).format, ImageFormat::gzip);
    EXPECT_EQ(inspect(as_bytes("\x28\xb5\x2f\xfd"sv), 4).format, ImageFormat::zstd);
    EXPECT_EQ(inspect(as_bytes("\xfd\x37zXZ\0"sv), 6).format, ImageFormat::xz);
    EXPECT_EQ(inspect(as_bytes("LUKS\xba\xbe\0\x02"sv), 8).unsafe_reason.empty(), false);
    EXPECT_EQ(inspect({}, 0).format, ImageFormat::raw);
}

TEST(Inspect, SeveralFormatsAtOnceAreUnsafe) {
    std::string content(100000, '\0');
    content.replace(0, 4, "QFI\xfb");
    content.replace(32769, 5, "CD001");
    EXPECT_NE(inspect(as_bytes(content), content.size()).unsafe_reason.find("several formats"),
              std::string::npos);
}

TEST(CheckFormat, SaysWhatIsWrong) {
    FormatRules rules;
    auto check = [&](ImageFormat format, std::string_view expected) {
        check_format({.format = format}, expected, rules, "http://x/y");
    };
    EXPECT_NO_THROW(check(ImageFormat::raw, ""));
    EXPECT_NO_THROW(check(ImageFormat::gpt, "raw"));
    EXPECT_NO_THROW(check(ImageFormat::qcow2, "qcow2"));
    EXPECT_NO_THROW(check(ImageFormat::qcow2, "unknown"));
    auto message = error_of([&] { check(ImageFormat::qcow2, "raw"); });
    EXPECT_NE(message.find("http://x/y is qcow2 by its content"), std::string::npos) << message;
    EXPECT_THROW(check(ImageFormat::raw, "qcow2"), InvalidImage);
    EXPECT_THROW(check(ImageFormat::iso, "raw"), InvalidImage);
    EXPECT_THROW(check(ImageFormat::vmdk, "vmdk"), InvalidImage);
    rules.permitted = {"raw"};
    EXPECT_NO_THROW(check(ImageFormat::gpt, ""));
    EXPECT_THROW(check(ImageFormat::qcow2, ""), InvalidImage);
    EXPECT_THROW(check_format({.unsafe_reason = "it has a backing file"}, "", rules, "x"),
                 InvalidImage);
    rules.inspect_content = false;
    EXPECT_NO_THROW(check(ImageFormat::vmdk, "raw"));
}

}  // namespace
}  // namespace ferrite::image
