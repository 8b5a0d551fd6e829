#include "image/config_drive.h"

#include "base/base64.h"
#include "image/gzip.h"
#include "image/image_error.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

class ConfigDriveTest : public ImageTest {
protected:
    static ConfigDriveContents contents() {
        auto drive = ConfigDriveContents::from_json(parse_json(
            R"({"meta_data": {"hostname": "h", "name": "mine"}, "user_data": "#cloud-config\n",
                "network_data": {"links": []}, "vendor_data": {"v": 1}})"));
        drive.identify("1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "node-7");
        return drive;
    }
    /// The text of a file in the image, read by a tool that has never heard of us.
    std::string extract(const Bytes& image, const std::string& path, const std::string& tree) {
        write_file(scratch_ / "drive.iso", as_text(image));
        std::string text;
        shell("isoinfo " + tree + " -x '" + path + "' -i " + (scratch_ / "drive.iso").string(),
              &text);
        return text;
    }
};

TEST_F(ConfigDriveTest, OthersCanReadTheImage) {
    auto image = build_config_drive(contents());
    for (const std::string version : {"latest", "2012-08-10"}) {
        auto read = [&](const std::string& file, const std::string& tree) {
            return extract(image, "/openstack/" + version + "/" + file, tree);
        };
        for (const std::string tree : {"-R", "-J"}) {
            EXPECT_EQ(read("meta_data.json", tree), R"({"hostname":"h","name":"mine","uuid":)"
                                                    R"("1be26c0b-03f2-4d2e-ae87-c02d7f33c123"})");
            EXPECT_EQ(read("user_data", tree), "#cloud-config\n");
            EXPECT_EQ(read("network_data.json", tree), R"({"links":[]})");
            EXPECT_EQ(read("vendor_data2.json", tree), R"({"v":1})");
        }
    }
    std::string label;
    shell("blkid -p -o value -s LABEL " + (scratch_ / "drive.iso").string(), &label);
    EXPECT_EQ(label, "config-2\n");
    shell("xorriso -indev " + (scratch_ / "drive.iso").string() + " -toc", &label);
    EXPECT_NE(label.find("Volume id    : 'config-2'"), std::string::npos) << label;
}

TEST_F(ConfigDriveTest, AbsentPartsAreLeftOut) {
    ConfigDriveContents drive;
    drive.user_data = parse_json(R"({"a": [1]})");
    auto image = build_config_drive(drive);
    EXPECT_EQ(extract(image, "/openstack/latest/meta_data.json", "-R"), "{}");
    EXPECT_EQ(extract(image, "/openstack/latest/user_data", "-R"), R"({"a":[1]})");
    std::string list;
    shell("isoinfo -R -f -i " + (scratch_ / "drive.iso").string(), &list);
    EXPECT_EQ(list.find("network_data"), std::string::npos) << list;
}

TEST_F(ConfigDriveTest, RefusesWrongInput) {
    for (auto bad : {"[]", "\"x\"", R"({"meta": {}})", R"({"meta_data": "x"})",
                     R"({"user_data": 1})", R"({"network_data": []})"})
        EXPECT_THROW(ConfigDriveContents::from_json(parse_json(bad)), InvalidValue) << bad;
    ConfigDriveContents large;
    large.user_data = std::string(33 << 20, 'x');
    EXPECT_THROW(build_config_drive(large), InvalidValue);
}

TEST_F(ConfigDriveTest, EveryFormDecodes) {
    auto image = build_config_drive(contents());
    auto packed = compress_gzip(image);
    EXPECT_EQ(decode_config_drive(encode_config_drive(image)), image);
    EXPECT_EQ(decode_config_drive(encode_base64(image)), image);
    EXPECT_EQ(decode_config_drive(as_text(packed)), image);
    EXPECT_EQ(decode_config_drive(as_text(image)), image);
    EXPECT_THROW(decode_config_drive("no base64!"), InvalidValue);
    EXPECT_THROW(decode_config_drive(""), InvalidValue);
    EXPECT_THROW(decode_config_drive(encode_base64(ByteView(packed).first(100))), InvalidValue);
    Bytes bomb((64 << 20) + 1);
    EXPECT_THROW(decode_config_drive(encode_config_drive(bomb)), InvalidValue);
}

TEST_F(ConfigDriveTest, LoadsFromAUrl) {
    auto image = build_config_drive(contents());
    server_.put("drive", {.body = encode_config_drive(image)});
    server_.put("plain", {.body = std::string(as_text(image))});
    server_.put("bad", {.body = "<html>"});
    auto load = [&](std::string value) {
        return await(load_config_drive(&client_, std::move(value), {}));
    };
    EXPECT_EQ(load(server_.url("drive")), image);
    EXPECT_EQ(load(server_.url("plain")), image);
    EXPECT_EQ(load(encode_config_drive(image)), image);
    EXPECT_THROW(load(server_.url("bad")), InvalidValue);
    EXPECT_THROW(load(server_.url("none")), DownloadFailed);
}

}  // namespace
}  // namespace ferrite::image
