// The agent's small pure parts: certificate, archive, boot entry, image_info, ATA security.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <zlib.h>

#include "agent/agent_error.h"
#include "agent/certificate.h"
#include "agent/efi_boot_entry.h"
#include "agent/image_info.h"
#include "agent/inspection.h"
#include "agent/secure_erase.h"
#include "agent/system_logs.h"
#include "agent/tar_writer.h"

namespace ferrite::agent {
namespace {

TEST(Certificate, IsForTheAddressAndSignedByItself) {
    auto now = std::chrono::system_clock::now();
    auto made = make_certificate("host", *IpAddress::parse("192.0.2.5"), now);
    auto* bio =
        BIO_new_mem_buf(made.certificate_pem.data(), static_cast<int>(made.certificate_pem.size()));
    auto* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    ASSERT_NE(certificate, nullptr);
    EXPECT_EQ(X509_check_ip_asc(certificate, "192.0.2.5", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(certificate, "192.0.2.6", 0), 0);
    EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
    EXPECT_EQ(X509_cmp_current_time(X509_get0_notBefore(certificate)), -1);
    EXPECT_EQ(X509_cmp_current_time(X509_get0_notAfter(certificate)), 1);
    X509_free(certificate);
    EXPECT_TRUE(made.key_pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----"));
}

TEST(Certificate, KnowsIpv6) {
    auto made =
        make_certificate("", *IpAddress::parse("2001:db8::1"), std::chrono::system_clock::now());
    EXPECT_FALSE(made.certificate_pem.empty());
}

TEST(TarWriter, WritesBlocksWithChecksums) {
    TarWriter tar(std::chrono::system_clock::time_point(std::chrono::seconds(1)));
    tar.add("name", "content");
    auto archive = tar.finish();
    ASSERT_EQ(archive.size(), 4u * 512);
    EXPECT_EQ(as_text(ByteView(archive).subspan(257, 5)), "ustar");
    EXPECT_EQ(as_text(ByteView(archive).subspan(124, 11)), "00000000007");
    EXPECT_EQ(as_text(ByteView(archive).subspan(512, 7)), "content");
    unsigned sum = 0;
    for (int i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : archive[i];
    EXPECT_EQ(std::stoul(std::string(as_text(ByteView(archive).subspan(148, 6))), nullptr, 8), sum);
}

TEST(Gzip, CanBeUnpacked) {
    std::string text(100'000, 'a');
    auto packed = gzip(as_bytes(text));
    EXPECT_LT(packed.size(), 1000u);
    z_stream stream{};
    ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    Bytes out(text.size() + 10);
    stream.next_in = packed.data();
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.total_out, text.size());
    inflateEnd(&stream);
}

TEST(SystemLogs, NeverShowTheToken) {
    EXPECT_EQ(without_token("a=1 ipa-agent-token=secret b=2"), "a=1 ipa-agent-token=*** b=2");
    EXPECT_EQ(without_token("ipa-agent-token=secret"), "ipa-agent-token=***");
    EXPECT_EQ(without_token("quiet"), "quiet");
}

TEST(EfiBootEntry, EncodesPartitionAndLoader) {
    EfiBootEntry entry{"debian", "\\EFI\\debian\\shimx64.efi", {}};
    entry.partition.number = 1;
    entry.partition.first = 2048;
    entry.partition.count = 4096;
    entry.partition.id = image::Guid::parse("01020304-0506-0708-090a-0b0c0d0e0f10").value();
    auto bytes = entry.encode();
    ByteReader in(bytes);
    EXPECT_EQ(in.u32_le(), 1u);
    auto path_length = in.u16_le();
    EXPECT_EQ(boot_entry_label(bytes), "debian");
    in.skip(7 * 2);
    EXPECT_EQ(in.left(), path_length);
    EXPECT_EQ(in.u16(), 0x0401);
    EXPECT_EQ(in.u16_le(), 42);
    EXPECT_EQ(in.u32_le(), 1u);
    EXPECT_EQ(in.u64_le(), 2048u);
    EXPECT_EQ(in.u64_le(), 4096u);
    EXPECT_EQ(in.u32(), 0x04030201u) << "the GUID as it is on the disk";
    in.skip(12);
    EXPECT_EQ(in.u16(), 0x0202);
    EXPECT_EQ(in.u16(), 0x0404);
    auto file_length = in.u16_le();
    in.skip(file_length - 4u);
    EXPECT_EQ(in.u32(), 0x7fff0400u);
    EXPECT_FALSE(in.failed());
    EXPECT_EQ(boot_entry_label(ByteView(bytes).first(5)), std::nullopt);
}

TEST(BootCsv, IsUtf16) {
    ByteWriter out;
    out.u16_le(0xfeff);
    for (char c : std::string("shimx64.efi,debian,,This is it\n")) out.u16_le(c);
    auto csv = parse_boot_csv(out.bytes());
    ASSERT_TRUE(csv);
    EXPECT_EQ(csv->file, "shimx64.efi");
    EXPECT_EQ(csv->label, "debian");
    EXPECT_EQ(parse_boot_csv({}), std::nullopt);
    ByteWriter escape;
    for (char c : std::string("..\\x.efi,l")) escape.u16_le(c);
    EXPECT_EQ(parse_boot_csv(escape.bytes()), std::nullopt);
}

TEST(BootOrder, PutsAnEntryFirstOnce) {
    EXPECT_EQ(with_first({1, 2, 3}, 3), (std::vector<std::uint16_t>{3, 1, 2}));
    EXPECT_EQ(with_first({}, 7), (std::vector<std::uint16_t>{7}));
}

std::string refusal(std::string_view info, image::Md5Policy md5 = image::Md5Policy::allowed) {
    try {
        parse_image_info(parse_json(info), md5);
    } catch (const AgentError& error) {
        EXPECT_EQ(error.http_status(), 400);
        return error.message();
    }
    return "";
}

TEST(ImageInfo, IsReadWhole) {
    auto info = parse_image_info(
        parse_json(R"({"id":"i","urls":["http://a/i","http://b/i"],"os_hash_algo":"sha256",
            "os_hash_value":"00","checksum":null,"disk_format":"raw","configdrive":"cd",
            "image_server_auth_strategy":"http_basic","image_server_user":"u",
            "image_server_password":"p","proxies":{"http":"http://proxy:1"},
            "no_proxy":".local, b","kernel":null,"unknown":[1]})"),
        image::Md5Policy::allowed);
    EXPECT_EQ(info.urls.size(), 2u);
    EXPECT_EQ(info.checksum.os_hash_algo, "sha256");
    EXPECT_EQ(info.config_drive, "cd");
    EXPECT_EQ(info.authorization, Secret("Basic dTpw"));
    EXPECT_EQ(info.access_to("http://a/i").proxy, "http://proxy:1");
    EXPECT_EQ(info.access_to("http://b:80/i").proxy, "");
    EXPECT_EQ(info.access_to("http://x.local/i").proxy, "");
    EXPECT_EQ(info.access_to("https://a/i").proxy, "");
}

TEST(ImageInfo, SaysWhatIsMissing) {
    EXPECT_THAT(refusal("[]"), testing::HasSubstr("must be an object"));
    EXPECT_THAT(refusal("{}"), testing::HasSubstr("'id'"));
    EXPECT_THAT(refusal(R"({"id":"i"})"), testing::HasSubstr("'urls'"));
    EXPECT_THAT(refusal(R"({"id":"i","urls":[]})"), testing::HasSubstr("'urls'"));
    EXPECT_THAT(refusal(R"({"id":"i","urls":["u"]})"), testing::HasSubstr("checksum"));
    EXPECT_THAT(refusal(R"({"id":"i","urls":["u"],"os_hash_algo":"sha256"})"),
                testing::HasSubstr("together"));
    const auto md5 = R"({"id":"i","urls":["u"],"checksum":"d41d8cd98f00b204e9800998ecf8427e"})";
    EXPECT_EQ(refusal(md5), "");
    EXPECT_THAT(refusal(md5, image::Md5Policy::refused), testing::HasSubstr("too weak"));
    EXPECT_THAT(
        refusal(R"({"id":"i","urls":["u"],"checksum":"http://c","image_type":"partition"})"),
        testing::HasSubstr("whole-disk"));
}

TEST(AtaSecurity, IsReadFromIdentify) {
    Bytes identify(512);
    EXPECT_FALSE(parse_ata_security(identify).supported);
    identify[256] = 0x29;
    identify[2 * 89] = 30;
    identify[2 * 90] = 1;
    auto security = parse_ata_security(identify);
    EXPECT_TRUE(security.supported);
    EXPECT_FALSE(security.enabled);
    EXPECT_TRUE(security.frozen);
    EXPECT_TRUE(security.enhanced_erase);
    EXPECT_EQ(security.erase_minutes, 60u);
    EXPECT_EQ(security.enhanced_erase_minutes, 2u);
    EXPECT_FALSE(parse_ata_security(ByteView(identify).first(511)).supported);
}

TEST(Inspection, ReportsCollectorsItDoesNotHave) {
    InspectionInput input;
    input.inventory = {{"boot", JsonObject{{"pxe_interface", "01-aa"}}}};
    input.collectors = {"default", "magic"};
    auto document = inspection_document(std::move(input));
    EXPECT_EQ(document.at("boot_interface"), Json("01-aa"));
    EXPECT_TRUE(document.at("inventory").is_object());
    EXPECT_FALSE(document.contains("logs"));
    EXPECT_THAT(std::string(document.at("error").as_string()), testing::HasSubstr("magic"));
    EXPECT_TRUE(inspection_document({}).at("error").is_null());
}

}  // namespace
}  // namespace ferrite::agent
