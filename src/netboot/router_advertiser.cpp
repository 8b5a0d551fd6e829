#include "netboot/router_advertiser.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace ferrite::netboot {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 200ms;    // answers a solicitation within RFC 4861's half second
constexpr auto kInterval = 10s;  // between unsolicited advertisements
constexpr int kSolicitationsPerTick = 32;
constexpr auto kStopDeadline = 5s;

UniqueFd open_socket(const std::string& device) {
    auto fail = [&](std::string_view what) {
        throw Error(500, "router_advertiser",
                    fmt::format("Could not send router advertisements on interface {}: {}: {}",
                                device, what, std::strerror(errno)));
    };
    UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    if (!fd) fail("socket");
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
    auto set = [&](int level, int name, const void* value, socklen_t size, std::string_view what) {
        if (::setsockopt(fd.get(), level, name, value, size) != 0) fail(what);
    };
    set(SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), static_cast<socklen_t>(device.size()),
        "device");
    set(IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter, "filter");
    int hops =
        255;  // receivers drop anything less, so that no advertisement comes through a router
    set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops, "hop limit");
    set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops, "hop limit");

    int index = static_cast<int>(::if_nametoindex(device.c_str()));
    set(IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index, "interface");
    ipv6_mreq all_routers{};
    ::inet_pton(AF_INET6, "ff02::2", &all_routers.ipv6mr_multiaddr);
    all_routers.ipv6mr_interface = static_cast<unsigned>(index);
    set(IPPROTO_IPV6, IPV6_JOIN_GROUP, &all_routers, sizeof all_routers, "all-routers group");
    return fd;
}

/// Hop limit and flags unspecified, lifetime 0, no options. The kernel fills in the checksum.
nd_router_advert empty_advertisement() {
    nd_router_advert advertisement{};
    advertisement.nd_ra_type = ND_ROUTER_ADVERT;
    return advertisement;
}

}  // namespace

struct RouterAdvertiser::State {
    State(Runtime& r, std::string d) : runtime(r), device(std::move(d)) {}

    Runtime& runtime;
    std::string device;
    UniqueFd socket;
    std::atomic<bool> stopping = false;
    std::atomic<bool> started = false;
    Signal ended;

    static Task<> run(std::shared_ptr<State> self);
    void answer_solicitations();
    void advertise(const sockaddr_in6& to);
    void advertise_to_all();
};

Task<> RouterAdvertiser::State::run(std::shared_ptr<State> self) {
    auto next = std::chrono::steady_clock::now();
    while (!self->stopping) {
        self->answer_solicitations();
        if (std::chrono::steady_clock::now() >= next) {
            self->advertise_to_all();
            next = std::chrono::steady_clock::now() + kInterval;
        }
        co_await sleep_for(kTick);
    }
    self->ended.set();
}

void RouterAdvertiser::State::answer_solicitations() {
    for (int i = 0; i < kSolicitationsPerTick; ++i) {
        std::array<std::uint8_t, 256> packet;
        sockaddr_in6 from{};
        socklen_t length = sizeof from;
        auto size = ::recvfrom(socket.get(), packet.data(), packet.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &length);
        if (size < 0) return;
        // A machine that has no address yet asks from `::` and is answered with everybody.
        if (IN6_IS_ADDR_UNSPECIFIED(&from.sin6_addr)) {
            advertise_to_all();
        } else {
            advertise(from);
        }
    }
}

void RouterAdvertiser::State::advertise(const sockaddr_in6& to) {
    auto advertisement = empty_advertisement();
    auto sent = ::sendto(socket.get(), &advertisement, sizeof advertisement, 0,
                         reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (sent < 0)
        log_debug("NETBOOT_ADVERTISEMENT_NOT_SENT", "device={} reason=\"{}\"", device,
                  std::strerror(errno));
}

void RouterAdvertiser::State::advertise_to_all() {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_scope_id = ::if_nametoindex(device.c_str());
    ::inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
    advertise(to);
}

RouterAdvertiser::RouterAdvertiser(Runtime& runtime, std::string device)
    : state_(std::make_shared<State>(runtime, std::move(device))) {}

RouterAdvertiser::~RouterAdvertiser() {
    state_->stopping = true;
}

void RouterAdvertiser::start() {
    state_->socket = open_socket(state_->device);
    state_->started = true;
    state_->runtime.spawn("router advertiser", state_->runtime.strand(), State::run(state_));
}

Task<> RouterAdvertiser::stop() {
    auto state = state_;
    state->stopping = true;
    if (state->started) co_await state->ended.wait_for(kStopDeadline);
}

}  // namespace ferrite::netboot
