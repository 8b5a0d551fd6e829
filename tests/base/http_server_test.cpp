#include "base/http_server.h"

#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/loopback_client.h"
#include "base/runtime.h"
#include "base/test_certificate.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;
using test::LoopbackClient;

constexpr std::size_t kLarge = 8 * 1024 * 1024;  // more than a socket takes at once

/// Answers with what it was asked; some paths are special.
Task<HttpResponse> echo(HttpRequest request) {
    HttpResponse response;
    if (request.path == "/throw") throw std::runtime_error("no");
    if (request.path == "/empty") {
        response.status = 204;
        co_return response;
    }
    if (request.path == "/close") response.headers.set("Connection", "close");
    if (request.path == "/large") {
        response.body.assign(kLarge, 'L');
        co_return response;
    }
    response.headers.set("Content-Type", "text/plain");
    response.body = request.method + " " + request.path + "?" + request.query + "\n" + request.body;
    co_return response;
}

std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: here\r\n" + std::string(fields) +
           "\r\n";
}

class HttpServerTest : public ::testing::Test {
protected:
    HttpServer& start(HttpServer::Options options = {}, HttpHandler handler = echo) {
        server_ = std::make_unique<HttpServer>(runtime_.executor(), std::move(options),
                                               std::move(handler));
        server_->start();
        return *server_;
    }
    void TearDown() override {
        if (server_) EXPECT_TRUE(drain(60s));
    }
    bool drain(std::chrono::seconds timeout) {
        bool ended = false;
        runtime_.run(drain_into(server_.get(), timeout, &ended));
        return ended;
    }
    static Task<> drain_into(HttpServer* server, std::chrono::seconds timeout, bool* ended) {
        *ended = co_await server->drain(timeout);
    }

    Runtime runtime_{{.threads = 2, .name = "http"}};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOverOneConnection) {
    LoopbackClient client(start().port());
    for (int i = 0; i < 3; ++i) {
        auto answer = client.exchange(get("/a%20b?x=1"));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a b?x=1\n")) << answer;
        EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
    }
    auto answer = client.exchange("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_TRUE(answer.ends_with("POST /p?\nhello")) << answer;
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
    LoopbackClient client(start().port());
    std::string many;
    for (int i = 0; i < 500; ++i) many += get("/" + std::to_string(i));
    client.send(many);
    for (int i = 0; i < 500; ++i) {
        auto answer = client.read_answer();
        ASSERT_TRUE(answer.ends_with("GET /" + std::to_string(i) + "?\n")) << answer;
    }
}

TEST_F(HttpServerTest, ReadsChunkedBodyInPieces) {
    LoopbackClient client(start().port());
    client.send("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    client.send("c\r\n2\r\nde\r\n0\r\n\r\n");
    EXPECT_TRUE(client.read_answer().ends_with("POST /c?\nabcde"));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
    LoopbackClient client(start().port());
    client.send("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n" + get("/next"));
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 8388608\r\n"), std::string::npos);
    EXPECT_TRUE(client.read_answer().ends_with("GET /next?\n"));
}

TEST_F(HttpServerTest, NoContent) {
    LoopbackClient client(start().port());
    EXPECT_TRUE(client.exchange(get("/empty")).starts_with("HTTP/1.1 204 No Content\r\n"));
    EXPECT_TRUE(client.exchange(get("/next")).ends_with("GET /next?\n"));
}

TEST_F(HttpServerTest, ConnectionClosesWhenAsked) {
    auto port = start().port();
    for (auto request : {get("/a", "Connection: close\r\n"), get("/close"),
                         std::string("GET /a HTTP/1.0\r\n\r\n")}) {
        LoopbackClient client(port);
        client.send(request);
        auto answer = client.read_to_end();
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    }
    LoopbackClient old(port);
    auto answer = old.exchange("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(answer.find("Connection: keep-alive\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(old.exchange(get("/b")).ends_with("GET /b?\n"));
}

TEST_F(HttpServerTest, ExceptionBecomes500) {
    LoopbackClient client(start().port());
    EXPECT_TRUE(client.exchange(get("/throw")).starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE(client.exchange(get("/next")).ends_with("GET /next?\n"));
}

TEST_F(HttpServerTest, LargeBody) {
    auto port = start().port();
    LoopbackClient client(port);
    EXPECT_GT(client.exchange(get("/large")).size(), kLarge);
    LoopbackClient old(port);
    old.send("GET /large HTTP/1.0\r\n\r\n");
    auto answer = old.read_to_end();
    EXPECT_NE(answer.find(fmt::format("Content-Length: {}\r\n", kLarge)), answer.npos);
    EXPECT_TRUE(answer.ends_with(std::string(kLarge, 'L')));
}

TEST_F(HttpServerTest, ExpectContinue) {
    auto port = start({.max_body_bytes = 10}).port();
    LoopbackClient client(port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_TRUE(client.exchange("ok").ends_with("POST /?\nok"));

    LoopbackClient large(port);
    large.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(large.read_to_end().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, RefusesBeyondLimits) {
    auto port = start({.max_header_bytes = 1024, .max_body_bytes = 10}).port();
    struct Case {
        std::string request;
        std::string_view answer;
    };
    for (const auto& [request, expected] : std::vector<Case>{
             {get("/", "X: " + std::string(200'000, 'x') + "\r\n"), "HTTP/1.1 431 "},
             {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n" + std::string(11, 'x'),
              "HTTP/1.1 413 "},
             {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
              "HTTP/1.1 413 "},
             {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
             {get("/%q1"), "HTTP/1.1 400 "},
         }) {
        LoopbackClient client(port);
        client.send(request);
        auto answer = client.read_to_end();
        EXPECT_TRUE(answer.starts_with(expected)) << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    }
}

TEST_F(HttpServerTest, LimitAndRefusalAreTheCallers) {
    HttpServer::Options options;
    options.body_limit = [](const HttpRequest& head) { return head.path == "/big" ? 100u : 1u; };
    options.refusal = [](const HttpRequest& head, int status) {
        HttpResponse response{.status = status};
        response.body = "refused " + head.path;
        return response;
    };
    auto port = start(std::move(options)).port();
    std::string length = " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
    LoopbackClient client(port);
    EXPECT_TRUE(client.exchange("POST /big" + length).ends_with("ab"));
    client.send("POST /small" + length);
    EXPECT_TRUE(client.read_to_end().ends_with("\r\n\r\nrefused /small"));
}

TEST_F(HttpServerTest, SlowHeadIsAnsweredAndClosed) {
    LoopbackClient client(start({.header_timeout = 1s}).port());
    client.send("GET / HTTP/1.1\r\nHos");
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, DripOfBytesDoesNotExtendTheHead) {
    LoopbackClient client(start({.header_timeout = 1s}).port());
    std::string answer;
    try {
        client.send("GET / HTTP/1.1\r\n");
        for (int i = 0; i < 600; ++i) {
            client.send("X: y\r\n");
            pollfd readable{.fd = client.fd(), .events = POLLIN, .revents = 0};
            if (::poll(&readable, 1, 100) > 0) break;
        }
        answer = client.read_to_end();
    } catch (const std::runtime_error&) {
        return;  // closed while we were writing
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST_F(HttpServerTest, SilentBodyAndIdleConnectionsAreClosed) {
    auto port = start({.body_timeout = 1s, .idle_timeout = 1s}).port();
    LoopbackClient body(port);
    body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    LoopbackClient idle(port);
    EXPECT_TRUE(idle.exchange(get("/")).ends_with("GET /?\n"));
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_TRUE(body.read_to_end().starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(LoopbackClient(port).read_to_end(), "");
}

TEST_F(HttpServerTest, DripOfBytesDoesNotExtendTheBody) {
    LoopbackClient client(start({.whole_body_timeout = 1s}).port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    std::string answer;
    try {
        for (int i = 0; i < 600; ++i) {
            client.send("x");
            pollfd readable{.fd = client.fd(), .events = POLLIN, .revents = 0};
            if (::poll(&readable, 1, 100) > 0) break;
        }
        answer = client.read_to_end();
    } catch (const std::runtime_error&) {
        return;  // closed while we were writing
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST_F(HttpServerTest, ReceiverThatStopsReadingIsClosed) {
    HttpServer::Options options;
    options.body_timeout = 1s;
    LoopbackClient client(start(std::move(options)).port());
    for (int i = 0; i < 4; ++i) client.send(get("/large"));
    // TearDown's drain ends only because the server gives up on us.
}

TEST_F(HttpServerTest, ReceiverThatLeavesInTheMiddleHarmsNobody) {
    auto port = start().port();
    for (int i = 0; i < 3; ++i) {
        LoopbackClient leaver(port);
        leaver.send(get("/large") + get("/large"));
        leaver.read_until("\r\n\r\n");
    }
    EXPECT_TRUE(LoopbackClient(port).exchange(get("/next")).ends_with("GET /next?\n"));
}

TEST_F(HttpServerTest, SlowReceiversHoldUpNobodyAndGetAll) {
    auto port = start().port();
    std::vector<std::unique_ptr<LoopbackClient>> slow;
    for (int i = 0; i < 8; ++i) {
        slow.push_back(std::make_unique<LoopbackClient>(port));
        slow.back()->send(get("/large"));
        slow.back()->read_until("\r\n\r\n");
    }
    EXPECT_TRUE(LoopbackClient(port).exchange(get("/next")).ends_with("GET /next?\n"));
    for (auto& client : slow) {
        EXPECT_EQ(client->read_exactly(kLarge), std::string(kLarge, 'L'));
        EXPECT_TRUE(client->exchange(get("/next")).ends_with("GET /next?\n"));
    }
}

TEST_F(HttpServerTest, ConnectionsPastTheLimitAreRefused) {
    auto port = start({.max_connections = 2}).port();
    LoopbackClient one(port), two(port);
    one.exchange(get("/"));
    two.exchange(get("/"));
    EXPECT_TRUE(LoopbackClient(port).read_to_end().starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(one.exchange(get("/still")).ends_with("GET /still?\n"));
}

TEST_F(HttpServerTest, ThousandsOfIdleConnections) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    auto port = start().port();
    std::vector<LoopbackClient> idle;
    for (int i = 0; i < 2000; ++i) idle.emplace_back(port);
    LoopbackClient client(port);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(client.exchange(get("/x")).ends_with("GET /x?\n"));
    for (auto& each : idle) ASSERT_TRUE(each.exchange(get("/y")).ends_with("GET /y?\n"));
}

TEST_F(HttpServerTest, FileBody) {
    auto path =
        std::filesystem::temp_directory_path() / ("http_server_test_" + std::to_string(::getpid()));
    std::string content;
    for (int i = 0; i < 1'000'000; ++i) content += std::to_string(i % 10);
    std::ofstream(path) << content;

    auto handler = [path](HttpRequest request) -> Task<HttpResponse> {
        HttpResponse response;
        response.file = FileBody{path, 0, 1'000'000};
        if (request.path == "/part") response.file = FileBody{path, 999'990, 5};
        if (request.path == "/beyond") response.file = FileBody{path, 999'990, 11};
        if (request.path == "/missing") response.file = FileBody{path / "no", 0, 1};
        return [](HttpResponse r) -> Task<HttpResponse> { co_return r; }(std::move(response));
    };
    LoopbackClient client(start({}, handler).port());
    auto whole = client.exchange(get("/"));
    EXPECT_TRUE(whole.ends_with("\r\n\r\n" + content));
    EXPECT_TRUE(client.exchange(get("/part")).ends_with("\r\n\r\n01234"));
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 1000000\r\n"), std::string::npos);
    EXPECT_TRUE(client.exchange(get("/beyond")).starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE(client.exchange(get("/part")).ends_with("\r\n\r\n01234"));
    std::filesystem::remove(path);
    EXPECT_TRUE(client.exchange(get("/part")).starts_with("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, UnixSocket) {
    auto path = std::filesystem::temp_directory_path() /
                ("http_server_test_" + std::to_string(::getpid()) + ".sock");
    {
        // A socket file left behind is taken over.
        UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    start({.unix_socket = path, .unix_socket_mode = 0620});
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0620));
    LoopbackClient client(path.string());
    EXPECT_TRUE(client.exchange(get("/u")).ends_with("GET /u?\n"));
    HttpServer second(runtime_.executor(), {.unix_socket = path}, echo);
    EXPECT_THROW(second.start(), Error);
}

TEST_F(HttpServerTest, TakenAddressIsAnErrorThatNamesIt) {
    auto port = start().port();
    HttpServer second(runtime_.executor(), {.port = port}, echo);
    try {
        second.start();
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.message().find("127.0.0.1 port " + std::to_string(port)), std::string::npos);
    }
}

TEST_F(HttpServerTest, HalfOpenTlsIsClosed) {
    auto certificate = test::make_certificate();
    auto port = start({.header_timeout = 1s,
                       .idle_timeout = 1s,
                       .tls = {.certificate_pem = certificate.certificate_pem,
                               .key_pem = Secret(certificate.key_pem)}})
                    .port();
    LoopbackClient silent(port), begun(port), garbage(port);
    begun.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7));
    garbage.send("\x16\x03\x01 nonsense, and more of it than any record begins with");
    EXPECT_EQ(silent.read_to_end(), "");
    EXPECT_EQ(begun.read_to_end(), "");
    EXPECT_EQ(garbage.read_to_end().find("HTTP/"), std::string::npos);
}

TEST_F(HttpServerTest, Tls) {
    auto certificate = test::make_certificate();
    auto port = start({.tls = {.certificate_pem = certificate.certificate_pem,
                               .key_pem = Secret(certificate.key_pem)}})
                    .port();
    LoopbackClient plain(port);
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                              &SSL_CTX_free);
    std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
    SSL_set_fd(tls.get(), plain.fd());
    ASSERT_EQ(SSL_connect(tls.get()), 1);
    auto request = get("/a") + get("/large") + get("/b", "Connection: close\r\n");
    ASSERT_EQ(SSL_write(tls.get(), request.data(), static_cast<int>(request.size())),
              static_cast<int>(request.size()));
    std::string answer(9 * 1024 * 1024, '\0');
    std::size_t size = 0;
    for (int n; (n = SSL_read(tls.get(), answer.data() + size, 1 << 20)) > 0;)
        size += static_cast<std::size_t>(n);
    answer.resize(size);
    EXPECT_EQ(SSL_get_shutdown(tls.get()), SSL_RECEIVED_SHUTDOWN);
    EXPECT_NE(answer.find("GET /a?\n"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("GET /b?\n"));
    EXPECT_GT(answer.size(), 8u * 1024 * 1024);

    LoopbackClient not_tls(port);
    not_tls.send(get("/"));
    EXPECT_EQ(not_tls.read_to_end().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(HttpServerTest, BadCertificateIsAnError) {
    auto one = test::make_certificate();
    auto other = test::make_certificate();
    for (auto [certificate, key, version] :
         {std::tuple{one.certificate_pem, other.key_pem, "1.2"},
          std::tuple{std::string("nonsense"), one.key_pem, "1.2"},
          std::tuple{one.certificate_pem, std::string("nonsense"), "1.2"},
          std::tuple{one.certificate_pem, one.key_pem, "1.1"}}) {
        HttpServer server(runtime_.executor(),
                          {.tls = {.certificate_pem = certificate,
                                   .key_pem = Secret(key),
                                   .minimum_version = version}},
                          echo);
        EXPECT_THROW(server.start(), Error);
    }
}

TEST_F(HttpServerTest, DrainLetsASlowReceiverHaveTheRest) {
    LoopbackClient client(start().port());
    client.send(get("/large"));
    client.read_until("\r\n\r\n");
    drain(0s);
    EXPECT_EQ(client.read_to_end(), std::string(kLarge, 'L'));
}

TEST_F(HttpServerTest, DrainLetsRequestsEnd) {
    auto begun = std::make_shared<Signal>();
    auto go_on = std::make_shared<Signal>();
    auto slow = [](std::shared_ptr<Signal> begun_in,
                   std::shared_ptr<Signal> go_on_in) -> Task<HttpResponse> {
        begun_in->set();
        co_await go_on_in->wait_for(60s);
        HttpResponse response;
        response.body = "done";
        co_return response;
    };
    auto port = start({}, [=](HttpRequest) { return slow(begun, go_on); }).port();
    LoopbackClient busy(port), idle(port);
    busy.send(get("/slow"));
    runtime_.run([](std::shared_ptr<Signal> signal) -> Task<> {
        EXPECT_TRUE(co_await signal->wait_for(60s));
    }(begun));
    EXPECT_FALSE(drain(0s));
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_THROW(LoopbackClient{port}, std::runtime_error);
    go_on->set();
    auto answer = busy.read_to_end();
    EXPECT_TRUE(answer.ends_with("\r\n\r\ndone")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

}  // namespace
}  // namespace ferrite
