#include "netboot/dhcp_server.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite::netboot {
namespace {

using Kind = BootEvent::Kind;

constexpr std::size_t kIpAndUdpHeader = 28;
constexpr std::size_t kSmallestMaximum = 576, kLargestMaximum = 1500;
constexpr std::uint8_t kLinkSelection = 5;  // sub-option of relay information, RFC 3527
const IpAddress kEverybody = IpAddress::v4(0xffffffff);

std::vector<LeaseTable::Pool> pools_of(const DhcpServer::Options& options) {
    std::vector<LeaseTable::Pool> pools;
    for (auto& subnet : options.subnets) {
        if (subnet.pool) pools.push_back(*subnet.pool);
    }
    return pools;
}

/// Addresses that lie in pools but belong to somebody: reservations, routers, ourselves.
std::vector<IpAddress> addresses_in_use(const DhcpServer::Options& options) {
    std::vector<IpAddress> taken{options.server_address};
    for (auto& [mac, address] : options.reservations) taken.push_back(address);
    for (auto& subnet : options.subnets)
        taken.insert(taken.end(), subnet.routers.begin(), subnet.routers.end());
    return taken;
}

void check(const DhcpServer::Options& options) {
    if (!options.server_address.is_v4() || options.server_address.is_unspecified())
        throw InvalidValue("The DHCP server address must be an IPv4 address of this machine.");
    for (auto& subnet : options.subnets) {
        auto name = fmt::format("{}/{}", subnet.network.to_text(), subnet.prefix_length);
        if (!subnet.network.is_v4() || subnet.prefix_length < 8 || subnet.prefix_length > 30)
            throw InvalidValue(
                fmt::format("DHCP subnet {} is no IPv4 network of /8 to /30.", name));
        if (!subnet.pool) continue;
        bool inside = subnet.contains(subnet.pool->first) && subnet.contains(subnet.pool->last);
        if (!inside || subnet.pool->last < subnet.pool->first)
            throw InvalidValue(fmt::format("The DHCP pool {} - {} does not lie in subnet {}.",
                                           subnet.pool->first.to_text(),
                                           subnet.pool->last.to_text(), name));
    }
}

std::optional<IpAddress> link_selection(ByteView relay_information) {
    ByteReader in(relay_information);
    while (in.left() >= 2) {
        auto code = in.u8();
        auto length = in.u8();
        auto value = in.take(length);
        if (code == kLinkSelection && value.size() == 4)
            return IpAddress::v4(ByteReader(value).u32());
    }
    return {};
}

/// The largest payload the client can take (option 57 counts the IP and UDP headers).
std::size_t payload_limit(const DhcpMessage& request) {
    std::size_t maximum = request.options.u16(option::kMaxMessageSize).value_or(kSmallestMaximum);
    return std::clamp(maximum, kSmallestMaximum, kLargestMaximum) - kIpAndUdpHeader;
}

/// The client's own name when it may be one, for the lease file and the operator.
std::string host_name(const DhcpMessage& request) {
    auto name = as_text(request.options.get(option::kHostName));
    bool plain = std::ranges::all_of(
        name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; });
    return plain && name.size() <= 63 ? std::string(name) : "";
}

}  // namespace

std::uint32_t DhcpSubnet::mask() const {
    return prefix_length == 0 ? 0 : ~0u << (32 - std::min(prefix_length, 32u));
}

bool DhcpSubnet::contains(const IpAddress& address) const {
    return address.is_v4() && (address.to_v4() & mask()) == (network.to_v4() & mask());
}

struct DhcpServer::Exchange {
    DhcpMessage request;
    UdpEndpoint from;
    Timestamp now;
    BootClient client;
    const DhcpSubnet* subnet = nullptr;
    std::optional<BootPlan> plan;

    bool is_known() const { return plan.has_value(); }
};

DhcpServer::DhcpServer(Options options, BootDirectory& directory, LeaseStore& store, Timestamp now)
    : options_((check(options), std::move(options))),
      directory_(directory),
      store_(store),
      leases_(pools_of(options_), addresses_in_use(options_)) {
    std::size_t pools = 0;
    for (auto& subnet : options_.subnets)
        pool_of_subnet_.push_back(subnet.pool ? std::optional(pools++) : std::nullopt);
    for (auto& lease : store_.load()) leases_.restore(lease, now);
}

std::optional<DhcpServer::Reply> DhcpServer::on_packet(ByteView packet, const UdpEndpoint& from,
                                                       Port port, Timestamp now) {
    auto parsed = DhcpMessage::parse(packet);
    if (!parsed) {
        log_debug("NETBOOT_DHCP_MALFORMED", "from={} reason=\"{}\"", from.address.to_text(),
                  parsed.error());
        return {};
    }
    auto type = parsed->type();
    if (parsed->op != DhcpMessage::kRequestOp || !type || parsed->mac.is_zero()) return {};

    Exchange x{.request = std::move(*parsed), .from = from, .now = now};
    x.client = classify(x.request);
    x.subnet = subnet_for(x.request);
    // The other messages say something and ask for nothing, so they need no plan.
    bool asks = type == DhcpType::discover || type == DhcpType::request || type == DhcpType::inform;
    if (asks) {
        if (x.client.ip.is_unspecified())
            x.client.ip = leases_.address_of(x.client.mac, now).value_or(IpAddress{});
        x.plan = directory_.plan_for(x.client);
        if (!x.is_known() && options_.unknown_clients == UnknownClients::ignore) {
            if (type == DhcpType::discover) report(x, Kind::ignored, "unknown machine");
            return {};
        }
    }
    if (options_.mode == Mode::proxy) {
        bool expected = port == Port::pxe ? type == DhcpType::request : type == DhcpType::discover;
        return expected ? on_proxy(x) : std::nullopt;
    }
    if (port == Port::pxe) return {};
    if (!x.subnet && type != DhcpType::inform) {
        if (asks) report(x, Kind::ignored, "no subnet is configured for where it asks from");
        return {};
    }
    switch (*type) {
        case DhcpType::discover:
            return on_discover(x);
        case DhcpType::request:
            return on_request(x);
        case DhcpType::inform:
            return on_inform(x);
        case DhcpType::decline:
            on_decline(x);
            return {};
        case DhcpType::release:
            on_release(x);
            return {};
        default:
            return {};
    }
}

std::optional<DhcpServer::Reply> DhcpServer::on_discover(Exchange& x) {
    report(x, Kind::discover, "");
    auto address = hold_address(x, x.request.options.address(option::kRequestedAddress));
    if (!address) {
        report(x, Kind::ignored, "no free address");
        return {};
    }
    auto reply = reply_to(x, DhcpType::offer);
    reply.yiaddr = *address;
    x.client.ip = *address;
    add_network_options(x, reply);
    add_boot(x, AnswerRole::server, reply);
    report(x, Kind::offer, reply.file);
    return address_reply(x, std::move(reply));
}

/// RFC 2131 section 4.3.2: which of the four states the client is in shows in what it fills in.
std::optional<DhcpServer::Reply> DhcpServer::on_request(Exchange& x) {
    auto server = x.request.options.address(option::kServerId);
    auto wanted = x.request.options.address(option::kRequestedAddress);
    if (server && *server != options_.server_address) {
        // It took another server's offer. A lease of ours would still keep it reachable.
        report(x, Kind::ignored, "took the offer of " + server->to_text());
        return {};
    }
    auto address = wanted ? *wanted : x.request.ciaddr;  // selecting or rebooting; renewing
    if (address.is_unspecified()) return {};
    return acknowledge(x, address);
}

std::optional<DhcpServer::Reply> DhcpServer::acknowledge(Exchange& x, const IpAddress& wanted) {
    if (!x.subnet->contains(wanted)) return refuse(x, "address is of another network");
    auto held = hold_address(x, wanted);
    if (!held) return refuse(x, "no free address");
    if (*held != wanted) return refuse(x, "address is not this machine's");
    remember(x, *held);

    auto reply = reply_to(x, DhcpType::ack);
    reply.ciaddr = x.request.ciaddr;
    reply.yiaddr = *held;
    x.client.ip = *held;
    add_network_options(x, reply);
    add_boot(x, AnswerRole::server, reply);
    report(x, Kind::ack, reply.file);
    return address_reply(x, std::move(reply));
}

DhcpServer::Reply DhcpServer::refuse(Exchange& x, std::string_view why) {
    auto reply = reply_to(x, DhcpType::nak);
    reply.siaddr = {};
    reply.options.set_text(option::kMessage, why);
    // The client may not be reachable under the address it believes in.
    if (!reply.giaddr.is_unspecified()) reply.flags |= DhcpMessage::kBroadcastFlag;
    report(x, Kind::nak, std::string(why));
    auto to = reply.giaddr.is_unspecified() ? UdpEndpoint{kEverybody, options_.client_port}
                                            : UdpEndpoint{reply.giaddr, options_.relay_port};
    return {reply.encode(payload_limit(x.request)), to};
}

std::optional<DhcpServer::Reply> DhcpServer::on_inform(Exchange& x) {
    if (x.request.ciaddr.is_unspecified()) return {};
    auto reply = reply_to(x, DhcpType::ack);
    reply.ciaddr = x.request.ciaddr;
    if (x.subnet) add_network_options(x, reply);
    add_boot(x, AnswerRole::server, reply);
    report(x, Kind::ack, reply.file);
    return address_reply(x, std::move(reply));
}

void DhcpServer::on_decline(Exchange& x) {
    auto address = x.request.options.address(option::kRequestedAddress);
    bool is_ours = address && leases_.address_of(x.client.mac, x.now) == address;
    if (!is_ours) return;
    leases_.quarantine(x.client.mac, x.now + options_.quarantine_time);
    store_.erase(x.client.mac);
    report(x, Kind::decline, address->to_text());
}

void DhcpServer::on_release(Exchange& x) {
    if (leases_.address_of(x.client.mac, x.now) != x.request.ciaddr) return;
    if (leases_.release(x.client.mac)) store_.erase(x.client.mac);
    report(x, Kind::release, x.request.ciaddr.to_text());
}

std::optional<DhcpServer::Reply> DhcpServer::on_proxy(Exchange& x) {
    if (x.client.stage == BootStage::plain) return {};
    bool is_offer = *x.request.type() == DhcpType::discover;
    auto reply = reply_to(x, is_offer ? DhcpType::offer : DhcpType::ack);
    add_boot(x, AnswerRole::proxy, reply);
    if (reply.file.empty() && !reply.options.has(option::kBootFile)) return {};
    report(x, is_offer ? Kind::offer : Kind::ack, reply.file);
    auto sent = address_reply(x, std::move(reply));
    if (!is_offer) sent.to = x.from;
    return sent;
}

std::optional<IpAddress> DhcpServer::hold_address(Exchange& x, std::optional<IpAddress> wanted) {
    LeaseTable::Choice choice{.wanted = wanted};
    choice.pool = pool_of_subnet_[static_cast<std::size_t>(x.subnet - options_.subnets.data())];
    if (auto reserved = options_.reservations.find(x.client.mac);
        reserved != options_.reservations.end())
        choice.fixed = reserved->second;
    if (x.plan && x.plan->address) choice.fixed = x.plan->address;
    // A machine that is fixed to an address of another subnet still boots on this one.
    if (choice.fixed && !x.subnet->contains(*choice.fixed)) choice.fixed.reset();
    return leases_.hold(x.client.mac, choice, x.now, x.now + options_.offer_time);
}

void DhcpServer::remember(Exchange& x, const IpAddress& address) {
    DhcpLease lease{.mac = x.client.mac,
                    .address = address,
                    .expires = x.now + x.subnet->lease_time,
                    .hostname = host_name(x.request)};
    leases_.bind(lease);
    try {
        store_.save(lease);
    } catch (const Error& error) {
        // A full disk must not keep machines from booting: the lease holds as long as we run, and
        // a client that renews after a restart gets its address again if it is still free.
        log_error("NETBOOT_LEASE_NOT_SAVED", "mac={} reason=\"{}\"", lease.mac.to_text(),
                  error.message());
    }
}

DhcpMessage DhcpServer::reply_to(const Exchange& x, DhcpType type) const {
    DhcpMessage reply;
    reply.op = DhcpMessage::kReplyOp;
    reply.xid = x.request.xid;
    reply.flags = x.request.flags;
    reply.giaddr = x.request.giaddr;
    reply.mac = x.request.mac;
    reply.options.set_u8(option::kMessageType, static_cast<std::uint8_t>(type));
    reply.options.set_u32(option::kServerId, options_.server_address.to_v4());
    auto echo = [&](std::uint8_t code) {
        auto value = x.request.options.get(code);
        if (!value.empty()) reply.options.set(code, Bytes(value.begin(), value.end()));
    };
    echo(option::kRelayInformation);
    echo(option::kClientId);  // RFC 6842
    return reply;
}

/// Options in order of importance: what does not fit into the client's packet is left out from the
/// end. A client that lists what it wants gets no more than that beside the essentials.
void DhcpServer::add_network_options(const Exchange& x, DhcpMessage& reply) const {
    auto& subnet = *x.subnet;
    auto list = x.request.options.get(option::kParameterList);
    auto wants = [&](std::uint8_t code) {
        return list.empty() || std::ranges::count(list, code) > 0;
    };
    auto& options = reply.options;
    if (!reply.yiaddr.is_unspecified()) {
        auto seconds = static_cast<std::uint32_t>(subnet.lease_time.count());
        options.set_u32(option::kLeaseTime, seconds);
        options.set_u32(option::kRenewalTime, seconds / 2);
        options.set_u32(option::kRebindingTime, seconds - seconds / 8);
    }
    options.set_u32(option::kSubnetMask, subnet.mask());
    if (wants(option::kRouter) && !subnet.routers.empty())
        options.set_addresses(option::kRouter, subnet.routers);
    if (wants(option::kDns) && !subnet.dns.empty()) options.set_addresses(option::kDns, subnet.dns);
    if (x.plan && x.plan->hostname && wants(option::kHostName))
        options.set_text(option::kHostName, *x.plan->hostname);
    if (wants(option::kDomainName) && !subnet.domain.empty())
        options.set_text(option::kDomainName, subnet.domain);
    if (wants(option::kMtu) && subnet.mtu != 0) options.set_u16(option::kMtu, subnet.mtu);
    if (wants(option::kBroadcast))
        options.set_u32(option::kBroadcast, subnet.network.to_v4() | ~subnet.mask());
    if (wants(option::kNtp) && !subnet.ntp.empty()) options.set_addresses(option::kNtp, subnet.ntp);
}

void DhcpServer::add_boot(Exchange& x, AnswerRole role, DhcpMessage& reply) const {
    if (!x.is_known() && options_.unknown_clients != UnknownClients::boot) return;
    add_boot_options(x.request, x.client, options_.boot, role, reply);
}

/// RFC 2131 section 4.1. A client without an address cannot be reached by unicast from an ordinary
/// socket (nobody answers ARP for it yet), so it is always answered by broadcast.
DhcpServer::Reply DhcpServer::address_reply(const Exchange& x, DhcpMessage reply) const {
    UdpEndpoint to{kEverybody, options_.client_port};
    if (!reply.giaddr.is_unspecified()) {
        to = {reply.giaddr, options_.relay_port};
    } else if (!reply.ciaddr.is_unspecified()) {
        to = {reply.ciaddr, options_.client_port};
    }
    return {reply.encode(payload_limit(x.request)), to};
}

const DhcpSubnet* DhcpServer::subnet_for(const DhcpMessage& request) const {
    auto where = options_.server_address;
    if (!request.giaddr.is_unspecified()) {
        where =
            link_selection(request.options.get(option::kRelayInformation)).value_or(request.giaddr);
    } else if (!request.ciaddr.is_unspecified()) {
        where = request.ciaddr;  // renewing: comes straight to us, also through routers
    }
    for (auto& subnet : options_.subnets) {
        if (subnet.contains(where)) return &subnet;
    }
    return nullptr;
}

void DhcpServer::report(const Exchange& x, BootEvent::Kind kind, std::string detail) {
    directory_.saw({.kind = kind,
                    .client = x.client,
                    .node = x.plan ? x.plan->node : "",
                    .detail = std::move(detail)});
}

}  // namespace ferrite::netboot
