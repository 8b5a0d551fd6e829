#include "netboot/boot_http.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netboot/boot_script.h"
#include "netboot/fakes.h"

namespace ferrite::netboot {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = BootEvent::Kind;

class BootHttpTest : public testing::Test {
protected:
    BootHttpTest() {
        std::ofstream(directory_ / "kernel") << "0123456789";
        std::ofstream(directory_ / "loader.efi") << "MZ";
        evidence_.set_plan(kMac, {.kind = BootKind::network,
                                  .node = "n1",
                                  .kernel = directory_ / "kernel",
                                  .ramdisk = directory_ / "absent",
                                  .kernel_command_line = "nofb ipa-debug=1"});
    }
    ~BootHttpTest() override { std::filesystem::remove_all(directory_); }

    HttpResponse get(std::string path, std::vector<HttpHeaders::Field> headers = {},
                     std::string method = "GET") {
        HttpRequest request{.method = std::move(method), .path = std::move(path)};
        request.remote_address = "10.0.0.7";
        for (auto& [name, value] : headers) request.headers.add(name, value);
        return http_.answer(request);
    }
    HttpResponse range(std::string value) {
        return get("/boot/52-54-00-77-00-01/kernel", {{"Range", std::move(value)}});
    }

    static std::filesystem::path fresh_directory() {
        std::string pattern = testing::TempDir() + "boot-http-XXXXXX";
        return ::mkdtemp(pattern.data());
    }

    std::filesystem::path directory_ = fresh_directory();
    FakeDirectory evidence_;
    BootHttp http_{{.http_url = "http://10.0.0.1:8080",
                    .files = {{"snponly.efi", directory_ / "loader.efi"}},
                    .hooks = {{"/agent_images/",
                               [this](std::string_view rest,
                                      const HttpRequest&) -> std::optional<std::filesystem::path> {
                                   if (rest != "secret-token") return {};
                                   return directory_ / "kernel";
                               }}}},
                   evidence_};
};

TEST_F(BootHttpTest, ServesTheScriptOfThePlanOfThisMoment) {
    auto script = get("/boot/52-54-00-77-00-01.ipxe");
    EXPECT_EQ(script.status, 200);
    EXPECT_EQ(script.headers.get("Cache-Control"), "no-store");
    EXPECT_THAT(script.body, StartsWith("#!ipxe\n"));
    EXPECT_THAT(script.body,
                HasSubstr("\nkernel --name kernel "
                          "http://10.0.0.1:8080/boot/52-54-00-77-00-01/kernel nofb ipa-debug=1 "
                          "initrd=ramdisk BOOTIF=01-52-54-00-77-00-01 || goto failed\n"));
    EXPECT_EQ(evidence_.events().back().kind, Kind::script_served);
    EXPECT_EQ(evidence_.events().back().node, "n1");
    EXPECT_EQ(evidence_.events().back().client.ip, ip("10.0.0.7"));

    evidence_.set_plan(kMac, {.kind = BootKind::none});
    EXPECT_THAT(get("/boot/52:54:00:77:00:01.ipxe").body, HasSubstr("exit 0"));
    EXPECT_EQ(get("/boot/52-54-00-77-00-01/kernel").status, 404) << "not to boot now";
    EXPECT_THAT(get("/boot/02-00-00-00-00-99.ipxe").body, HasSubstr("exit 0")) << "unknown machine";
}

TEST_F(BootHttpTest, ServesFilesWithRanges) {
    auto whole = get("/boot/52-54-00-77-00-01/kernel");
    EXPECT_EQ(whole.status, 200);
    ASSERT_TRUE(whole.file);
    EXPECT_EQ(whole.file->path, directory_ / "kernel");
    EXPECT_EQ(whole.file->length, 10u);
    EXPECT_EQ(whole.headers.get("Accept-Ranges"), "bytes");
    EXPECT_EQ(evidence_.events().back().bytes, 10u);

    struct Case {
        std::string range;
        int status;
        std::uint64_t offset, length;
        std::string content_range;
    };
    const Case kCases[] = {
        {"bytes=0-3", 206, 0, 4, "bytes 0-3/10"},
        {"bytes=8-", 206, 8, 2, "bytes 8-9/10"},
        {"bytes=8-99", 206, 8, 2, "bytes 8-9/10"},
        {"bytes=-3", 206, 7, 3, "bytes 7-9/10"},
        {"bytes=-99", 206, 0, 10, "bytes 0-9/10"},
        {"bytes=3-1", 200, 0, 10, ""},
        {"bytes=0-1,4-5", 200, 0, 10, ""},
        {"lines=0-1", 200, 0, 10, ""},
        {"bytes=-", 200, 0, 10, ""},
        {"bytes=a-b", 200, 0, 10, ""},
    };
    for (auto& one : kCases) {
        auto part = range(one.range);
        EXPECT_EQ(part.status, one.status) << one.range;
        ASSERT_TRUE(part.file) << one.range;
        EXPECT_EQ(part.file->offset, one.offset) << one.range;
        EXPECT_EQ(part.file->length, one.length) << one.range;
        EXPECT_EQ(part.headers.get("Content-Range"), one.content_range) << one.range;
    }
    for (auto* behind : {"bytes=10-", "bytes=-0", "bytes=99999-99999"}) {
        auto refused = range(behind);
        EXPECT_EQ(refused.status, 416) << behind;
        EXPECT_EQ(refused.headers.get("Content-Range"), "bytes */10");
    }
}

TEST_F(BootHttpTest, KnowsWhatTheClientHas) {
    std::string tag(get("/snponly.efi").headers.get("ETag"));
    std::string modified(get("/snponly.efi").headers.get("Last-Modified"));
    EXPECT_THAT(modified, testing::EndsWith(" GMT"));
    EXPECT_EQ(get("/snponly.efi", {{"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(get("/snponly.efi", {{"If-None-Match", "\"other\""}}).status, 200);
    EXPECT_EQ(get("/snponly.efi", {{"If-Modified-Since", modified}}).status, 304);
    EXPECT_EQ(get("/snponly.efi", {{"Range", "bytes=0-0"}, {"If-Range", tag}}).status, 206);
    EXPECT_EQ(get("/snponly.efi", {{"Range", "bytes=0-0"}, {"If-Range", "\"old\""}}).status, 200);
}

TEST_F(BootHttpTest, ServesOnlyWhatItKnows) {
    EXPECT_EQ(get("/snponly.efi").file->path, directory_ / "loader.efi");
    EXPECT_EQ(get("/agent_images/secret-token").file->path, directory_ / "kernel");
    for (auto* path :
         {"/", "", "/agent_images/other", "/agent_images/../kernel", "/../etc/passwd", "/boot/",
          "/boot/x.ipxe", "/boot/52-54-00-77-00-01", "/boot/52-54-00-77-00-01/",
          "/boot/52-54-00-77-00-01/../x", "/boot/52-54-00-77-00-01.ipxe2", "/etc/passwd"})
        EXPECT_EQ(get(path).status, 404) << path;
    EXPECT_EQ(get("/boot/52-54-00-77-00-01/ramdisk").status, 404);
    EXPECT_EQ(evidence_.events().back().kind, Kind::download_failed);
    EXPECT_EQ(evidence_.events().back().detail, "ramdisk: no such file");
    EXPECT_EQ(get("/boot.ipxe", {}, "POST").status, 405);
    EXPECT_EQ(get("/boot.ipxe", {}, "HEAD").status, 200);
    EXPECT_THAT(get("/boot.ipxe").body, HasSubstr("/boot/${netX/mac:hexhyp}.ipxe"));
}

TEST(BootScript, GivesTheMachineBackToItsFirmware) {
    auto script = boot_script(nullptr, kMac, "http://b");
    EXPECT_THAT(script, HasSubstr("iseq ${platform} efi && goto uefi ||\nexit 0\n:uefi\nexit 1\n"));
    EXPECT_THAT(script, Not(HasSubstr("sanboot")));
}

TEST(BootScript, StartsTheDiskItselfOnlyUnderABios) {
    BootPlan plan{.kind = BootKind::local_disk, .node = "n1"};
    auto script = boot_script(&plan, kMac, "http://b");
    auto to_uefi = script.find("iseq ${platform} efi && goto uefi ||\n");
    auto disk = script.find("sanboot --no-describe --drive 0x80");
    ASSERT_NE(to_uefi, script.npos);
    ASSERT_NE(disk, script.npos);
    EXPECT_LT(to_uefi, disk);
    EXPECT_THAT(script, testing::EndsWith(":uefi\nexit 1\n"));
}

TEST(BootScript, TriesAgainWithAFreshScriptAndSaysWhatFailed) {
    BootPlan plan{.kind = BootKind::network, .kernel = "https://images/k", .ramdisk = "/r"};
    auto script = boot_script(&plan, kMac, "http://b");
    EXPECT_THAT(script, HasSubstr("kernel --name kernel https://images/k initrd=ramdisk"));
    EXPECT_THAT(script, HasSubstr("initrd --name ramdisk http://b/boot/52-54-00-77-00-01/ramdisk"));
    EXPECT_THAT(script, HasSubstr(":failed\necho Ferrite: failed to load the ${stage}"));
    EXPECT_THAT(script, HasSubstr("chain --replace --autofree "
                                  "http://b/boot/52-54-00-77-00-01.ipxe || goto failed\n"));
    plan.ramdisk.clear();
    EXPECT_THAT(boot_script(&plan, kMac, "http://b"), Not(HasSubstr("initrd")));
}

TEST(BootScript, StartsRemoteDisks) {
    BootPlan plan{.kind = BootKind::san, .san_target = "http://b/boot.iso\nshell"};
    EXPECT_THAT(boot_script(&plan, kMac, "http://b"),
                HasSubstr("sanboot --no-describe http://b/boot.iso shell || goto failed\n"));
    plan.san_target = "/images/live.iso";
    EXPECT_THAT(boot_script(&plan, kMac, "http://b"),
                HasSubstr("sanboot --no-describe http://b/boot/52-54-00-77-00-01/iso ||"));
}

TEST(BootScript, KeepsArgumentsInOneLine) {
    EXPECT_EQ(script_safe_arguments("a=1\nexit\tb=\"x y\" || && #c ||d"), "a=1 exit b=\"x y\" ||d");
    EXPECT_EQ(script_safe_arguments(std::string("a\0b\x7f c", 6)), "ab c");
    EXPECT_EQ(script_safe_arguments("  "), "");
}

}  // namespace
}  // namespace ferrite::netboot
