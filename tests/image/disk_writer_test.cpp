#include "image/disk_writer.h"

#include <thread>

#include "image/byte_pipe.h"
#include "image/image_error.h"
#include "image/image_stream.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

TEST(BytePipe, MovesMoreThanItHolds) {
    BytePipe pipe(4096, 2);
    auto content = noise(100'001);
    std::thread writer([&] {
        for (std::size_t i = 0; i < content.size(); i += 777)
            pipe.write(
                as_bytes(content).subspan(i, std::min<std::size_t>(777, content.size() - i)));
        pipe.finish();
    });
    std::string got;
    for (auto stretch = pipe.read(); !stretch.empty(); stretch = pipe.read()) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(stretch.data()) % 4096, 0U);
        got += as_text(stretch);
    }
    writer.join();
    EXPECT_EQ(got, content);
}

TEST(BytePipe, AStoppedReaderLetsTheWriterGo) {
    BytePipe pipe(4096, 1);
    std::thread reader([&] {
        pipe.read();
        pipe.stop();
    });
    auto content = noise(65536);
    EXPECT_FALSE(pipe.write(as_bytes(content)));
    reader.join();
}

class DiskWriterTest : public ImageTest {
protected:
    void SetUp() override { write_file(disk_, std::string(32 << 20, 'x')); }

    DiskWriter::Options options() { return {.device = disk_}; }
    StreamRequest stream(const std::string& name) {
        return {.url = server_.url(name), .device = disk_};
    }

    fs::path disk_ = scratch_ / "disk";
};

TEST_F(DiskWriterTest, WritesEveryByteIncludingZerosAndTheTail) {
    auto content = noise(5 << 20) + std::string(4 << 20, '\0') + noise(777);
    std::uint64_t reported = 0;
    auto wish = options();
    wish.progress = [&](std::uint64_t bytes) { reported = bytes; };
    DiskWriter writer(wish);
    for (std::size_t i = 0; i < content.size(); i += 100'003)
        writer.append(
            as_bytes(content).subspan(i, std::min<std::size_t>(100'003, content.size() - i)));
    auto written = await(writer.finish());
    EXPECT_EQ(written.bytes, content.size());
    EXPECT_EQ(reported, content.size());
    auto disk = read_file(disk_);
    EXPECT_EQ(disk.substr(0, content.size()), content);
    EXPECT_EQ(disk.substr(content.size()), std::string(disk.size() - content.size(), 'x'));
}

TEST_F(DiskWriterTest, ARefusalLeavesTheDiskUntouched) {
    auto wish = options();
    wish.accept = [](const ImageInspection&) { throw InvalidImage("no"); };
    DiskWriter writer(wish);
    auto content = noise(1 << 20);
    EXPECT_THROW(
        {
            for (int i = 0; i < 1000; ++i) writer.append(as_bytes(content));
            await(writer.finish());
        },
        InvalidImage);
    EXPECT_EQ(read_file(disk_), std::string(32 << 20, 'x'));
}

TEST_F(DiskWriterTest, GivingUpEndsTheThread) {
    DiskWriter writer(options());
    writer.append(as_bytes(noise(10 << 20)));
}

TEST_F(DiskWriterTest, MissingDevice) {
    EXPECT_THROW(DiskWriter({.device = scratch_ / "none"}), StorageFailed);
}

TEST_F(DiskWriterTest, StreamsFromAServer) {
    auto content = noise(6 << 20);
    server_.put("a.raw", {.body = content});
    auto wish = stream("a.raw");
    wish.checksum = sum_of(content, HashAlgorithm::sha512);
    wish.disk_format = "raw";
    auto done = await(stream_image(&client_, wish));
    EXPECT_EQ(done.received, content.size());
    EXPECT_EQ(done.written, content.size());
    EXPECT_EQ(done.checksum, *wish.checksum);
    EXPECT_EQ(read_file(disk_).substr(0, content.size()), content);

    wish.checksum = sum_of("other");
    EXPECT_THROW(await(stream_image(&client_, wish)), ChecksumMismatch);
    EXPECT_THROW(await(stream_image(&client_, stream("none"))), DownloadFailed);
    server_.put("empty", {});
    EXPECT_THROW(await(stream_image(&client_, stream("empty"))), DownloadFailed);
}

TEST_F(DiskWriterTest, UnpacksOnTheWay) {
    auto content = noise(9 << 20);
    write_file(scratch_ / "plain", content);
    ASSERT_EQ(shell("zstd -q " + (scratch_ / "plain").string()), 0);
    auto packed = read_file(scratch_ / "plain.zst");
    server_.put("a.zst", {.body = packed});
    auto wish = stream("a.zst");
    wish.checksum = sum_of(packed);
    auto done = await(stream_image(&client_, wish));
    EXPECT_EQ(done.written, content.size());
    EXPECT_EQ(read_file(disk_).substr(0, content.size()), content);
    server_.put("cut.zst", {.body = packed.substr(0, packed.size() / 2)});
    EXPECT_THROW(await(stream_image(&client_, stream("cut.zst"))), InvalidImage);
}

TEST_F(DiskWriterTest, Qcow2NeedsScratchSpaceForQemuImg) {
    write_file(scratch_ / "disk.raw", noise(3 << 20) + std::string(1 << 20, '\0'));
    ASSERT_EQ(shell("qemu-img convert -O qcow2 " + (scratch_ / "disk.raw").string() + " " +
                    (scratch_ / "a.qcow2").string()),
              0);
    server_.put("a.qcow2", {.body = read_file(scratch_ / "a.qcow2")});
    auto wish = stream("a.qcow2");
    auto message = error_of([&] { await(stream_image(&client_, wish)); });
    EXPECT_NE(message.find("cannot be written to a disk as it is"), std::string::npos) << message;
    EXPECT_EQ(read_file(disk_), std::string(32 << 20, 'x'));

    wish.scratch_directory = scratch_.path();
    auto done = await(stream_image(&client_, wish));
    EXPECT_EQ(done.format, ImageFormat::qcow2);
    EXPECT_EQ(read_file(disk_).substr(0, 4 << 20), read_file(scratch_ / "disk.raw"))
        << "zeros are written, too";
}

TEST_F(DiskWriterTest, WritesToARealBlockDevice) {
    std::string device;
    if (shell("/usr/sbin/losetup -f --show " + disk_.string(), &device) != 0)
        GTEST_SKIP() << "no loop devices here";
    device.erase(device.find_last_not_of("\n") + 1);
    auto content = noise(5 << 20) + "tail";
    server_.put("a.raw", {.body = content});
    server_.put("large.raw", {.body = noise(33 << 20)});
    write_file(scratch_ / "disk.raw", noise(3 << 20) + std::string(1 << 20, '\0'));
    shell("qemu-img convert -O qcow2 " + (scratch_ / "disk.raw").string() + " " +
          (scratch_ / "a.qcow2").string());
    server_.put("a.qcow2", {.body = read_file(scratch_ / "a.qcow2")});
    auto wish = [&](const std::string& name) {
        return StreamRequest{
            .url = server_.url(name), .device = device, .scratch_directory = scratch_.path()};
    };
    auto failure = error_of([&] { await(stream_image(&client_, wish("large.raw"))); });
    std::string raw_disk;
    std::string converted_disk;
    try {
        await(stream_image(&client_, wish("a.raw")));
        raw_disk = read_file(disk_);
        await(stream_image(&client_, wish("a.qcow2")));
        converted_disk = read_file(disk_);
    } catch (const Error& error) {
        ADD_FAILURE() << error.message();
    }
    shell("/usr/sbin/losetup -d " + device);
    EXPECT_NE(failure.find("larger than"), std::string::npos) << failure;
    EXPECT_TRUE(raw_disk.substr(0, content.size()) == content);
    EXPECT_TRUE(converted_disk.substr(0, 4 << 20) == read_file(scratch_ / "disk.raw"));
}

}  // namespace
}  // namespace ferrite::image
