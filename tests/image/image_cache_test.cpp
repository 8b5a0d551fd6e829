#include "image/image_cache.h"

#include <sys/stat.h>

#include "image/file.h"
#include "image/image_error.h"
#include "image/master_store.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

TEST(MasterName, IsTheUuidOfTheUrl) {
    // Python: uuid.uuid5(uuid.NAMESPACE_URL, "http://example.com/image.qcow2")
    EXPECT_EQ(master_name("http://example.com/image.qcow2", Conversion::none),
              "f69a9696-4094-5b80-9151-13f1eeea157d");
    EXPECT_TRUE(master_name("http://x/", Conversion::force_raw).ends_with(".converted"));
}

class ImageCacheTest : public ImageTest {
protected:
    void SetUp() override {
        fs::create_directories(scratch_ / "out");
        fs::create_directories(scratch_ / "images");
        options_.directory = scratch_ / "masters";
        options_.files.allowed = {scratch_ / "images"};
    }

    ImageCache& cache() {
        if (!cache_) cache_ = std::make_unique<ImageCache>(client_, options_);
        return *cache_;
    }
    CachedImage fetch(ImageRequest request, const std::string& name = "node") {
        return await(cache().fetch(std::move(request), scratch_ / "out" / name));
    }
    std::string serve_qcow2(const std::string& name) {
        auto raw = scratch_ / "disk.raw";
        write_file(raw, noise(3 << 20) + std::string(1 << 20, '\0'));
        auto path = (scratch_ / name).string();
        EXPECT_EQ(shell("qemu-img convert -O qcow2 " + raw.string() + " " + path), 0);
        server_.put(name, {.body = read_file(path)});
        return read_file(path);
    }
    std::size_t files_in(const fs::path& directory) {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
    }

    ImageCache::Options options_;
    std::unique_ptr<ImageCache> cache_;
};

TEST_F(ImageCacheTest, ConvertsQcow2AndLinksTheMaster) {
    auto qcow2 = serve_qcow2("a.qcow2");
    ImageRequest request{.href = server_.url("a.qcow2"), .disk_format = "qcow2"};
    request.checksum = sum_of(qcow2, HashAlgorithm::sha512);
    auto image = fetch(request);

    auto raw = read_file(scratch_ / "disk.raw");
    EXPECT_EQ(read_file(image.path), raw);
    EXPECT_EQ(image.path, scratch_ / "out/node");
    EXPECT_EQ(image.source_format, ImageFormat::qcow2);
    EXPECT_EQ(image.format, ImageFormat::raw);
    EXPECT_EQ(image.size, raw.size());
    EXPECT_EQ(image.virtual_size, raw.size());
    EXPECT_EQ(image.checksum, sum_of(raw, HashAlgorithm::sha512));
    auto master = scratch_ / "masters" / master_name(request.href, request.conversion);
    EXPECT_TRUE(fs::equivalent(master, image.path));
    EXPECT_EQ(files_in(scratch_ / "masters"), 2U) << "a master and its record, nothing half made";
}

TEST_F(ImageCacheTest, LeavesRawAndUnwantedConversionAlone) {
    server_.put("a.raw", {.body = noise(100000)});
    auto raw = fetch({.href = server_.url("a.raw"), .disk_format = "raw"});
    EXPECT_EQ(raw.checksum, sum_of(noise(100000)));
    auto qcow2 = serve_qcow2("a.qcow2");
    auto image = fetch({.href = server_.url("a.qcow2"), .conversion = Conversion::none});
    EXPECT_EQ(read_file(image.path), qcow2);
    EXPECT_EQ(image.format, ImageFormat::qcow2);
    EXPECT_EQ(image.virtual_size, 4U << 20);
}

TEST_F(ImageCacheTest, TheSameStrongChecksumNeedsNoRequest) {
    server_.put("a.raw", {.body = noise(1000)});
    ImageRequest request{.href = server_.url("a.raw"), .checksum = sum_of(noise(1000))};
    fetch(request, "one");
    auto heads = server_.count("HEAD");
    server_.put("a.raw", {.status = 500});
    auto image = fetch(request, "two");
    EXPECT_EQ(read_file(image.path), noise(1000));
    EXPECT_EQ(server_.count("HEAD"), heads);
    EXPECT_EQ(server_.count("GET"), 1);
}

TEST_F(ImageCacheTest, WithoutChecksumTheServerDecides) {
    ImageRequest request{.href = server_.url("a.raw")};
    server_.put("a.raw", {.body = noise(1000)});
    fetch(request);
    fetch(request);
    EXPECT_EQ(server_.count("GET"), 1) << "same Last-Modified";

    server_.put("a.raw",
                {.body = noise(1000, 2), .last_modified = "Thu, 02 Jul 2026 10:00:00 GMT"});
    EXPECT_EQ(read_file(fetch(request).path), noise(1000, 2));
    server_.put("a.raw", {.body = noise(1000, 3), .last_modified = ""});
    EXPECT_EQ(read_file(fetch(request).path), noise(1000, 3));
    EXPECT_EQ(read_file(fetch(request).path), noise(1000, 3));
    EXPECT_EQ(server_.count("GET"), 4) << "without a date nothing is sure";

    server_.put("a.raw", {.body = noise(1000, 4), .last_modified = "", .etag = "\"v4\""});
    fetch(request);
    fetch(request);
    EXPECT_EQ(server_.count("GET"), 5) << "same ETag";
}

TEST_F(ImageCacheTest, AnotherChecksumFetchesAgain) {
    ImageRequest request{.href = server_.url("a.raw"), .checksum = sum_of(noise(1000))};
    server_.put("a.raw", {.body = noise(1000)});
    fetch(request, "one");
    server_.put("a.raw", {.body = noise(1000, 2)});
    request.checksum = sum_of(noise(1000, 2));
    EXPECT_EQ(read_file(fetch(request, "two").path), noise(1000, 2));
    EXPECT_EQ(read_file(scratch_ / "out/one"), noise(1000)) << "an old destination stays as it was";
}

TEST_F(ImageCacheTest, NothingRemainsOfAFailure) {
    server_.put("a.raw", {.body = noise(1000)});
    auto url = server_.url("a.raw");
    auto message = error_of([&] { fetch({.href = url, .checksum = sum_of("other")}); });
    EXPECT_NE(message.find(sum_of("other").value), std::string::npos) << message;
    EXPECT_NE(message.find(sum_of(noise(1000)).value), std::string::npos) << message;
    EXPECT_THROW(fetch({.href = url, .checksum = sum_of("other")}), ChecksumMismatch);
    EXPECT_THROW(fetch({.href = server_.url("none")}), DownloadFailed);
    EXPECT_THROW(fetch({.href = url, .disk_format = "qcow2"}), InvalidImage);
    EXPECT_THROW(fetch({.href = "ftp://x/y"}), SourceRefused);
    EXPECT_THROW(fetch({.href = "http://127.0.0.1:1/x"}), HttpClientError);
    EXPECT_EQ(files_in(scratch_ / "masters"), 0U);
    EXPECT_EQ(files_in(scratch_ / "out"), 0U);
}

TEST_F(ImageCacheTest, RefusesBackingFilesBeforeAnythingOpensThem) {
    auto path = (scratch_ / "overlay.qcow2").string();
    ASSERT_EQ(shell("qemu-img create -q -f qcow2 -u -F raw -b /etc/passwd " + path + " 1M"), 0);
    server_.put("overlay.qcow2", {.body = read_file(path)});
    auto message = error_of([&] { fetch({.href = server_.url("overlay.qcow2")}); });
    EXPECT_NE(message.find("backing file"), std::string::npos) << message;
    EXPECT_EQ(files_in(scratch_ / "masters"), 0U);
}

TEST_F(ImageCacheTest, StopsADownloadOfTheWrongFormatEarly) {
    auto content = noise(64 << 20);
    server_.put("big.raw", {.body = content});
    EXPECT_THROW(fetch({.href = server_.url("big.raw"), .disk_format = "qcow2"}), InvalidImage);
    EXPECT_EQ(files_in(scratch_ / "masters"), 0U);
}

TEST_F(ImageCacheTest, UnpacksCompressedImages) {
    auto content = noise(1 << 20);
    for (const std::string tool : {"gzip", "zstd", "xz", "bzip2"}) {
        write_file(scratch_ / "plain", content);
        auto packed = scratch_ / ("plain." + tool);
        if (shell(tool + " -c " + (scratch_ / "plain").string() + " > " + packed.string()) != 0)
            GTEST_SKIP() << tool << " is not installed";
        server_.put(tool, {.body = read_file(packed)});
        auto image = fetch({.href = server_.url(tool), .checksum = sum_of(read_file(packed))});
        EXPECT_EQ(read_file(image.path), content) << tool;
        EXPECT_EQ(image.checksum, sum_of(content)) << tool;
    }
    auto damaged = read_file(scratch_ / "plain.gzip").substr(0, 5000);
    server_.put("damaged", {.body = damaged});
    EXPECT_THROW(fetch({.href = server_.url("damaged")}), InvalidImage);
}

TEST_F(ImageCacheTest, ManyAtOnceDownloadOnce) {
    auto qcow2 = serve_qcow2("a.qcow2");
    ImageRequest request{.href = server_.url("a.qcow2"), .checksum = sum_of(qcow2)};
    constexpr int kNodes = 12;
    Signal all_done;
    std::atomic<int> left = kNodes;
    for (int i = 0; i < kNodes; ++i)
        runtime_.spawn(
            "fetch",
            [](ImageCache* cache, ImageRequest wish, fs::path to, std::atomic<int>* remaining,
               Signal* done) -> Task<> {
                co_await cache->fetch(std::move(wish), std::move(to));
                if (--*remaining == 0) done->set();
            }(&cache(), request, scratch_ / "out" / std::to_string(i), &left, &all_done));
    ASSERT_TRUE(await(all_done.wait_for(std::chrono::minutes(2))));
    EXPECT_EQ(server_.count("GET"), 1);
    for (int i = 0; i < kNodes; ++i)
        EXPECT_TRUE(fs::equivalent(scratch_ / "out/0", scratch_ / "out" / std::to_string(i)));
}

TEST_F(ImageCacheTest, NoStoreAndFilesAreNotKept) {
    server_.put("a.raw", {.body = noise(1000), .cache_control = "no-store"});
    EXPECT_EQ(read_file(fetch({.href = server_.url("a.raw")}).path), noise(1000));
    write_file(scratch_ / "images/f.raw", noise(2000));
    auto image = fetch({.href = "file://" + (scratch_ / "images/f.raw").string()}, "file");
    EXPECT_EQ(read_file(image.path), noise(2000));
    EXPECT_EQ(image.checksum, sum_of(noise(2000)));
    EXPECT_EQ(files_in(scratch_ / "masters"), 0U);
    EXPECT_TRUE(fs::exists(scratch_ / "images/f.raw"));
}

TEST_F(ImageCacheTest, WorksWithoutADirectory) {
    options_.directory.clear();
    auto qcow2 = serve_qcow2("a.qcow2");
    EXPECT_EQ(read_file(fetch({.href = server_.url("a.qcow2")}).path),
              read_file(scratch_ / "disk.raw"));
    EXPECT_EQ(files_in(scratch_ / "out"), 1U);
}

TEST_F(ImageCacheTest, ConversionHasBounds) {
    serve_qcow2("a.qcow2");
    options_.conversion.memory_bytes = 1 << 20;
    options_.conversion.attempts = 1;
    EXPECT_THROW(fetch({.href = server_.url("a.qcow2")}), StorageFailed);
    EXPECT_EQ(files_in(scratch_ / "masters"), 0U);
}

TEST_F(ImageCacheTest, StartRemovesWhatACrashLeft) {
    fs::create_directories(options_.directory);
    write_file(options_.directory / "x.part", "half");
    cache();
    EXPECT_EQ(files_in(options_.directory), 0U);
}

class MasterStoreTest : public ::testing::Test {
protected:
    MasterStore make(std::uint64_t limit, std::chrono::seconds ttl) {
        return MasterStore({scratch_ / "m", limit, ttl},
                           [this](const std::string& name) { return name == busy_; });
    }
    /// Adds a master of 64 KiB that was last used `age` ago.
    void add(MasterStore& store, const std::string& name, std::chrono::seconds age) {
        write_file(scratch_ / "new", noise(65536));
        store.put(name, scratch_ / "new",
                  {.size = 65536, .virtual_size = 65536, .checksum = sum_of(noise(65536))});
        fs::last_write_time(with_suffix(store.path_of(name), ".info"),
                            fs::file_time_type::clock::now() - age);
    }

    ScratchDirectory scratch_;
    std::string busy_;
};

constexpr std::uint64_t kPlenty = 1ULL << 40;

TEST_F(MasterStoreTest, RecordsSurvive) {
    auto store = make(kPlenty, std::chrono::hours(1));
    write_file(scratch_ / "new", "abc");
    store.put("x", scratch_ / "new",
              {.display_name = "http://h/x",
               .source_checksum = sum_of("src", HashAlgorithm::md5),
               .etag = "\"e\"",
               .last_modified = parse_timestamp("2026-07-01T10:00:00+00:00"),
               .source_format = ImageFormat::qcow2,
               .format = ImageFormat::raw,
               .size = 3,
               .virtual_size = 3,
               .checksum = sum_of("abc")});
    auto again = make(kPlenty, std::chrono::hours(1)).find("x");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->source_checksum, sum_of("src", HashAlgorithm::md5));
    EXPECT_EQ(again->etag, "\"e\"");
    EXPECT_EQ(again->last_modified, parse_timestamp("2026-07-01T10:00:00+00:00"));
    EXPECT_EQ(again->source_format, ImageFormat::qcow2);
    EXPECT_EQ(again->checksum, sum_of("abc"));

    write_file(store.path_of("x"), "changed");
    EXPECT_FALSE(store.find("x")) << "the record is of another file";
    write_file(with_suffix(store.path_of("x"), ".info"), "{\"size\":");
    EXPECT_FALSE(store.find("x"));
}

TEST_F(MasterStoreTest, AgeEvictsWhatNobodyLinks) {
    auto store = make(kPlenty, std::chrono::hours(1));
    add(store, "old", std::chrono::hours(2));
    add(store, "linked", std::chrono::hours(2));
    add(store, "busy", std::chrono::hours(2));
    add(store, "young", std::chrono::minutes(10));
    fs::create_hard_link(store.path_of("linked"), scratch_ / "destination");
    busy_ = "busy";
    store.clean(now_seconds());
    EXPECT_FALSE(store.find("old"));
    EXPECT_TRUE(store.find("linked"));
    EXPECT_TRUE(store.find("busy"));
    EXPECT_TRUE(store.find("young"));
}

TEST_F(MasterStoreTest, SizeEvictsTheLeastRecentlyUsed) {
    auto store = make(150'000, std::chrono::hours(100));
    add(store, "a", std::chrono::hours(3));
    add(store, "b", std::chrono::hours(2));
    add(store, "c", std::chrono::hours(1));
    store.touch("a");
    store.clean(now_seconds());
    EXPECT_TRUE(store.find("a"));
    EXPECT_FALSE(store.find("b"));
    EXPECT_TRUE(store.find("c"));
}

TEST_F(MasterStoreTest, MakesRoomOrSaysHowMuchIsMissing) {
    auto store = make(kPlenty, std::chrono::hours(100));
    add(store, "a", std::chrono::hours(3));
    store.make_room(1);
    EXPECT_TRUE(store.find("a"));
    auto message = error_of([&] { store.make_room(1ULL << 60); });
    EXPECT_NE(message.find("MiB are needed in"), std::string::npos) << message;
    EXPECT_FALSE(store.find("a"));
}

class FileTest : public ImageTest {};

TEST_F(FileTest, CopiesAcrossFileSystemsWithHoles) {
    if (!fs::is_directory("/dev/shm")) GTEST_SKIP() << "no second file system";
    auto from = scratch_ / "sparse";
    auto content = noise(5 << 20);
    write_file(from, content);
    fs::resize_file(from, 64 << 20);
    fs::path to = "/dev/shm/ferrite-image-copy-" + std::to_string(::getpid());
    TemporaryFile guard(to);
    await(link_or_copy(from, to));
    content.resize(64 << 20);
    EXPECT_EQ(read_file(to), content);
    struct stat status{};
    ASSERT_EQ(::stat(to.c_str(), &status), 0);
    EXPECT_LT(status.st_blocks * 512, 16 << 20);
}

TEST_F(FileTest, LinkingReplacesAndIsRepeatable) {
    write_file(scratch_ / "a", "new");
    write_file(scratch_ / "b", "old");
    await(link_or_copy(scratch_ / "a", scratch_ / "b"));
    await(link_or_copy(scratch_ / "a", scratch_ / "b"));
    EXPECT_EQ(read_file(scratch_ / "b"), "new");
    EXPECT_EQ(fs::hard_link_count(scratch_ / "a"), 2U);
    EXPECT_THROW(await(link_or_copy(scratch_ / "none", scratch_ / "b")), StorageFailed);
}

TEST_F(FileTest, HashesLikeTheShell) {
    write_file(scratch_ / "a", noise(9 << 20));
    EXPECT_EQ(await(hash_file(scratch_ / "a", HashAlgorithm::sha256)), sum_of(noise(9 << 20)));
}

}  // namespace
}  // namespace ferrite::image
