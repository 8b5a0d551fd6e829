#include "daemon/network_interface.h"

#include <fmt/core.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <bit>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"

namespace ferrite::daemon {
namespace {

std::uint32_t v4_of(const sockaddr* address) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
}

std::optional<NetworkInterface> first_interface(
    const std::function<bool(std::string_view name, std::uint32_t address)>& wanted) {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return std::nullopt;
    std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    for (auto* entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET || !entry->ifa_netmask)
            continue;
        auto address = v4_of(entry->ifa_addr);
        if (!wanted(entry->ifa_name, address)) continue;
        return NetworkInterface{
            IpAddress::v4(address),
            static_cast<unsigned>(std::popcount(v4_of(entry->ifa_netmask)))};
    }
    return std::nullopt;
}

}  // namespace

NetworkInterface network_interface(const std::string& name) {
    auto found = first_interface([&](std::string_view n, std::uint32_t) { return n == name; });
    if (!found)
        throw InvalidValue(fmt::format(
            "Network interface '{}' does not exist or has no IPv4 address; check "
            "[ferrite_boot]interface.",
            name));
    return *found;
}

NetworkInterface interface_with(const IpAddress& address) {
    auto found = first_interface(
        [&](std::string_view, std::uint32_t a) { return a == address.to_v4(); });
    return found.value_or(NetworkInterface{address, 24});
}

}  // namespace ferrite::daemon
