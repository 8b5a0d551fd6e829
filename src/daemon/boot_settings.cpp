#include <bit>

#include <fmt/core.h>

#include "base/error.h"
#include "daemon/network_interface.h"
#include "daemon/settings.h"

namespace ferrite::daemon {
namespace {

IpAddress address_of(const std::string& text, std::string_view option) {
    if (auto address = IpAddress::parse(text)) return *address;
    throw InvalidValue(
        fmt::format("Option [ferrite_boot]{}: '{}' is no IP address.", option, text));
}

std::vector<IpAddress> addresses_of(const std::vector<std::string>& texts,
                                    std::string_view option) {
    std::vector<IpAddress> addresses;
    for (const auto& text : texts) addresses.push_back(address_of(text, option));
    return addresses;
}

NetworkInterface where(const BootOptions& boot) {
    auto place = boot.listen_address.empty()
                     ? network_interface(boot.interface)
                     : interface_with(address_of(boot.listen_address, "listen_address"));
    if (!boot.dhcp_netmask.empty())
        place.prefix_length = static_cast<unsigned>(
            std::popcount(address_of(boot.dhcp_netmask, "dhcp_netmask").to_v4()));
    return place;
}

netboot::DhcpSubnet subnet_of(const BootOptions& boot, const NetworkInterface& place) {
    netboot::DhcpSubnet subnet;
    auto mask = place.prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - place.prefix_length);
    subnet.network = IpAddress::v4(place.address.to_v4() & mask);
    subnet.prefix_length = place.prefix_length;
    if (boot.dhcp_range)
        subnet.pool = netboot::LeaseTable::Pool{boot.dhcp_range->first, boot.dhcp_range->last};
    subnet.routers = addresses_of(boot.dhcp_router, "dhcp_router");
    subnet.dns = addresses_of(boot.dhcp_dns, "dhcp_dns");
    subnet.domain = boot.dhcp_domain;
    subnet.lease_time = boot.dhcp_lease_time;
    return subnet;
}

netboot::UnknownClients unknown_of(UnknownMachines policy) {
    switch (policy) {
        case UnknownMachines::boot:
            return netboot::UnknownClients::boot;
        case UnknownMachines::address:
            return netboot::UnknownClients::address;
        case UnknownMachines::ignore:
            break;
    }
    return netboot::UnknownClients::ignore;
}

/// Images for agents are named by the UUID of the node, those for virtual media like
/// `cdrom-<UUID>.iso`: nothing else is a name.
bool is_image_name(std::string_view name) {
    for (std::string_view device : {"cdrom-", "disk-", "floppy-"})
        if (name.starts_with(device) && (name.ends_with(".iso") || name.ends_with(".img"))) {
            name.remove_prefix(device.size());
            name.remove_suffix(4);
            break;
        }
    return name.size() == 36 && name.find_first_not_of("0123456789abcdef-") == name.npos;
}

}  // namespace

netboot::BootOptions boot_settings(const Options& options) {
    const auto& boot = options.boot;
    auto place = where(boot);
    netboot::BootOptions to;
    to.files = {{"undionly.kpxe", boot.ipxe_bios},
                {"snponly.efi", boot.ipxe_uefi},
                {"ipxe.efi", boot.ipxe_uefi_full}};
    to.dhcp.enabled = boot.dhcp != DhcpMode::off;
    to.dhcp.device = boot.interface;
    to.dhcp.lease_file = boot.dhcp_lease_file;
    auto& dhcp = to.dhcp.server;
    dhcp.mode = boot.dhcp == DhcpMode::proxy ? netboot::DhcpServer::Mode::proxy
                                             : netboot::DhcpServer::Mode::server;
    dhcp.server_address = place.address;
    dhcp.subnets = {subnet_of(boot, place)};
    dhcp.unknown_clients = unknown_of(boot.unknown_machines);
    dhcp.boot.tftp = place.address;
    dhcp.boot.http_url = boot_url(options);
    if (!boot.ipxe_uefi_arm64.empty()) {
        dhcp.boot.files.uefi_arm64 = "ipxe-arm64.efi";
        to.files["ipxe-arm64.efi"] = boot.ipxe_uefi_arm64;
    }
    to.tftp.enabled = boot.tftp;
    to.tftp.server.port = boot.tftp_port;
    to.tftp.server.address = place.address;
    to.http.address = place.address.to_text();
    to.http.port = boot.http_port;
    to.http.url = boot_url(options);
    auto images = image_settings(options).directory;
    to.http.hooks.push_back({"/" + options.deploy.http_image_subdir + "/",
                             [images](std::string_view rest,
                                      const HttpRequest&) -> std::optional<std::filesystem::path> {
                                 if (!is_image_name(rest)) return std::nullopt;
                                 return images / std::string(rest);
                             }});
    to.router_advertisements = !boot.interface.empty() && to.dhcp.enabled;
    return to;
}

}  // namespace ferrite::daemon
