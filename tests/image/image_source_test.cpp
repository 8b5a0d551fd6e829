#include "image/image_source.h"

#include "image/image_error.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

TEST(HttpAccess, NamesWithoutSecrets) {
    EXPECT_EQ(display_url("http://user:pw@host:80/a/b.img?sig=x#y"), "http://host:80/a/b.img");
    EXPECT_EQ(display_url("http://host/a@b"), "http://host/a@b");
    EXPECT_EQ(display_url("http://u@host"), "http://host");
    EXPECT_EQ(url_file_name("http://host/a/b%20c.img?x=/y"), "b c.img");
    EXPECT_EQ(basic_authorization("Aladdin", Secret("open sesame")).reveal(),
              "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(HttpDate, ReadsTheFixedForm) {
    EXPECT_EQ(ferrite::to_text(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")),
              "1994-11-06T08:49:37+00:00");
    EXPECT_FALSE(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"));
    EXPECT_FALSE(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT+1"));
    EXPECT_FALSE(parse_http_date(""));
}

class ImageSourceTest : public ImageTest {
protected:
    ImageSource parse(std::string_view href) { return parse_image_source(href, policy_); }
    FileUrlPolicy policy_{.allowed = {scratch_ / "images"}};
};

TEST_F(ImageSourceTest, SaysWhyAReferenceIsRefused) {
    EXPECT_EQ(parse("http://host/x").kind, ImageSource::Kind::http);
    EXPECT_EQ(parse("HTTPS://host/x").kind, ImageSource::Kind::http);
    for (auto bad : {"", "b2a0a3a8-0a3b-4a7f-8b1c-000000000000", "glance://x", "ftp://host/x",
                     "http://", "http:///x", "http://host/a b", "file://relative", "file://"})
        EXPECT_THROW(parse(bad), SourceRefused) << bad;
    EXPECT_NE(error_of([&] { parse("b2a0a3a8-0a3b-4a7f-8b1c-000000000000"); }).find("Glance"),
              std::string::npos);
}

TEST_F(ImageSourceTest, FilesComeFromAllowedDirectoriesOnly) {
    fs::create_directories(scratch_ / "images");
    write_file(scratch_ / "images/good image.raw", "x");
    write_file(scratch_ / "secret", "x");
    fs::create_symlink("/etc/passwd", scratch_ / "images/passwd");
    fs::create_symlink(scratch_ / "secret", scratch_ / "images/link");
    auto url = [&](const std::string& name) { return "file://" + (scratch_ / name).string(); };

    EXPECT_EQ(parse(url("images/good%20image.raw")).path, scratch_ / "images/good image.raw");
    for (auto bad :
         {"secret", "images/../secret", "images/link", "images/passwd", "images/none", "images"})
        EXPECT_THROW(parse(url(bad)), SourceRefused) << bad;
    policy_.allowed = {"/"};
    EXPECT_THROW(parse("file:///etc/passwd"), SourceRefused);
    EXPECT_THROW(parse("file:///proc/self/environ"), SourceRefused);
    policy_.allowed = {};
    EXPECT_THROW(parse(url("images/good%20image.raw")), SourceRefused);
}

TEST_F(ImageSourceTest, DescribesWhatTheServerSays) {
    server_.put("x.img", {.body = "12345", .etag = "\"1\"", .cache_control = "private, no-store"});
    auto about = await(describe(&client_, parse(server_.url("x.img")), {}));
    EXPECT_EQ(about.size, 5U);
    EXPECT_EQ(about.etag, "\"1\"");
    EXPECT_TRUE(about.no_store);
    EXPECT_EQ(ferrite::to_text(*about.last_modified), "2026-07-01T10:00:00+00:00");
    auto message = error_of([&] { await(describe(&client_, parse(server_.url("none")), {})); });
    EXPECT_NE(message.find("answered 404"), std::string::npos) << message;
}

}  // namespace
}  // namespace ferrite::image
