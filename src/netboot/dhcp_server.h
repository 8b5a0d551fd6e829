#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/udp_socket.h"
#include "netboot/boot_answer.h"
#include "netboot/boot_directory.h"
#include "netboot/dhcp_lease.h"
#include "netboot/dhcp_message.h"
#include "netboot/lease_table.h"

namespace ferrite::netboot {

/// One IPv4 network that machines are on, directly or behind a relay.
struct DhcpSubnet {
    IpAddress network;
    unsigned prefix_length = 24;
    /// Addresses to give out, both ends included; none: only fixed ones.
    std::optional<LeaseTable::Pool> pool;
    std::vector<IpAddress> routers;
    std::vector<IpAddress> dns;
    std::vector<IpAddress> ntp;
    std::string domain;
    std::uint16_t mtu = 0;  ///< 0: not told.
    std::chrono::seconds lease_time{3600};

    bool contains(const IpAddress& address) const;
    std::uint32_t mask() const;
};

/// What a machine that the directory does not know gets.
enum class UnknownClients {
    boot,     ///< An address and a boot loader; its script then lets the machine go on.
    address,  ///< An address only.
    ignore,   ///< No answer.
};

/// The DHCP server of the boot service (RFC 2131, 2132, 3046, PXE 2.1), without a socket: a packet
/// in, at most one packet out.
///
/// Boot information is computed for every answer from the directory's plan, so that it follows the
/// node's state at once. Machines are told apart by MAC address, which stays the same through
/// firmware, iPXE, ramdisk and operating system, as client identifiers do not.
///
///     DhcpServer server(options, directory, leases);
///     if (auto reply = server.on_packet(bytes, DhcpServer::Port::server, now))
///         socket.send(reply->bytes, reply->to);
///
/// One thread at a time. What the directory throws passes through.
class DhcpServer {
public:
    enum class Mode {
        server,  ///< Gives out addresses and boot information.
        proxy,   ///< Somebody else gives out addresses; we add boot information (PXE 2.1
                 ///< section 2.2).
    };
    struct Options {
        Mode mode = Mode::server;
        IpAddress server_address;         ///< Our address on the network: server identifier.
        std::vector<DhcpSubnet> subnets;  ///< A packet that fits none is ignored.
        std::map<MacAddress, IpAddress> reservations;  ///< A plan's address wins over one of these.
        UnknownClients unknown_clients = UnknownClients::boot;
        BootServers boot;
        std::chrono::seconds offer_time{60};        ///< How long an offered address is kept.
        std::chrono::seconds quarantine_time{600};  ///< Of an address that a client declined.
        std::uint16_t client_port = 68;             ///< Where answers go; others only in tests.
        std::uint16_t relay_port = 67;
    };
    struct Reply {
        Bytes bytes;
        UdpEndpoint to;
    };
    /// Which of the two well-known ports a packet came to: 67, or 4011 of PXE's second round.
    enum class Port { server, pxe };

    /// Takes over the stored leases that are still valid at `now`. Throws InvalidValue that names
    /// the option when the subnets or the server address make no sense.
    DhcpServer(Options options, BootDirectory& directory, LeaseStore& store, Timestamp now);

    /// Answers one packet; nothing when it deserves no answer. `from` is needed for Port::pxe only.
    std::optional<Reply> on_packet(ByteView packet, const UdpEndpoint& from, Port port,
                                   Timestamp now);

    const LeaseTable& leases() const { return leases_; }

private:
    struct Exchange;  // one request and all that is known about it

    std::optional<Reply> on_discover(Exchange& x);
    std::optional<Reply> on_request(Exchange& x);
    std::optional<Reply> on_inform(Exchange& x);
    void on_decline(Exchange& x);
    void on_release(Exchange& x);
    std::optional<Reply> on_proxy(Exchange& x);

    std::optional<Reply> acknowledge(Exchange& x, const IpAddress& wanted);
    Reply refuse(Exchange& x, std::string_view why);
    std::optional<IpAddress> hold_address(Exchange& x, std::optional<IpAddress> wanted);
    void remember(Exchange& x, const IpAddress& address);

    DhcpMessage reply_to(const Exchange& x, DhcpType type) const;
    void add_network_options(const Exchange& x, DhcpMessage& reply) const;
    void add_boot(Exchange& x, AnswerRole role, DhcpMessage& reply) const;
    Reply address_reply(const Exchange& x, DhcpMessage reply) const;
    const DhcpSubnet* subnet_for(const DhcpMessage& request) const;
    void report(const Exchange& x, BootEvent::Kind kind, std::string detail);

    Options options_;
    BootDirectory& directory_;
    LeaseStore& store_;
    LeaseTable leases_;
    std::vector<std::optional<std::size_t>> pool_of_subnet_;
};

}  // namespace ferrite::netboot
