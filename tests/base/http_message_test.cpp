#include "base/http_message.h"

#include <gtest/gtest.h>

#include "base/http_request_reader.h"
#include "base/http_response_head.h"

namespace ferrite {
namespace {

using Phase = HttpRequestReader::Phase;

TEST(HttpHeaders, NamesCompareWithoutCase) {
    HttpHeaders headers;
    headers.add("X-Auth-Token", "a");
    headers.add("x-auth-token", "b");
    EXPECT_EQ(headers.get("X-AUTH-TOKEN"), "a");
    EXPECT_TRUE(headers.has("x-Auth-Token"));
    EXPECT_FALSE(headers.has("x-auth"));
    headers.set("X-auth-token", "c");
    EXPECT_EQ(std::distance(headers.begin(), headers.end()), 1);
    EXPECT_EQ(headers.get("x-auth-token"), "c");
}

TEST(HttpHeaders, SetMayNameOneOfItsOwnFields) {
    HttpHeaders headers;
    headers.add("a-name-longer-than-any-small-buffer", "1");
    headers.set(headers.begin()->first, "2");
    EXPECT_EQ(headers.get("a-name-longer-than-any-small-buffer"), "2");
}

TEST(Query, DecodesInOrder) {
    bool ok = false;
    auto words = parse_query("a=1&b=x+y%20z&&flag&a=%C3%A9&empty=", &ok);
    EXPECT_TRUE(ok);
    std::vector<std::pair<std::string, std::string>> expected{
        {"a", "1"}, {"b", "x y z"}, {"flag", ""}, {"a", "\xC3\xA9"}, {"empty", ""}};
    EXPECT_EQ(words, expected);
}

TEST(Query, BadEscapeGivesNothing) {
    for (auto* text : {"a=%", "a=%4", "a=%4g", "%zz=1", "a=1&b=%"}) {
        bool ok = true;
        EXPECT_TRUE(parse_query(text, &ok).empty()) << text;
        EXPECT_FALSE(ok) << text;
    }
    EXPECT_TRUE(parse_query("a=%").empty());
}

TEST(Percent, RoundTripsEveryByte) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
    EXPECT_EQ(percent_encode("a b/c~"), "a%20b%2Fc~");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("a+b"), "a+b");
}

/// Feeds `text` in pieces of `step` bytes and returns the reader in its last phase.
std::unique_ptr<HttpRequestReader> read(std::string_view text, std::size_t step,
                                        std::size_t body_limit = 1000) {
    auto reader = std::make_unique<HttpRequestReader>(2048);
    std::string input;
    bool allowed = false;
    while (!text.empty()) {
        input += text.substr(0, step);
        text.remove_prefix(std::min(step, text.size()));
        std::size_t used;
        do {
            used = reader->feed(input);
            input.erase(0, used);
            if (reader->phase() == Phase::body && !std::exchange(allowed, true))
                reader->allow_body(body_limit);
        } while (used > 0 && !input.empty());
    }
    return reader;
}

TEST(HttpRequestReader, ReadsAnyHowCut) {
    constexpr std::string_view kRequest =
        "POST /v1/nodes%20x/?fields=a%26b&x HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n4;ext=1\r\nabcd\r\n3\r\nefg\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t step = 1; step < kRequest.size(); ++step) {
        auto reader = read(kRequest, step);
        ASSERT_EQ(reader->phase(), Phase::complete) << step;
        auto& request = reader->request();
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.path, "/v1/nodes x/");
        EXPECT_EQ(request.query, "fields=a%26b&x");
        EXPECT_EQ(request.target, "/v1/nodes%20x/?fields=a%26b&x");
        EXPECT_EQ(request.headers.get("x-one"), "1");
        EXPECT_EQ(request.body, "abcdefg");
        EXPECT_FALSE(request.headers.has("trailer"));
        EXPECT_TRUE(reader->keep_alive());
    }
}

TEST(HttpRequestReader, StopsAtTheEndOfTheRequest) {
    HttpRequestReader reader(2048);
    std::string two = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_EQ(reader.feed(two), two.size() / 2);
    EXPECT_EQ(reader.phase(), Phase::complete);
}

TEST(HttpRequestReader, AbsoluteFormAndAsterisk) {
    EXPECT_EQ(read("GET http://h:1/p?q HTTP/1.1\r\nHost: h\r\n\r\n", 999)->request().path, "/p");
    EXPECT_EQ(read("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", 999)->request().path, "/");
    EXPECT_EQ(read("GET http://h?q=1 HTTP/1.1\r\nHost: h\r\n\r\n", 999)->request().query, "q=1");
    EXPECT_EQ(read("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 999)->request().path, "*");
}

TEST(HttpRequestReader, RefusesWhatIsBroken) {
    for (std::string_view text : {
             "GARBAGE\r\n\r\n",
             "GET / HTTP/1.1\r\n\r\n",                                    // no Host
             "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",              // two of them
             "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",                      // bad escape
             "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",                      // NUL
             "GET path HTTP/1.1\r\nHost: a\r\n\r\n",                      // no such form
             "GET / HTTP/3.0\r\nHost: a\r\n\r\n",                         //
             "GET / HTTP/1.1\r\nHost : a\r\n\r\n",                        // space before colon
             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                          //
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",   //
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",  //
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
             "\r\n",  // smuggling
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\n",
             "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         }) {
        for (std::size_t step : {std::size_t{1}, std::size_t{999}}) {
            auto reader = read(text, step);
            EXPECT_EQ(reader->phase(), Phase::refused) << text;
            EXPECT_EQ(reader->refusal_status(), 400) << text;
        }
    }
}

TEST(HttpRequestReader, BareLineFeedEndsNoLine) {
    EXPECT_EQ(read("GET / HTTP/1.1\nHost: a\n\n", 999)->phase(), Phase::refused);
    EXPECT_EQ(read("GET / HTTP/1.1\nHost: a\n\n", 1)->phase(), Phase::head);
}

TEST(HttpRequestReader, RefusesWhatIsTooLarge) {
    auto head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x') + "\r\n\r\n";
    auto chunk_header = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                        std::string(5000, 'x');
    auto chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n";
    auto announced = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n";
    for (std::size_t step : {1, 100, 99999}) {
        EXPECT_EQ(read(head, step)->refusal_status(), 431) << step;
        EXPECT_EQ(read(chunk_header, step)->refusal_status(), 431) << step;
        EXPECT_EQ(read(chunks, step)->refusal_status(), 413) << step;
        EXPECT_EQ(read(announced, step)->refusal_status(), 413) << step;
    }
}

TEST(HttpResponseHead, AlwaysFramesTheBody) {
    HttpResponse response;
    response.status = 404;
    response.headers.set("content-length", "77");
    response.headers.set("X-A", "b");
    auto head = http_response_head(response, {.keep_alive = false, .body_size = 5});
    EXPECT_TRUE(head.starts_with("HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 5\r\nDate: "))
        << head;
    EXPECT_TRUE(head.ends_with(" GMT\r\nConnection: close\r\n\r\n")) << head;
}

TEST(HttpResponseHead, SomeStatusesHaveNoLength) {
    for (int status : {204, 304}) {
        HttpResponse response{.status = status};
        EXPECT_EQ(http_response_head(response, {}).find("Content-Length"), std::string::npos);
    }
}

TEST(HttpResponseHead, HeadMayAnnounceALength) {
    HttpResponse response;
    response.headers.set("Content-Length", "77");
    EXPECT_NE(http_response_head(response, {.is_head = true}).find("Content-Length: 77\r\n"),
              std::string::npos);
}

TEST(HttpResponseHead, LineBreaksDoNotGetOut) {
    HttpResponse response;
    response.headers.set("Location", "/a\r\nSet-Cookie: x");
    EXPECT_EQ(http_response_head(response, {}).find("Cookie"), std::string::npos);
}

TEST(HttpResponseHead, TellsOldClientsThatItStaysOpen) {
    EXPECT_NE(http_response_head({}, {.is_http_1_0 = true}).find("Connection: keep-alive\r\n"),
              std::string::npos);
}

}  // namespace
}  // namespace ferrite
