#include "base/http_server.h"

#include <atomic>
#include <cstring>
#include <system_error>
#include <unordered_set>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/http_connection.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/runtime.h"

namespace asio = boost::asio;

namespace ferrite {
namespace {

constexpr int kBacklog = 4096;  // the system cuts it to net.core.somaxconn
/// How often deadlines are looked at: one pass over a list of connections, no timer for each.
constexpr std::chrono::milliseconds kDeadlineCheck{500};
constexpr std::chrono::milliseconds kAcceptBackoff{100};
constexpr int kAcceptFailures = 64;  // in a row, before the loop rests

struct Peer {
    std::string address;
    std::uint16_t port = 0;
};

Peer to_peer(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, &storage, sizeof in);
        return {IpAddress::v4(ntohl(in.sin_addr.s_addr)).to_text(), ntohs(in.sin_port)};
    }
    if (storage.ss_family != AF_INET6) return {};
    sockaddr_in6 in;
    std::memcpy(&in, &storage, sizeof in);
    const auto* bytes = in.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
        std::uint32_t v4 = 0;
        for (int i = 12; i < 16; ++i) v4 = v4 << 8 | bytes[i];
        return {IpAddress::v4(v4).to_text(), ntohs(in.sin6_port)};
    }
    std::array<std::uint8_t, 16> address;
    std::copy_n(bytes, 16, address.begin());
    return {IpAddress::v6(address).to_text(), ntohs(in.sin6_port)};
}

std::string place(const HttpServer::Options& options) {
    if (!options.unix_socket.empty()) return options.unix_socket;
    return fmt::format("{} port {}", options.address, options.port);
}

[[noreturn]] void fail(const HttpServer::Options& options, const char* what, int cause) {
    throw Error(500, "listen",
                fmt::format("Could not listen on {}: {}: {}", place(options), what,
                            std::generic_category().message(cause)));
}

UniqueFd bind_address(const HttpServer::Options& options) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto port = std::to_string(options.port);
    if (int code = ::getaddrinfo(options.address.c_str(), port.c_str(), &hints, &found)) {
        throw Error(500, "listen",
                    fmt::format("Could not listen on {}: {}", place(options), gai_strerror(code)));
    }
    std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);

    UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) fail(options, "socket", errno);
    int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fail(options, "bind", errno);
    return fd;
}

UniqueFd bind_unix(const HttpServer::Options& options) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options.unix_socket.size() >= sizeof address.sun_path) fail(options, "path", ENAMETOOLONG);
    std::copy(options.unix_socket.begin(), options.unix_socket.end(), address.sun_path);
    auto* generic = reinterpret_cast<sockaddr*>(&address);

    // A socket file that nobody answers on is left over from a process that was killed.
    UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), generic, sizeof address) == 0) fail(options, "connect", EADDRINUSE);
    if (errno == ECONNREFUSED) ::unlink(address.sun_path);

    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) fail(options, "socket", errno);
    // Nobody can connect before listen(), so the permissions are in place in time.
    if (::bind(fd.get(), generic, sizeof address) != 0) fail(options, "bind", errno);
    if (options.unix_socket_mode && ::chmod(address.sun_path, *options.unix_socket_mode) != 0)
        fail(options, "chmod", errno);
    return fd;
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
    return to_peer(storage).port;
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
    State(Executor executor_in, Options options, HttpHandler handler)
        : executor(executor_in), listener(executor_in), service(std::make_shared<HttpService>()) {
        service->options = std::move(options);
        service->handler = std::move(handler);
    }

    void stop_accepting();
    void admit(UniqueFd socket, const sockaddr_storage& peer);
    bool accept_waiting();
    std::vector<std::shared_ptr<HttpConnection>> connections_now();
    void ended(const std::shared_ptr<HttpConnection>& connection);

    static Task<> accept_loop(std::shared_ptr<State> state);
    static Task<> watch_deadlines(std::weak_ptr<State> state);

    Executor executor;
    asio::posix::stream_descriptor listener;
    std::shared_ptr<HttpService> service;
    std::uint16_t port = 0;
    Signal all_ended;
    Mutex mutex;
    std::unordered_set<std::shared_ptr<HttpConnection>> connections FERRITE_GUARDED_BY(mutex);
};

HttpServer::HttpServer(Executor executor, Options options, HttpHandler handler)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), std::move(handler))) {
}

HttpServer::~HttpServer() {
    state_->stop_accepting();
}

void HttpServer::start() {
    const auto& options = state_->service->options;
    if (options.tls.enabled()) state_->service->tls.emplace(options.tls);
    auto fd = options.unix_socket.empty() ? bind_address(options) : bind_unix(options);
    if (::listen(fd.get(), kBacklog) != 0) fail(options, "listen", errno);
    if (options.unix_socket.empty()) state_->port = bound_port(fd.get());
    state_->listener.assign(fd.release());

    asio::co_spawn(state_->executor, State::accept_loop(state_), asio::detached);
    asio::co_spawn(state_->executor, State::watch_deadlines(state_), asio::detached);
}

bool HttpServer::reload_certificate() {
    auto& tls = state_->service->tls;
    return !tls || tls->reload();
}

std::uint16_t HttpServer::port() const {
    return state_->port;
}

Task<bool> HttpServer::drain(std::chrono::seconds timeout) {
    auto state = state_;
    state->stop_accepting();
    co_return co_await state->all_ended.wait_for(timeout);
}

/// Also closes the connections that wait for a request. Any thread, any number of times.
void HttpServer::State::stop_accepting() {
    if (service->draining.exchange(true)) return;
    // Shutting the socket down, in place of closing it, wakes the accept loop from any thread.
    if (listener.is_open()) ::shutdown(listener.native_handle(), SHUT_RDWR);
    if (!service->options.unix_socket.empty()) ::unlink(service->options.unix_socket.c_str());
    for (const auto& connection : connections_now()) {
        asio::post(connection->strand(), [connection] { connection->end_if_idle(); });
    }
    MutexLock lock(mutex);
    if (connections.empty()) all_ended.set();
}

Task<> HttpServer::State::accept_loop(std::shared_ptr<State> state) {
    while (!state->service->draining) {
        if (!state->accept_waiting()) {
            // Out of descriptors or memory: what waits stays in the backlog until some are free.
            co_await sleep_for(kAcceptBackoff);
            continue;
        }
        boost::system::error_code failure;
        co_await state->listener.async_wait(asio::posix::descriptor_base::wait_read,
                                            asio::redirect_error(asio::use_awaitable, failure));
        if (failure) break;
    }
}

/// Accepts all that wait. False when the system has no room for another connection.
bool HttpServer::State::accept_waiting() {
    int failures = 0;
    while (!service->draining && failures < kAcceptFailures) {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        UniqueFd socket(::accept4(listener.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                  &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            try {
                admit(std::move(socket), peer);
            } catch (const std::exception& failure) {
                log_warning("HTTP_CONNECTION_REFUSED", "cause=\"{}\"", failure.what());
            }
            continue;
        }
        if (errno == EAGAIN) return true;
        // ECONNABORTED and the like befell one connection before it was ours.
        bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        failures = full ? kAcceptFailures : failures + 1;
        if (failures == kAcceptFailures) {
            log_warning("HTTP_ACCEPT_FAILED", "listen=\"{}\" cause=\"{}\"", place(service->options),
                        std::generic_category().message(errno));
        }
    }
    return failures < kAcceptFailures;
}

void HttpServer::State::admit(UniqueFd socket, const sockaddr_storage& peer) {
    int on = 1;
    if (peer.ss_family != AF_UNIX)
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    std::shared_ptr<HttpConnection> connection;
    {
        MutexLock lock(mutex);
        if (connections.size() < service->options.max_connections) {
            auto [address, port_number] = to_peer(peer);
            connection = std::make_shared<HttpConnection>(service, asio::make_strand(executor),
                                                          std::move(socket), std::move(address),
                                                          port_number);
            connections.insert(connection);
        }
    }
    if (!connection) {
        constexpr std::string_view kFull =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        if (!service->tls) ::send(socket.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL);
        return;
    }
    asio::co_spawn(connection->strand(), connection->run(),
                   [self = shared_from_this(), connection](std::exception_ptr failure) {
                       if (failure) log_error("HTTP_CONNECTION_FAILED", "cause=internal");
                       self->ended(connection);
                   });
}

void HttpServer::State::ended(const std::shared_ptr<HttpConnection>& connection) {
    MutexLock lock(mutex);
    connections.erase(connection);
    if (connections.empty() && service->draining) all_ended.set();
}

std::vector<std::shared_ptr<HttpConnection>> HttpServer::State::connections_now() {
    MutexLock lock(mutex);
    return {connections.begin(), connections.end()};
}

Task<> HttpServer::State::watch_deadlines(std::weak_ptr<State> weak) {
    for (;;) {
        co_await sleep_for(kDeadlineCheck);
        auto state = weak.lock();
        if (!state) co_return;
        auto now = HttpConnection::Clock::now();
        MutexLock lock(state->mutex);
        for (const auto& connection : state->connections) {
            if (connection->deadline() > now) continue;
            asio::post(connection->strand(), [connection] { connection->expire(); });
        }
    }
}

}  // namespace ferrite
