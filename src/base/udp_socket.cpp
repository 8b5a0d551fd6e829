#include "base/udp_socket.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <system_error>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

namespace asio = boost::asio;

namespace ferrite {
namespace {

constexpr std::size_t kMaxDatagram = 64 * 1024;
/// After this many datagrams without a wait, a busy receiver lets others use the thread.
constexpr int kReceivesPerTurn = 64;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const UdpEndpoint& endpoint) {
    SocketAddress address;
    if (endpoint.address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(endpoint.port);
        in.sin_addr.s_addr = htonl(endpoint.address.to_v4());
        std::memcpy(&address.storage, &in, sizeof in);
        address.length = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(endpoint.port);
        std::memcpy(&in.sin6_addr, endpoint.address.bytes().data(), 16);
        std::memcpy(&address.storage, &in, sizeof in);
        address.length = sizeof in;
    }
    return address;
}

IpAddress from_in6(const in6_addr& in) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &in, bytes.size());
    return IpAddress::v6(bytes);
}

UdpEndpoint from_socket_address(const SocketAddress& address) {
    if (address.storage.ss_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, &address.storage, sizeof in);
        return {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
    }
    sockaddr_in6 in;
    std::memcpy(&in, &address.storage, sizeof in);
    return {from_in6(in.sin6_addr), ntohs(in.sin6_port)};
}

/// The local address a datagram was sent to, from its IP_PKTINFO or IPV6_PKTINFO.
IpAddress local_address(msghdr& message) {
    for (auto* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(part), sizeof info);
            return IpAddress::v4(ntohl(info.ipi_addr.s_addr));
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(part), sizeof info);
            return from_in6(info.ipi6_addr);
        }
    }
    return {};
}

[[noreturn]] void fail(const UdpSocket::Options& options, std::string_view what, int cause) {
    throw Error(
        500, "udp_socket",
        fmt::format("Could not open UDP {} port {}{}: {}: {}", options.address.to_text(),
                    options.port, options.device.empty() ? "" : " on interface " + options.device,
                    what, std::generic_category().message(cause)));
}

UniqueFd open_socket(const UdpSocket::Options& options) {
    auto local = to_socket_address({options.address, options.port});
    UniqueFd fd(::socket(local.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) fail(options, "socket", errno);

    auto set = [&](int level, int name, int value, std::string_view what) {
        if (::setsockopt(fd.get(), level, name, &value, sizeof value) != 0)
            fail(options, what, errno);
    };
    if (options.address.is_v4()) {
        set(IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
    } else {
        set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");  // IPv4 has a socket of its own
        set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
    }
    if (options.broadcast) set(SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST");
    if (options.reuse_address) set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    if (options.buffer_bytes > 0) {
        set(SOL_SOCKET, SO_RCVBUF, options.buffer_bytes, "SO_RCVBUF");
        set(SOL_SOCKET, SO_SNDBUF, options.buffer_bytes, "SO_SNDBUF");
    }
    if (!options.device.empty() &&
        ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, options.device.c_str(),
                     static_cast<socklen_t>(options.device.size())) != 0) {
        fail(options, "SO_BINDTODEVICE", errno);
    }
    if (::bind(fd.get(), local.get(), local.length) != 0) fail(options, "bind", errno);
    return fd;
}

}  // namespace

// The descriptor may be waited on and cancelled from different threads, because both happen under
// the mutex; sending needs neither.
struct UdpSocket::State {
    State(Executor executor, UniqueFd fd) : descriptor(std::move(executor), fd.release()) {}

    /// The next datagram, or nothing when none is waiting.
    std::optional<Datagram> try_receive();

    asio::posix::stream_descriptor descriptor;
    Bytes buffer = Bytes(kMaxDatagram);  // used by the one receiver
    int receives = 0;                    // since the last wait
    Mutex mutex;
    bool closed FERRITE_GUARDED_BY(mutex) = false;
};

std::optional<Datagram> UdpSocket::State::try_receive() {
    SocketAddress from;
    iovec stretch{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<std::byte, 256> control;
    msghdr message{};
    message.msg_name = from.get();
    message.msg_namelen = from.length;
    message.msg_iov = &stretch;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();

    ssize_t size;
    // An error other than "nothing there" is the echo of an earlier send (ICMP unreachable): it
    // says nothing about what waits to be received.
    int attempts = 4;
    do {
        size = ::recvmsg(descriptor.native_handle(), &message, 0);
    } while (size < 0 && errno != EAGAIN && errno != EBADF && --attempts > 0);
    if (size < 0) return std::nullopt;
    return Datagram{from_socket_address(from), local_address(message),
                    Bytes(buffer.begin(), buffer.begin() + size)};
}

UdpSocket::UdpSocket(Executor executor, Options options)
    : state_(std::make_shared<State>(std::move(executor), open_socket(options))) {}

UdpSocket::~UdpSocket() {
    if (state_) close();
}

UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
    if (state_ && state_ != other.state_) close();
    state_ = std::move(other.state_);
    return *this;
}

std::uint16_t UdpSocket::port() const {
    SocketAddress local;
    if (::getsockname(state_->descriptor.native_handle(), local.get(), &local.length) != 0)
        return 0;
    return from_socket_address(local).port;
}

Task<Datagram> UdpSocket::receive() {
    auto state = state_;  // outlives the socket when it is destroyed meanwhile
    for (;;) {
        {
            MutexLock lock(state->mutex);
            if (state->closed) throw Error(500, "closed", "The UDP socket was closed.");
        }
        if (state->receives++ < kReceivesPerTurn) {
            if (auto datagram = state->try_receive()) co_return std::move(*datagram);
        }
        state->receives = 0;

        boost::system::error_code failure;
        auto token = asio::redirect_error(asio::use_awaitable, failure);
        auto start = [&state](auto handler) {
            // Once the wait has begun this lambda may be gone; the socket itself stays, because
            // the coroutine, wherever it goes on, has to take the mutex first.
            auto& socket = *state;
            MutexLock lock(socket.mutex);
            socket.descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                         std::move(handler));
            if (socket.closed) socket.descriptor.cancel();
        };
        co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(start,
                                                                                        token);
    }
}

bool UdpSocket::send(ByteView bytes, const UdpEndpoint& to) {
    auto address = to_socket_address(to);
    auto sent = ::sendto(state_->descriptor.native_handle(), bytes.data(), bytes.size(),
                         MSG_NOSIGNAL, address.get(), address.length);
    return sent == static_cast<ssize_t>(bytes.size());
}

bool UdpSocket::send_from(const IpAddress& from, ByteView bytes, const UdpEndpoint& to) {
    auto address = to_socket_address(to);
    iovec stretch{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in_pktinfo))> control{};
    msghdr message{};
    message.msg_name = address.get();
    message.msg_namelen = address.length;
    message.msg_iov = &stretch;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = IPPROTO_IP;
    part->cmsg_type = IP_PKTINFO;
    part->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(from.to_v4());
    std::memcpy(CMSG_DATA(part), &info, sizeof info);
    auto sent = ::sendmsg(state_->descriptor.native_handle(), &message, MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
}

void UdpSocket::close() {
    MutexLock lock(state_->mutex);
    state_->closed = true;
    boost::system::error_code ignored;
    state_->descriptor.cancel(ignored);
}

Task<IpAddress> resolve_host(std::string host) {
    if (auto address = IpAddress::parse(host)) co_return *address;

    asio::ip::udp::resolver resolver(co_await asio::this_coro::executor);
    boost::system::error_code failure;
    auto found = co_await resolver.async_resolve(
        host, "", asio::redirect_error(asio::use_awaitable, failure));
    if (failure || found.empty()) {
        throw Error(503, "resolve",
                    fmt::format("Could not resolve host \"{}\": {}", host,
                                failure ? failure.message() : "no address"));
    }
    auto address = found.begin()->endpoint().address();
    co_return address.is_v4() ? IpAddress::v4(address.to_v4().to_uint())
                              : IpAddress::v6(address.to_v6().to_bytes());
}

}  // namespace ferrite
