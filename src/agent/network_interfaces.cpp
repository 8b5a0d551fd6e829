#include "agent/network_interfaces.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrite::agent {
namespace {

constexpr std::string_view kNoMac = "00:00:00:00:00:00";

Json nullable(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

/// A name like `eth0.100`: a VLAN.
bool is_vlan_name(std::string_view name) {
    auto dot = name.rfind('.');
    return dot != name.npos && dot + 1 < name.size() &&
           name.find_first_not_of("0123456789", dot + 1) == name.npos;
}

bool is_listed(const MachineFiles& machine, const std::string& name) {
    std::error_code error;
    auto base = machine.sys("class/net/" + name);
    return std::filesystem::exists(base / "device", error) ||
           std::filesystem::exists(base / "bonding", error) || is_vlan_name(name);
}

/// The address burnt into the card (ETHTOOL_GPERMADDR): the current one may be a bond's.
std::optional<std::string> permanent_mac(const std::string& name) {
    constexpr std::size_t kMaxAddress = 32;
    alignas(ethtool_perm_addr) std::uint8_t buffer[sizeof(ethtool_perm_addr) + kMaxAddress] = {};
    auto* question = reinterpret_cast<ethtool_perm_addr*>(buffer);
    question->cmd = ETHTOOL_GPERMADDR;
    question->size = kMaxAddress;
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(question);
    int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return std::nullopt;
    int result = ::ioctl(socket, SIOCETHTOOL, &request);
    ::close(socket);
    if (result < 0 || question->size != 6) return std::nullopt;
    const std::uint8_t* a = buffer + sizeof(ethtool_perm_addr);
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", a[0], a[1], a[2], a[3], a[4],
                       a[5]);
}

std::string mac_of(const MachineFiles& machine, const std::string& name) {
    if (machine.is_real())
        if (auto mac = permanent_mac(name); mac && *mac != kNoMac) return *mac;
    auto mac = lower_case(machine.sys_text("class/net/" + name + "/address").value_or(""));
    return mac.size() == 17 && mac != kNoMac ? mac : std::string();
}

/// First address of either family. Link-local IPv6 keeps its scope, as `fe80::1%eth0`.
void read_addresses(std::vector<NetworkInterface>& interfaces) {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return;
    std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr) continue;
        auto found = std::ranges::find(interfaces, entry->ifa_name, &NetworkInterface::name);
        if (found == interfaces.end()) continue;
        char text[INET6_ADDRSTRLEN] = {};
        if (entry->ifa_addr->sa_family == AF_INET && !found->ipv4_address) {
            auto* address = reinterpret_cast<sockaddr_in*>(entry->ifa_addr);
            if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text))
                found->ipv4_address = text;
        } else if (entry->ifa_addr->sa_family == AF_INET6 && !found->ipv6_address) {
            auto* address = reinterpret_cast<sockaddr_in6*>(entry->ifa_addr);
            if (!::inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof text)) continue;
            found->ipv6_address = text;
            if (address->sin6_scope_id != 0) *found->ipv6_address += "%" + found->name;
        }
    }
}

NetworkInterface read_interface(const MachineFiles& machine, const std::string& name) {
    const std::string base = "class/net/" + name;
    NetworkInterface out;
    out.name = name;
    out.mac_address = mac_of(machine, name);
    out.has_carrier = machine.sys_text(base + "/carrier") == "1";
    out.vendor = machine.sys_text(base + "/device/vendor");
    out.product = machine.sys_text(base + "/device/device");
    out.driver = link_name(machine.sys(base + "/device/driver"));
    out.pci_address = link_name(machine.sys(base + "/device"));
    // Virtio and USB sit on a bus of their own; the PCI function is one level up.
    if (out.pci_address && out.pci_address->find(':') == std::string::npos) {
        std::error_code error;
        auto device = std::filesystem::canonical(machine.sys(base + "/device"), error);
        if (!error) {
            auto parent = device.parent_path().filename().string();
            if (std::ranges::count(parent, ':') == 2) out.pci_address = parent;
        }
    }
    auto speed = machine.sys_number(base + "/speed");
    if (speed && *speed > 0 && *speed < 0xffffffff) out.speed_mbps = speed;
    return out;
}

sockaddr_storage socket_address(const IpAddress& address, socklen_t& length) {
    sockaddr_storage storage{};
    if (address.is_v4()) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(9);
        v4->sin_addr.s_addr = htonl(address.to_v4());
        length = sizeof(sockaddr_in);
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(9);
        std::memcpy(&v6->sin6_addr, address.bytes().data(), 16);
        length = sizeof(sockaddr_in6);
    }
    return storage;
}

bool is_link_local(const IpAddress& address) {
    if (address.is_v4()) return address.to_v4() >> 16 == 0xa9fe;
    return address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

}  // namespace

JsonObject NetworkInterface::to_json() const {
    return {{"name", name},
            {"mac_address", mac_address},
            {"ipv4_address", nullable(ipv4_address)},
            {"ipv6_address", nullable(ipv6_address)},
            {"has_carrier", has_carrier},
            {"lldp", nullptr},
            {"vendor", nullable(vendor)},
            {"product", nullable(product)},
            {"client_id", nullptr},
            {"biosdevname", nullptr},
            {"speed_mbps", speed_mbps ? Json(*speed_mbps) : Json(nullptr)},
            {"pci_address", nullable(pci_address)},
            {"driver", nullable(driver)}};
}

std::vector<NetworkInterface> list_network_interfaces(const MachineFiles& machine) {
    std::vector<NetworkInterface> interfaces;
    for (const auto& name : list_names(machine.sys("class/net"))) {
        if (!is_listed(machine, name)) continue;
        auto interface = read_interface(machine, name);
        if (!interface.mac_address.empty()) interfaces.push_back(std::move(interface));
    }
    if (machine.is_real()) read_addresses(interfaces);
    return interfaces;
}

std::optional<IpAddress> source_address_towards(const IpAddress& peer) {
    socklen_t length = 0;
    auto to = socket_address(peer, length);
    // A connected datagram socket has its source address chosen without a packet being sent.
    int socket = ::socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return std::nullopt;
    sockaddr_storage from{};
    socklen_t from_length = sizeof from;
    bool known = ::connect(socket, reinterpret_cast<sockaddr*>(&to), length) == 0 &&
                 ::getsockname(socket, reinterpret_cast<sockaddr*>(&from), &from_length) == 0;
    ::close(socket);
    if (!known) return std::nullopt;
    IpAddress address;
    if (from.ss_family == AF_INET) {
        address = IpAddress::v4(ntohl(reinterpret_cast<sockaddr_in*>(&from)->sin_addr.s_addr));
    } else {
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<sockaddr_in6*>(&from)->sin6_addr, 16);
        address = IpAddress::v6(bytes);
    }
    if (address.is_unspecified() || is_link_local(address)) return std::nullopt;
    return address;
}

}  // namespace ferrite::agent
