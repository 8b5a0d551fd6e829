#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

/// What the configuration says of machines and of how they boot: [ipmi], [redfish], [pxe], [dhcp],
/// [fake] and the boot service's own section [ferrite_boot].
namespace ferrite::daemon {

/// [ipmi]
struct IpmiOptions {
    std::chrono::seconds command_retry_timeout{60};
    /// Our client never overlaps commands, which is what the original's 5 seconds are against.
    std::chrono::seconds min_command_interval{0};
    bool disable_boot_timeout = true;
    std::vector<std::string> cipher_suite_versions;  ///< Tried from the last to the first.
};

enum class RedfishAuthentication { automatic, basic, session };

/// [redfish]
struct RedfishOptions {
    RedfishAuthentication auth_type = RedfishAuthentication::automatic;
    std::string verify_ca = "true";  ///< A truth value or a CA file.
    std::chrono::seconds connect_timeout{30};
    std::chrono::seconds read_timeout{60};
    int connection_attempts = 5;
    std::chrono::seconds connection_retry_interval{4};
    int power_on_conflict_retry_attempts = 6;
    std::chrono::seconds power_on_conflict_retry_interval{10};
    int post_boot_retry_attempts = 6;
    std::chrono::seconds post_boot_retry_delay{5};
};

/// [pxe]
struct PxeOptions {
    std::string kernel_append_params = "nofb vga=normal";
    std::string default_ephemeral_format = "ext4";
    std::string images_path = "$state_path/images";
    std::string instance_master_path = "$state_path/master_images";
    int image_cache_size = 20480;  ///< MiB.
    std::chrono::minutes image_cache_ttl{10080};
    std::string tftp_server = "$my_ip";
    std::string tftp_root = "$state_path/tftpboot";
    std::string tftp_master_path = "$state_path/tftpboot/master_images";
    std::string ipxe_bootfile_name = "undionly.kpxe";
    std::string uefi_ipxe_bootfile_name = "snponly.efi";
    std::map<std::string, std::string> ipxe_bootfile_name_by_arch;
    std::chrono::seconds ipxe_timeout{0};                    ///< 0: none.
    std::optional<std::chrono::seconds> boot_retry_timeout;  ///< Not set: no retries.
    std::chrono::seconds boot_retry_check_interval{90};
    bool enable_netboot_fallback = false;
};

enum class DhcpProvider { none, neutron, dnsmasq };

/// [dhcp]
struct DhcpOptions {
    DhcpProvider dhcp_provider = DhcpProvider::none;
};

/// How long a fake operation takes: something between two times, in seconds.
struct FakeDelay {
    double shortest = 0;
    double longest = 0;

    bool operator==(const FakeDelay&) const = default;
};

/// [fake]
struct FakeOptions {
    FakeDelay power_delay;
    FakeDelay boot_delay;
    FakeDelay deploy_delay;
    FakeDelay vendor_delay;
    FakeDelay management_delay;
    FakeDelay inspect_delay;
    FakeDelay raid_delay;
    FakeDelay bios_delay;
    FakeDelay storage_delay;
    FakeDelay rescue_delay;
    FakeDelay firmware_delay;
};

/// What a machine that no port names gets from the boot service.
enum class UnknownMachines { boot, address, ignore };
enum class DhcpMode { off, server, proxy };

struct AddressRange {
    IpAddress first;
    IpAddress last;

    bool operator==(const AddressRange&) const = default;
};

/// [ferrite_boot]: the DHCP, TFTP and HTTP service that machines boot from.
struct BootOptions {
    bool enabled = true;
    std::string interface;       ///< Network interface of the machines; see `active()`.
    std::string listen_address;  ///< Empty: the first IPv4 address of the interface.

    DhcpMode dhcp = DhcpMode::server;
    std::optional<AddressRange> dhcp_range;  ///< Not set: only fixed addresses.
    std::string dhcp_netmask;                ///< Empty: as the interface has it.
    std::vector<std::string> dhcp_router;
    std::vector<std::string> dhcp_dns;
    std::string dhcp_domain;
    std::chrono::seconds dhcp_lease_time{3600};
    std::string dhcp_lease_file = "$state_path/dhcp.leases";
    UnknownMachines unknown_machines = UnknownMachines::boot;

    bool tftp = true;
    std::uint16_t tftp_port = 69;
    std::uint16_t http_port = 8088;
    std::string external_url;  ///< Base URL for machines; empty: made of address and http_port.

    std::string ipxe_bios = "/usr/lib/ipxe/undionly.kpxe";
    std::string ipxe_uefi = "/usr/lib/ipxe/snponly.efi";
    std::string ipxe_uefi_full = "/usr/lib/ipxe/ipxe.efi";  ///< With iPXE's own network drivers.
    std::string ipxe_uefi_arm64;

    /// The service runs when it is told where: an interface or an address.
    bool active() const { return enabled && !(interface.empty() && listen_address.empty()); }
};

}  // namespace ferrite::daemon
