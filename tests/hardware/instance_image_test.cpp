#include "hardware/instance_image.h"

#include <gmock/gmock.h>

#include "hardware/config_drive.h"
#include "hardware/node_fixture.h"
#include "image/config_drive.h"
#include "image/image_error.h"
#include "image/image_fixture.h"

namespace ferrite::hardware {
namespace {

using image::error_of;
using image::shell;
using image::sum_of;
using testing::HasSubstr;

class InstanceImageTest : public image::ImageTest {
protected:
    InstanceImageTest() { make({}); }

    void make(InstanceImages::Options options) {
        options.directory = scratch_ / "images";
        options.url = "http://10.0.0.1/images";
        options.files.allowed = {scratch_.path()};
        images_.emplace(client_, cache_, std::move(options));
    }
    /// The node shall run the page of that name with that content.
    void want(const std::string& name, const std::string& content) {
        server_.put(name, {.body = content});
        want_url(server_.url(name), sum_of(content).value);
    }
    void want_url(const std::string& url, const std::string& sum) {
        auto& info = node_.node.instance_info;
        info.set("image_source", Json(url));
        info.set("image_os_hash_algo", "sha256");
        info.set("image_os_hash_value", Json(sum));
    }
    void prepare() { await(images_->prepare(&node_)); }
    std::filesystem::path local() { return scratch_ / "images" / node_.node.uuid; }
    std::string image_url() { return node_.node.instance_info.get_text("image_url"); }
    std::string qcow2(const std::string& raw) {
        image::write_file(scratch_ / "disk.raw", raw);
        auto to = (scratch_ / "disk.qcow2").string();
        if (shell("qemu-img convert -f raw -O qcow2 " + (scratch_ / "disk.raw").string() + " " +
                  to))
            return {};
        return image::read_file(to);
    }

    image::ImageCache cache_{client_,
                             {.directory = scratch_ / "masters", .files = {{scratch_.path()}}}};
    std::optional<InstanceImages> images_;
    test::LooseNode node_{"ipmi"};
};

TEST_F(InstanceImageTest, APlainDiskIsLeftWhereItIs) {
    want("disk.raw", image::noise(2'000'000));
    prepare();
    EXPECT_EQ(image_url(), server_.url("disk.raw"));
    EXPECT_FALSE(std::filesystem::exists(local()));
    auto info = images_->image_info(node_.node);
    EXPECT_EQ(info["urls"].at(0), Json(server_.url("disk.raw")));
    EXPECT_EQ(info["disk_format"], Json("raw"));
    EXPECT_EQ(info["os_hash_algo"], Json("sha256"));
    EXPECT_EQ(info["stream_raw_images"], Json(true));
    EXPECT_EQ(node_.node.instance_info.get_text("image_type"), "whole-disk");
    EXPECT_EQ(server_.count("HEAD"), 1);
    EXPECT_EQ(server_.count("GET"), 1) << "only its head was looked at";
}

TEST_F(InstanceImageTest, AnImageShorterThanALookIsADiskToo) {
    want("tiny.raw", "x");
    prepare();
    EXPECT_EQ(image_url(), server_.url("tiny.raw"));
}

TEST_F(InstanceImageTest, Qcow2IsConvertedAndServedFromHere) {
    auto raw = image::noise(1 << 20);
    auto packed = qcow2(raw);
    if (packed.empty()) GTEST_SKIP() << "qemu-img is not there";
    want("disk.qcow2", packed);
    prepare();
    EXPECT_EQ(image_url(), "http://10.0.0.1/images/" + node_.node.uuid);
    EXPECT_EQ(image::read_file(local()), raw);
    auto info = images_->image_info(node_.node);
    EXPECT_EQ(info["disk_format"], Json("raw"));
    EXPECT_EQ(info["os_hash_value"], Json(sum_of(raw).value)) << "of what the agent gets";
    EXPECT_EQ(info["id"], Json("disk.qcow2"));
    images_->discard(node_.node);
    EXPECT_FALSE(std::filesystem::exists(local()));
    images_->discard(node_.node);
}

TEST_F(InstanceImageTest, Qcow2StaysQcow2WhereRawIsNotForced) {
    auto packed = qcow2(image::noise(1 << 20));
    if (packed.empty()) GTEST_SKIP() << "qemu-img is not there";
    make({.force_raw = false});
    want("disk.qcow2", packed);
    prepare();
    EXPECT_EQ(image::read_file(local()), packed);
    EXPECT_EQ(images_->image_info(node_.node)["disk_format"], Json("qcow2"));
}

TEST_F(InstanceImageTest, FilesAndWhateverIsToBeLocalAreServedFromHere) {
    auto content = image::noise(100'000);
    image::write_file(scratch_ / "here.raw", content);
    node_.node.instance_info.set("image_source",
                                 Json("file://" + (scratch_ / "here.raw").string()));
    prepare();
    EXPECT_EQ(image::read_file(local()), content);
    EXPECT_EQ(images_->image_info(node_.node)["os_hash_value"], Json(sum_of(content).value));
    EXPECT_EQ(image_url(), "http://10.0.0.1/images/" + node_.node.uuid);

    make({.always_local = true});
    node_.node.uuid[0] = '9';
    want("disk.raw", content);
    prepare();
    EXPECT_EQ(image::read_file(local()), content);
}

TEST_F(InstanceImageTest, AnImageThatIsNotThereIsToldByItsStatus) {
    want_url(server_.url("gone.raw?signature=s3cret"), sum_of("").value);
    auto why = error_of([&] { prepare(); });
    EXPECT_THAT(why, HasSubstr("404"));
    EXPECT_THAT(why, HasSubstr("gone.raw"));
    EXPECT_THAT(why, testing::Not(HasSubstr("s3cret")));
    server_.put("secret.raw", {.status = 403});
    want_url(server_.url("secret.raw"), sum_of("").value);
    EXPECT_THAT(error_of([&] { prepare(); }), HasSubstr("403"));
}

TEST_F(InstanceImageTest, AWrongChecksumOfWhatIsServedFromHereIsFound) {
    make({.always_local = true});
    want("disk.raw", image::noise(100'000));
    auto wrong = sum_of("something else").value;
    node_.node.instance_info.set("image_os_hash_value", Json(wrong));
    EXPECT_THROW(prepare(), image::ChecksumMismatch);
    EXPECT_FALSE(std::filesystem::exists(local()));
}

TEST_F(InstanceImageTest, WhatIsNoChecksumIsRefused) {
    want("disk.raw", "x");
    for (const char* bad : {"zz", "abc", "0123456789abcdef"}) {
        node_.node.instance_info.set("image_os_hash_value", Json(bad));
        EXPECT_THROW(prepare(), InvalidValue) << bad;
    }
}

TEST_F(InstanceImageTest, AFormatThatIsNotPermittedIsRefusedBeforeItIsFetched) {
    std::string vmdk = "KDMV" + std::string(4096, '\0');
    want("disk.vmdk", vmdk);
    EXPECT_THROW(prepare(), image::InvalidImage);
}

TEST_F(InstanceImageTest, ValidationSaysWhatIsMissing) {
    auto& info = node_.node.instance_info;
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("image_source"));
    info.set("image_source", "http://192.0.2.1/disk.raw");
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("image_checksum"));
    info.set("image_os_hash_algo", "sha256");
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("image_os_hash_value"));
    info.set("image_os_hash_value", Json(sum_of("x").value));
    EXPECT_NO_THROW(images_->validate(node_.node));
    info.erase({"image_os_hash_algo", "image_os_hash_value"});
    info.set("image_checksum", "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_NO_THROW(images_->validate(node_.node));
    info.set("image_type", "partition");
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("partition"));
    info.set("image_type", "cake");
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("cake"));
    info.set("image_type", "whole-disk");
    for (const char* refused : {"glance-uuid", "ftp://192.0.2.1/x", "oci://x/y", "/etc/passwd"}) {
        info.set("image_source", Json(refused));
        EXPECT_THROW(images_->validate(node_.node), Error) << refused;
    }
    info.set("image_source", "file:///some/where");
    info.erase({"image_checksum"});
    EXPECT_NO_THROW(images_->validate(node_.node)) << "a file of this host needs no checksum";
}

TEST_F(InstanceImageTest, TheAgentIsToldOfProxies) {
    auto& info = node_.node.driver_info;
    info.set("image_no_proxy", "10.0.0.1,.example.org");
    EXPECT_FALSE(images_->image_info(node_.node).contains("no_proxy")) << "there is no proxy";
    info.set("image_http_proxy", "http://proxy:3128");
    info.set("image_https_proxy", "proxy:3129");
    auto told = images_->image_info(node_.node);
    EXPECT_EQ(told["proxies"],
              Json(JsonObject{{"http", "http://proxy:3128"}, {"https", "proxy:3129"}}));
    EXPECT_EQ(told["no_proxy"], Json("10.0.0.1,.example.org"));
    node_.node.instance_info.set("image_source", "file:///some/where");
    EXPECT_NO_THROW(images_->validate(node_.node));
    info.set("image_https_proxy", "socks5://proxy");
    EXPECT_THAT(error_of([&] { images_->validate(node_.node); }), HasSubstr("image_https_proxy"));
}

TEST(ConfigDrive, IsBuiltFromItsPartsOrPassedOn) {
    model::Node node;
    node.uuid = "11111111-2222-4333-8444-555555555555";
    node.name = "web-1";
    EXPECT_EQ(config_drive_for_agent(node), "");
    node.instance_info.set("configdrive", "H4sIAAAA");
    EXPECT_EQ(config_drive_for_agent(node), "H4sIAAAA");
    node.instance_info.set("configdrive", Json{{"meta_data", {{"public_keys", {{"a", "ssh-rsa"}}}}},
                                               {"user_data", "#!/bin/sh\necho hello"}});
    auto iso = image::decode_config_drive(config_drive_for_agent(node));
    std::string text(iso.begin(), iso.end());
    EXPECT_THAT(text, HasSubstr("echo hello"));
    EXPECT_THAT(text, HasSubstr(node.uuid));
    EXPECT_THAT(text, HasSubstr("web-1"));
    node.instance_info.set("configdrive", Json{{"cake", 1}});
    EXPECT_THROW(config_drive_for_agent(node), InvalidValue);
}

}  // namespace
}  // namespace ferrite::hardware
