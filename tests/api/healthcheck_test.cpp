#include "api/healthcheck.h"

#include <fstream>

#include "api/api_fixture.h"

namespace ferrite::api {
namespace {

class HealthcheckTest : public ApiTest {
protected:
    void serve(HealthcheckOptions health) {
        health.enabled = true;
        make_api({.healthcheck = std::move(health)});
    }

    HttpResponse ask(std::string accept = "", std::string method = "GET",
                     std::string path = "/healthcheck") {
        request_.method = std::move(method);
        request_.path = std::move(path);
        request_.headers.set("Accept", std::move(accept));
        HttpResponse response;
        runtime_.run(answer(api_.get(), request_, &response));
        return response;
    }

    std::string file(const std::string& name) {
        auto path = directory_ + "/" + name;
        std::ofstream(path) << "x";
        return path;
    }

    HttpRequest request_;
};

TEST_F(HealthcheckTest, IsNotThereByDefault) {
    EXPECT_EQ(ask().status, 404);
}

TEST_F(HealthcheckTest, TextByDefault) {
    serve({});
    for (std::string accept : {"", "*/*", "text/plain", "image/png", "text/*"}) {
        auto reply = ask(accept);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "OK") << accept;
        EXPECT_EQ(reply.headers.get("Content-Type"), "text/plain; charset=UTF-8");
    }
    EXPECT_EQ(ask("", "POST").status, 200);
    EXPECT_EQ(ask("", "HEAD").status, 204);
    EXPECT_EQ(ask("", "HEAD").body, "");
    EXPECT_EQ(ask("", "GET", "/healthcheck/").status, 404);
    EXPECT_EQ(ask("", "GET", "/v1/healthcheck").status, 404);
}

TEST_F(HealthcheckTest, TheClientChoosesTheFormat) {
    serve({});
    for (auto [accept, type] :
         {std::pair("application/json", "application/json"),
          {"text/html", "text/html; charset=UTF-8"},
          {"text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=UTF-8"},
          {"text/html;q=0.5, application/json;q=0.9", "application/json"},
          {"text/plain;q=0, */*", "text/html; charset=UTF-8"},
          {"application/*", "application/json"}})
        EXPECT_EQ(ask(accept).headers.get("Content-Type"), type) << accept;
    auto json = parse_json(ask("application/json").body);
    EXPECT_EQ(json.at("detailed").as_bool(), false);
    EXPECT_EQ(json.at("reasons").as_array().at(0).as_string(), "OK");
    EXPECT_NE(ask("text/html").body.find("<td>OK</td>"), std::string::npos);
}

TEST_F(HealthcheckTest, AFileTakesTheServiceOutOfTheRotation) {
    serve({.disable_by_file_path = directory_ + "/off"});
    EXPECT_EQ(ask().status, 200);
    file("off");
    auto reply = ask();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.body, "DISABLED BY FILE");
    EXPECT_EQ(ask("", "HEAD").status, 503);
    std::filesystem::remove(directory_ + "/off");
    EXPECT_EQ(ask().status, 200);
}

TEST_F(HealthcheckTest, FilesOfOtherPortsDoNotCount) {
    serve({.disable_by_file_paths = {{6385, file("mine")}, {6386, directory_ + "/other"}},
           .port = 6386});
    EXPECT_EQ(ask().status, 200);
    file("other");
    EXPECT_EQ(ask().status, 503);
}

TEST_F(HealthcheckTest, FilesThatMustBeThere) {
    serve({.enable_by_file_paths = {file("one"), directory_ + "/two"}});
    EXPECT_EQ(ask().body, "FILE PATH MISSING");
    EXPECT_EQ(ask().status, 503);
    file("two");
    EXPECT_EQ(ask().status, 200);
}

TEST_F(HealthcheckTest, Details) {
    auto path = file("<off>");
    serve({.detailed = true, .disable_by_file_path = path});
    auto json = parse_json(ask("application/json").body);
    EXPECT_EQ(json.at("detailed").as_bool(), true);
    EXPECT_FALSE(json.at("now").as_string().empty());
    EXPECT_EQ(json.at("reasons").as_array().at(0).at("details").as_string(),
              "Path '" + path + "' was found");
    auto html = ask("text/html").body;
    EXPECT_NE(html.find("&lt;off&gt;&#39; was found"), std::string::npos) << html;
    serve({.disable_by_file_path = path});
    EXPECT_EQ(ask("application/json").body.find(directory_), std::string::npos);
}

TEST_F(HealthcheckTest, AnswersOnlyWhoMayAsk) {
    serve({.allowed_source_ranges = {"10.0.0.0/8", "192.0.2.7", "fd00::/16"}});
    for (auto [client, status] : {std::pair("10.255.0.1", 200),
                                  {"11.0.0.1", 404},
                                  {"192.0.2.7", 200},
                                  {"192.0.2.8", 404},
                                  {"fd00:1::2", 200},
                                  {"fd01::2", 404},
                                  {"", 404}}) {
        request_.remote_address = client;
        EXPECT_EQ(ask().status, status) << client;
    }
    serve({.ignore_proxied_requests = true});
    EXPECT_EQ(ask().status, 200);
    request_.headers.set("X-Forwarded-For", "192.0.2.1");
    EXPECT_EQ(ask().status, 404);
}

TEST_F(HealthcheckTest, AnotherPath) {
    serve({.path = "/up"});
    EXPECT_EQ(ask("", "GET", "/up").status, 200);
    EXPECT_EQ(ask().status, 404);
}

TEST(AddressRange, Parses) {
    for (auto text : {"10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/128"})
        EXPECT_TRUE(is_address_range(text)) << text;
    for (auto text : {"", "10.0.0.0/33", "host", "10.0.0.0/", "10.0.0.0/-1", "::/129"})
        EXPECT_FALSE(is_address_range(text)) << text;
}

}  // namespace
}  // namespace ferrite::api
