#include "image/checksum.h"

#include "base/base64.h"
#include "image/checksum_source.h"
#include "image/gzip.h"
#include "image/image_error.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

const std::string kMd5 = "900150983cd24fb0d6963f7d28e17f72";
const std::string kSha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Hasher, KnownDigestsOfAbc) {
    EXPECT_EQ(sum_of("abc", HashAlgorithm::md5).value, kMd5);
    EXPECT_EQ(sum_of("abc", HashAlgorithm::sha1).value, "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(sum_of("abc").value, kSha256);
    EXPECT_EQ(sum_of("abc", HashAlgorithm::sha512).value.size(), 128U);
}

TEST(Hasher, PiecesHashLikeTheWhole) {
    Hasher hasher(HashAlgorithm::sha256);
    hasher.update(as_bytes("a"));
    hasher.update({});
    hasher.update(as_bytes("bc"));
    EXPECT_EQ(hasher.finish().value, kSha256);
}

TEST(ParseChecksum, AlgorithmFollowsFromLength) {
    EXPECT_EQ(parse_checksum(kMd5, Md5Policy::allowed).algorithm, HashAlgorithm::md5);
    EXPECT_EQ(parse_checksum(kSha256, Md5Policy::refused).algorithm, HashAlgorithm::sha256);
    EXPECT_EQ(parse_checksum(std::string(128, 'a'), Md5Policy::refused).algorithm,
              HashAlgorithm::sha512);
}

TEST(ParseChecksum, UpperCaseIsTheSame) {
    std::string upper = kSha256;
    for (auto& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(parse_checksum(upper, Md5Policy::allowed).value, kSha256);
}

TEST(ParseChecksum, RefusesWhatIsNone) {
    EXPECT_THROW(parse_checksum("abc", Md5Policy::allowed), InvalidValue);
    EXPECT_THROW(parse_checksum(std::string(64, 'g'), Md5Policy::allowed), InvalidValue);
    EXPECT_THROW(parse_checksum(kMd5, Md5Policy::refused), InvalidValue);
    EXPECT_THROW(parse_checksum("sha3", kSha256, Md5Policy::allowed), InvalidValue);
    EXPECT_THROW(parse_checksum("sha512", kSha256, Md5Policy::allowed), InvalidValue);
}

TEST(FindChecksum, AcceptsEveryUsualForm) {
    auto find = [](std::string_view text) {
        return find_checksum(text, "disk.img", Md5Policy::allowed).value;
    };
    EXPECT_EQ(find(kSha256), kSha256);
    EXPECT_EQ(find("\n" + kSha256 + "\r\n"), kSha256);
    EXPECT_EQ(
        find("# a comment\n" + std::string(64, '1') + "  other.img\n" + kSha256 + "  disk.img\n"),
        kSha256);
    EXPECT_EQ(find(kSha256 + " *disk.img"), kSha256);
    EXPECT_EQ(find(kSha256 + "  ./images/disk.img"), kSha256);
    EXPECT_EQ(find("SHA256 (disk.img) = " + kSha256 + "\n"), kSha256);
    EXPECT_EQ(find("MD5 (old.img) = " + kMd5 + "\nMD5 (disk.img) = " + kMd5), kMd5);
}

TEST(FindChecksum, RefusesAFileWithoutTheImage) {
    auto find = [](std::string_view text) { find_checksum(text, "disk.img", Md5Policy::allowed); };
    EXPECT_THROW(find(""), InvalidValue);
    EXPECT_THROW(find("<html>not found</html>"), InvalidValue);
    EXPECT_THROW(find(kSha256 + "  notdisk.img\n"), InvalidValue);
    EXPECT_THROW(find(kSha256 + "\n" + kSha256 + "\n"), InvalidValue);
}

class ResolveChecksum : public ImageTest {
protected:
    std::optional<Checksum> resolve(ChecksumClaim claim, ChecksumRules rules = {}) {
        return await(resolve_checksum(&client_, std::move(claim), server_.url("disk.img"), rules,
                                      HttpAccess{}));
    }
};

TEST_F(ResolveChecksum, LiteralsNeedNoServer) {
    EXPECT_FALSE(resolve({}));
    EXPECT_EQ(resolve({.checksum = kSha256})->value, kSha256);
    EXPECT_EQ(
        resolve({.checksum = kMd5, .os_hash_algo = "sha256", .os_hash_value = kSha256})->value,
        kSha256);
    EXPECT_EQ(resolve({.checksum = kMd5, .os_hash_algo = "odd", .os_hash_value = "?"})->value,
              kMd5);
    EXPECT_THROW(resolve({.os_hash_value = kSha256}), InvalidValue);
}

TEST_F(ResolveChecksum, FetchesTheFileOfAUrl) {
    server_.put("SHA256SUMS", {.body = kSha256 + " *disk.img\n"});
    EXPECT_EQ(resolve({.checksum = server_.url("SHA256SUMS")})->value, kSha256);
    EXPECT_THROW(resolve({.checksum = server_.url("none")}), DownloadFailed);
    EXPECT_THROW(resolve({.checksum = server_.url("SHA256SUMS")}, {.checksum_files = false}),
                 InvalidValue);
    server_.put("bad", {.body = "hello world\n"});
    EXPECT_NE(error_of([&] { resolve({.checksum = server_.url("bad")}); }).find("/bad: "),
              std::string::npos);
}

TEST(Base64, RoundTripsAndRefuses) {
    for (std::size_t size : {0, 1, 2, 3, 4, 5, 100}) {
        auto text = noise(size);
        auto decoded = decode_base64(encode_base64(as_bytes(text)));
        ASSERT_TRUE(decoded);
        EXPECT_EQ(as_text(*decoded), text);
    }
    EXPECT_EQ(encode_base64(as_bytes("foob")), "Zm9vYg==");
    EXPECT_EQ(as_text(*decode_base64("Zm9v\r\nYg = =\n")), "foob");
    for (auto bad : {"Z", "Zg", "Zg=", "Zg===", "Z===", "Zg==Zg==", "Zm9v=", "Zm-v", "===="})
        EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST(Gzip, RoundTripsWithinItsLimit) {
    auto text = noise(300000);
    auto packed = compress_gzip(as_bytes(text));
    EXPECT_EQ(as_text(*decompress_gzip(packed, text.size())), text);
    EXPECT_FALSE(decompress_gzip(packed, text.size() - 1));
    packed.resize(packed.size() / 2);
    EXPECT_FALSE(decompress_gzip(packed, text.size()));
}

}  // namespace
}  // namespace ferrite::image
