#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/fake_conductor.h"
#include "base/http_client.h"
#include "base/runtime.h"
#include "base/unique_fd.h"
#include "base/uuid.h"
#include "conductor/rpc_client.h"
#include "conductor/rpc_server.h"
#include "store/store.h"

namespace ferrite::conductor {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A port of the loopback address at which somebody takes calls and hangs up without a word.
class DeafServer {
public:
    DeafServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_.get(), 16) != 0)
            throw std::runtime_error("no port");
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~DeafServer() {
        ended_ = true;
        thread_.join();
    }
    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int calls() const { return calls_; }

private:
    void serve() {
        while (!ended_) {
            pollfd waiting{listener_.get(), POLLIN, 0};
            if (::poll(&waiting, 1, 20) <= 0) continue;
            UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
            char bytes[65536];
            if (::recv(peer.get(), bytes, sizeof bytes, 0) > 0) ++calls_;
        }
    }

    UniqueFd listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> calls_ = 0;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

/// A conductor without hardware that remembers who asked, and fails or hangs when told to.
class TalkingConductor : public api::FakeConductor {
public:
    using FakeConductor::FakeConductor;

    RequestContext context;
    std::atomic<int> calls = 0;
    std::shared_ptr<Signal> gate;

    Task<> change_power(RequestContext who, std::string uuid, std::string target,
                        std::optional<std::chrono::seconds> timeout) override {
        context = who;
        ++calls;
        if (target == "hang") {
            auto held = gate;
            co_await held->wait_for(60s);
        }
        if (target == "fail") throw std::runtime_error("a secret of the inside");
        if (target == "full") throw Error(503, "no_free_worker", "Too much is under way.");
        co_await FakeConductor::change_power(std::move(who), std::move(uuid), std::move(target),
                                             timeout);
    }
};

/// A store, a runtime, and conductors behind RPC servers of the loopback address.
class RpcTest : public testing::Test {
protected:
    RpcTest()
        : store({.path = directory + "/db.sqlite"}),
          runtime({.threads = 2, .name = "test"}),
          http(runtime.executor()),
          conductor(store) {}
    ~RpcTest() override {
        runtime.stop();
        std::filesystem::remove_all(directory);
    }

    std::unique_ptr<RpcServer> serve(Client& client, RpcServer::Options options = {}) {
        auto server = std::make_unique<RpcServer>(runtime.executor(), std::move(options), client);
        server->start();
        server->open();
        return server;
    }
    static std::string endpoint_of(const RpcServer& server) {
        return "http://127.0.0.1:" + std::to_string(server.port());
    }
    std::string nobody() {
        auto gone = serve(conductor);
        return endpoint_of(*gone);
    }

    template <class T>
    T result_of(Task<T> task) {
        std::optional<T> result;
        runtime.run(keep(std::move(task), &result));
        return std::move(*result);
    }
    void run(Task<> task) { runtime.run(std::move(task)); }

    template <class T>
    static Task<> keep(Task<T> task, std::optional<T>* result) {
        *result = co_await std::move(task);
    }

    std::string directory = [] {
        std::string path = "/tmp/ferrite-rpc-XXXXXX";
        return std::string(mkdtemp(path.data()));
    }();
    store::Store store;
    Runtime runtime;
    HttpClient http;
    TalkingConductor conductor;
};

/// The Error that `task` throws.
#define EXPECT_ERROR(expression, Class, error)                 \
    for (std::optional<Class> error =                          \
             [&] {                                             \
                 std::optional<Class> caught;                  \
                 try {                                         \
                     expression;                               \
                     ADD_FAILURE() << "nothing was thrown";    \
                 } catch (const Class& e) {                    \
                     caught = e;                               \
                 } catch (const std::exception& e) {           \
                     ADD_FAILURE() << "another: " << e.what(); \
                 }                                             \
                 return caught;                                \
             }();                                              \
         error; error.reset())

}  // namespace ferrite::conductor
