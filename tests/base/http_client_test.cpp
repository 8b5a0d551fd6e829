#include "base/http_client.h"

#include <gtest/gtest.h>

#include "base/http_server.h"
#include "base/loopback_client.h"
#include "base/runtime.h"
#include "base/test_certificate.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;

HttpResponse redirect(int status, std::string location) {
    HttpResponse response{.status = status};
    response.headers.set("Location", std::move(location));
    response.body = "elsewhere";
    return response;
}

Task<HttpResponse> answer(HttpRequest request) {
    HttpResponse response;
    if (request.path == "/slow") co_await sleep_for(20s);
    if (request.path == "/large") response.body.assign(3 * 1024 * 1024, 'L');
    if (request.path == "/missing") response.status = 404;
    if (request.path == "/loop") co_return redirect(302, "/loop");
    if (request.path == "/see-other") co_return redirect(303, "/echo");
    if (request.path == "/keep-method") co_return redirect(307, "/echo");
    if (request.path == "/away") co_return redirect(302, "http://" + request.query + "/echo");
    if (request.path == "/file") co_return redirect(302, "file:///etc/passwd");
    if (request.path == "/echo") {
        response.body = request.method + " " + request.body;
        for (const auto& [name, value] : request.headers)
            response.body += "\n" + name + "=" + value;
    }
    response.headers.add("X-Twice", "1");
    response.headers.add("X-Twice", "2");
    co_return response;
}

/// A fetch in a test: its result or its failure.
struct Fetched {
    HttpFetched page;
    std::optional<HttpFailure> failure;
    std::string message;
};

Task<> fetch_into(HttpClient* client, HttpFetch request, Fetched* fetched) {
    try {
        fetched->page = co_await client->fetch(std::move(request));
    } catch (const HttpClientError& e) {
        fetched->failure = e.failure();
        fetched->message = e.message();
    }
}

class HttpClientTest : public ::testing::Test {
protected:
    void SetUp() override { server_.start(); }
    void TearDown() override { runtime_.stop(); }

    Fetched fetch(HttpFetch request) {
        Fetched fetched;
        runtime_.run(fetch_into(&client_, std::move(request), &fetched));
        return fetched;
    }
    std::string url(std::string_view path) {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + std::string(path);
    }

    Runtime runtime_{{.threads = 2, .name = "client"}};
    HttpServer server_{runtime_.executor(), {.max_body_bytes = 8 * 1024 * 1024}, answer};
    HttpClient client_{runtime_.executor()};
};

TEST_F(HttpClientTest, Get) {
    auto fetched = fetch({.url = url("/echo")});
    ASSERT_FALSE(fetched.failure) << fetched.message;
    EXPECT_EQ(fetched.page.status, 200);
    EXPECT_TRUE(fetched.page.body.starts_with("GET \n"));
    EXPECT_EQ(fetched.page.headers.get("x-twice"), "1");
    EXPECT_EQ(fetched.page.final_url, url("/echo"));
}

TEST_F(HttpClientTest, EveryMethodWithItsBody) {
    HttpHeaders headers;
    headers.set("X-One", "1");
    headers.set("X-Empty", "");
    for (std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
        auto fetched =
            fetch({.method = method, .url = url("/echo"), .headers = headers, .body = "b\0dy"});
        EXPECT_TRUE(fetched.page.body.starts_with(method + " b")) << fetched.message;
        EXPECT_NE(fetched.page.body.find("\nX-One=1"), std::string::npos);
        EXPECT_NE(fetched.page.body.find("\nX-Empty="), std::string::npos);
        EXPECT_EQ(fetched.page.body.find("Content-Type"), std::string::npos);
    }
    EXPECT_EQ(fetch({.method = "HEAD", .url = url("/large")}).page.body, "");
    std::string large(4 * 1024 * 1024, 'x');
    EXPECT_GT(fetch({.method = "PUT", .url = url("/echo"), .body = large}).page.body.size(),
              large.size());
}

TEST_F(HttpClientTest, ErrorStatusIsAnAnswer) {
    auto fetched = fetch({.url = url("/missing")});
    EXPECT_FALSE(fetched.failure);
    EXPECT_EQ(fetched.page.status, 404);
}

TEST_F(HttpClientTest, FollowsRedirects) {
    auto see_other = fetch({.method = "POST", .url = url("/see-other"), .body = "x"});
    EXPECT_TRUE(see_other.page.body.starts_with("GET \n")) << see_other.page.body;
    EXPECT_EQ(see_other.page.final_url, url("/echo"));
    auto kept = fetch({.method = "POST", .url = url("/keep-method"), .body = "x"});
    EXPECT_TRUE(kept.page.body.starts_with("POST x\n")) << kept.page.body;
    auto not_followed = fetch({.url = url("/see-other"), .follow_redirects = false});
    EXPECT_EQ(not_followed.page.status, 303);
    EXPECT_EQ(not_followed.page.body, "elsewhere");
    EXPECT_EQ(fetch({.url = url("/loop")}).failure, HttpFailure::other);
    EXPECT_EQ(fetch({.url = url("/file")}).failure, HttpFailure::other);
}

TEST_F(HttpClientTest, CredentialsDoNotFollowToAnotherServer) {
    HttpServer other(runtime_.executor(), {}, answer);
    other.start();
    HttpHeaders headers;
    headers.set("X-Auth-Token", "t0ken");
    headers.set("X-Plain", "p");
    auto away = url("/away?127.0.0.1:") + std::to_string(other.port());
    auto fetched = fetch({.url = away, .headers = headers});
    EXPECT_EQ(fetched.page.body.find("t0ken"), std::string::npos) << fetched.page.body;
    EXPECT_NE(fetched.page.body.find("X-Plain=p"), std::string::npos) << fetched.page.body;
    auto home = fetch({.url = url("/see-other"), .headers = headers});
    EXPECT_NE(home.page.body.find("t0ken"), std::string::npos);
}

TEST_F(HttpClientTest, StreamsBody) {
    std::size_t received = 0;
    HttpFetch request{.url = url("/large")};
    request.on_body = [&](ByteView bytes) {
        received += bytes.size();
        return true;
    };
    auto fetched = fetch(request);
    EXPECT_EQ(received, 3u * 1024 * 1024);
    EXPECT_TRUE(fetched.page.body.empty());

    request.on_body = [&](ByteView) { return false; };
    EXPECT_EQ(fetch(request).failure, HttpFailure::stopped);

    request.on_body = [&](ByteView) -> bool { throw std::logic_error("no space"); };
    Fetched ignored;
    EXPECT_THROW(runtime_.run(fetch_into(&client_, request, &ignored)), std::logic_error);
}

TEST_F(HttpClientTest, TooLarge) {
    auto fetched = fetch({.url = url("/large"), .max_response_bytes = 1024 * 1024});
    EXPECT_EQ(fetched.failure, HttpFailure::too_large);
}

TEST_F(HttpClientTest, Timeouts) {
    EXPECT_EQ(fetch({.url = url("/slow"), .timeout = 100ms}).failure, HttpFailure::timeout);
    EXPECT_EQ(fetch({.url = url("/slow"), .stall_timeout = 1s}).failure, HttpFailure::stalled);
}

/// A socket at a port of its own; where that is.
std::string bound(const UniqueFd& fd) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

TEST_F(HttpClientTest, ATimeOutBeforeAnythingWasSentIsAFailureToConnect) {
    UniqueFd silent(::socket(AF_INET, SOCK_STREAM, 0));
    auto place = bound(silent);
    ASSERT_EQ(::listen(silent.get(), 8), 0);
    EXPECT_EQ(fetch({.url = "https://" + place, .timeout = 200ms}).failure, HttpFailure::connect);
    EXPECT_EQ(fetch({.url = "http://" + place, .timeout = 200ms}).failure, HttpFailure::timeout);
}

TEST_F(HttpClientTest, RefusedConnectionNamesTheUrlWithoutSecrets) {
    UniqueFd closed(::socket(AF_INET, SOCK_STREAM, 0));
    auto place = bound(closed);

    auto fetched = fetch({.url = "http://admin:hunter2@" + place + "/v1?signature=s3cret"});
    EXPECT_EQ(fetched.failure, HttpFailure::connect);
    EXPECT_NE(fetched.message.find("http://" + place + "/v1"), std::string::npos)
        << fetched.message;
    EXPECT_EQ(fetched.message.find("hunter2"), std::string::npos) << fetched.message;
    EXPECT_EQ(fetched.message.find("s3cret"), std::string::npos) << fetched.message;

    fetched = fetch({.url = "http://" + place + "/hooks/s3cret", .path_is_secret = true});
    EXPECT_NE(fetched.message.find("http://" + place), std::string::npos) << fetched.message;
    EXPECT_EQ(fetched.message.find("s3cret"), std::string::npos) << fetched.message;
}

TEST_F(HttpClientTest, OtherFailures) {
    EXPECT_EQ(fetch({.url = "http://no-such-host.invalid/"}).failure, HttpFailure::resolve);
    EXPECT_EQ(fetch({.url = "file:///etc/passwd"}).failure, HttpFailure::other);
    EXPECT_EQ(fetch({.url = "http://[bad"}).failure, HttpFailure::other);
    EXPECT_EQ(fetch({.url = ""}).failure, HttpFailure::other);
    HttpHeaders headers;
    headers.set("X", "a\r\nY: b");
    Fetched ignored;
    EXPECT_THROW(
        runtime_.run(fetch_into(&client_, {.url = url("/"), .headers = headers}, &ignored)),
        InvalidValue);
}

TEST_F(HttpClientTest, Tls) {
    auto certificate = test::make_certificate();
    HttpServer server(runtime_.executor(),
                      {.tls = {.certificate_pem = certificate.certificate_pem,
                               .key_pem = Secret(certificate.key_pem)}},
                      answer);
    server.start();
    auto secure = "https://127.0.0.1:" + std::to_string(server.port()) + "/echo";
    EXPECT_EQ(fetch({.url = secure}).failure, HttpFailure::tls);
    EXPECT_EQ(fetch({.url = secure, .verify_tls = false}).page.status, 200);
    auto fetched = fetch({.url = secure, .ca_pem = certificate.certificate_pem});
    EXPECT_EQ(fetched.page.status, 200) << fetched.message;
    auto other = test::make_certificate();
    EXPECT_EQ(fetch({.url = secure, .ca_pem = other.certificate_pem}).failure, HttpFailure::tls);
}

Task<> count_into(HttpClient* client, std::string url, std::atomic<int>* left, Signal* done) {
    for (int i = 0; i < 3; ++i) {
        auto page = co_await client->fetch({.url = url});
        EXPECT_EQ(page.status, 200);
    }
    if (--*left == 0) done->set();
}

TEST_F(HttpClientTest, ManyAtOnce) {
    constexpr int kTransfers = 300;
    std::atomic<int> left = kTransfers;
    Signal done;
    for (int i = 0; i < kTransfers; ++i)
        runtime_.spawn("fetch", count_into(&client_, url("/echo"), &left, &done));
    runtime_.run(
        [](Signal* signal) -> Task<> { EXPECT_TRUE(co_await signal->wait_for(60s)); }(&done));
}

Task<> fetch_and_tell(HttpClient* client, std::string url, std::shared_ptr<Fetched> fetched,
                      std::shared_ptr<Signal> done) {
    co_await fetch_into(client, {.url = std::move(url)}, fetched.get());
    done->set();
}

TEST_F(HttpClientTest, ShutDownStopsWhatRuns) {
    auto client = std::make_unique<HttpClient>(runtime_.executor());
    auto fetched = std::make_shared<Fetched>();
    auto done = std::make_shared<Signal>();
    runtime_.spawn("fetch", runtime_.strand(),
                   fetch_and_tell(client.get(), url("/slow"), fetched, done));
    runtime_.run([](HttpClient* c, std::string quick) -> Task<> {
        co_await c->fetch({.url = std::move(quick)});
    }(client.get(), url("/echo")));
    client.reset();
    runtime_.run([](std::shared_ptr<Signal> signal) -> Task<> {
        EXPECT_TRUE(co_await signal->wait_for(60s));
    }(done));
    EXPECT_EQ(fetched->failure, HttpFailure::stopped);
}

TEST_F(HttpClientTest, StopOfTheRuntimeDropsTransfers) {
    auto fetched = std::make_shared<Fetched>();
    auto done = std::make_shared<Signal>();
    runtime_.spawn("fetch", fetch_and_tell(&client_, url("/slow"), fetched, done));
    fetch({.url = url("/echo")});
    // Nothing to see but for the sanitizers: TearDown stops the runtime under the transfer.
}

}  // namespace
}  // namespace ferrite
