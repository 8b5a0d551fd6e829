#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/task.h"

namespace ferrite {

struct UdpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;
    auto operator<=>(const UdpEndpoint&) const = default;
};

struct Datagram {
    UdpEndpoint from;
    IpAddress to;            ///< Local address it was sent to (IP_PKTINFO), for multi-homed servers.
    Bytes bytes;             ///< At most 64 KiB.
};

/// A UDP socket on the executor: the transport under IPMI, DHCP and TFTP, whose protocols are plain
/// state machines that never see it.
///
///     UdpSocket socket(executor, {.port = 69});
///     for (;;) { Datagram in = co_await socket.receive(); socket.send(answer, in.from); }
class UdpSocket {
public:
    struct Options {
        IpAddress address;          ///< Unspecified: all.
        std::uint16_t port = 0;     ///< 0: any free one, see port().
        std::string device;         ///< SO_BINDTODEVICE; needed to answer 255.255.255.255 on a port.
        bool broadcast = false;
        bool reuse_address = false;
        int buffer_bytes = 0;       ///< SO_RCVBUF and SO_SNDBUF; 0: the system's.
    };

    /// Binds. Throws Error that names address, port and cause.
    UdpSocket(Executor executor, Options options);
    ~UdpSocket();
    UdpSocket(UdpSocket&&) noexcept;
    UdpSocket& operator=(UdpSocket&&) noexcept;

    std::uint16_t port() const;

    /// The next datagram. One receiver at a time. Throws Error (code "closed") once close() was called.
    Task<Datagram> receive();

    /// Never blocks and never waits: false when the system would not take it (full, unreachable).
    /// Any thread.
    bool send(ByteView bytes, const UdpEndpoint& to);

    /// The same with `from`, an IPv4 address of this host, as the sender's: how one socket that is
    /// bound to all addresses answers for each of them.
    bool send_from(const IpAddress& from, ByteView bytes, const UdpEndpoint& to);

    /// Ends a pending receive(). Any thread.
    void close();

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// The first address of a host name or numeric address; looks names up without holding a worker.
/// Throws Error (code "resolve") that names the host.
Task<IpAddress> resolve_host(std::string host);

}  // namespace ferrite
