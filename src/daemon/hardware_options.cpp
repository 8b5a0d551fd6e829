#include "daemon/hardware_options.h"

#include <charconv>

#include <fmt/format.h>

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

std::optional<double> parse_seconds(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    double value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!(value >= 0 && value <= 86400)) return std::nullopt;
    return value;
}

/// `5`, or `2,6` for something between.
OptionType<FakeDelay> delay() {
    auto parse = [](OptionTexts texts) -> std::optional<FakeDelay> {
        std::string_view given = texts.back();
        auto comma = given.find(',');
        auto shortest = parse_seconds(given.substr(0, comma));
        auto longest = comma == given.npos ? shortest : parse_seconds(given.substr(comma + 1));
        if (!shortest || !longest || *longest < *shortest) return std::nullopt;
        return FakeDelay{*shortest, *longest};
    };
    return {.allowed = "seconds, such as 5, or two numbers of seconds, such as 2,6",
            .parse = parse,
            .print = [](const FakeDelay& value) {
                return value.shortest == value.longest
                           ? fmt::format("{}", value.shortest)
                           : fmt::format("{},{}", value.shortest, value.longest);
            }};
}

/// `10.0.0.100-10.0.0.199`; empty: not set.
OptionType<std::optional<AddressRange>> address_range() {
    using Range = std::optional<AddressRange>;
    auto parse = [](OptionTexts texts) -> std::optional<Range> {
        std::string_view given = texts.back();
        if (given.empty()) return Range();
        auto dash = given.find('-');
        if (dash == given.npos) return std::nullopt;
        auto first = IpAddress::parse(given.substr(0, dash));
        auto last = IpAddress::parse(given.substr(dash + 1));
        if (!first || !last || !first->is_v4() || !last->is_v4() || *last < *first)
            return std::nullopt;
        return AddressRange{*first, *last};
    };
    return {.allowed = "two IPv4 addresses, such as 10.0.0.100-10.0.0.199, or empty",
            .parse = parse,
            .print = [](const Range& range) {
                if (!range) return std::string();
                return range->first.to_text() + "-" + range->last.to_text();
            }};
}

OptionType<std::chrono::minutes> minutes() {
    auto count = integer<int>(0);
    return {
        .allowed = count.allowed + " (minutes)",
        .parse = [parse = count.parse](OptionTexts texts) -> std::optional<std::chrono::minutes> {
            auto value = parse(texts);
            if (!value) return std::nullopt;
            return std::chrono::minutes(*value);
        },
        .print =
            [](const std::chrono::minutes& value) { return fmt::format("{}", value.count()); }};
}

void add_ipmi_rows(OptionTable<Options>& table) {
    using O = IpmiOptions;
    table.section<O>(
        "ipmi", &Options::ipmi,
        {
            {"command_retry_timeout", &O::command_retry_timeout, seconds(1),
             "Seconds in which a BMC must answer, with all repetitions.", kReloadable},
            {"min_command_interval", &O::min_command_interval, seconds(),
             "Seconds between two commands to one BMC.", kReloadable},
            {"disable_boot_timeout", &O::disable_boot_timeout, flag(),
             "Tell BMCs to keep a boot device that was set for longer than a minute.", kReloadable},
            {"cipher_suite_versions", &O::cipher_suite_versions, list(),
             "Cipher suites to try, from the last to the first; empty: the best that both know."},
        });
}

void add_redfish_rows(OptionTable<Options>& table) {
    using O = RedfishOptions;
    table.section<O>(
        "redfish", &Options::redfish,
        {
            {"auth_type", &O::auth_type,
             choice<RedfishAuthentication>({{"auto", RedfishAuthentication::automatic},
                                            {"basic", RedfishAuthentication::basic},
                                            {"session", RedfishAuthentication::session}}),
             "How to log in at BMCs: by a session, by basic authentication, or by whichever "
             "works."},
            {"verify_ca", &O::verify_ca, text(),
             "Check certificates of BMCs: true, false or a CA file."},
            {"connect_timeout", &O::connect_timeout, seconds(1),
             "Seconds in which a connection to a BMC must come about."},
            {"read_timeout", &O::read_timeout, seconds(1), "Seconds in which a BMC must answer."},
            {"connection_attempts", &O::connection_attempts, integer(1),
             "Attempts to connect to a BMC."},
            {"connection_retry_interval", &O::connection_retry_interval, seconds(1),
             "Seconds between two attempts."},
            {"power_on_conflict_retry_attempts", &O::power_on_conflict_retry_attempts, integer(1),
             "Attempts to power on a machine whose BMC says that it is not ready."},
            {"power_on_conflict_retry_interval", &O::power_on_conflict_retry_interval, seconds(1),
             "Seconds between two such attempts."},
            {"post_boot_retry_attempts", &O::post_boot_retry_attempts, integer(1),
             "Attempts to set a boot device while the firmware tests itself."},
            {"post_boot_retry_delay", &O::post_boot_retry_delay, seconds(1),
             "Seconds before the second such attempt; the wait doubles up to 30."},
        });
}

void add_pxe_rows(OptionTable<Options>& table) {
    using O = PxeOptions;
    table.section<O>(
        "pxe", &Options::pxe,
        {
            {"kernel_append_params", &O::kernel_append_params, text(),
             "Kernel parameters of ramdisks that boot from the network.", kReloadable,
             FormerName{"pxe", "pxe_append_params"}},
            {"default_ephemeral_format", &O::default_ephemeral_format, text(),
             "File system of the ephemeral partition.", kReloadable},
            {"images_path", &O::images_path, text(), "Directory of images of single nodes."},
            {"instance_master_path", &O::instance_master_path, text(),
             "Directory of the image cache; empty: no cache."},
            {"image_cache_size", &O::image_cache_size, integer(0), "MiB of the image cache."},
            {"image_cache_ttl", &O::image_cache_ttl, minutes(),
             "Minutes for which an unused image stays in the cache."},
            {"tftp_server", &O::tftp_server, text(), "TFTP server that machines are told."},
            {"tftp_root", &O::tftp_root, text(), "Directory of more files to serve by TFTP."},
            {"tftp_master_path", &O::tftp_master_path, text(),
             "Directory of the cache of kernels and ramdisks."},
            {"ipxe_bootfile_name", &O::ipxe_bootfile_name, text(), "iPXE for BIOS machines."},
            {"uefi_ipxe_bootfile_name", &O::uefi_ipxe_bootfile_name, text(),
             "iPXE for UEFI machines."},
            {"ipxe_bootfile_name_by_arch", &O::ipxe_bootfile_name_by_arch, dict(),
             "iPXE for other processor architectures."},
            {"ipxe_timeout", &O::ipxe_timeout, seconds(),
             "Seconds after which iPXE gives a download up; 0: never."},
            {"boot_retry_timeout", &O::boot_retry_timeout, optional_seconds(60),
             "Seconds of silence after which a machine is booted again; empty: never."},
            {"boot_retry_check_interval", &O::boot_retry_check_interval, seconds(1),
             "Seconds between two checks for that."},
            {"enable_netboot_fallback", &O::enable_netboot_fallback, flag(),
             "Tell deployed machines that boot from the network to go on with their disk.",
             kReloadable},
        });
    table.section<DhcpOptions>(
        "dhcp", &Options::dhcp,
        {{"dhcp_provider", &DhcpOptions::dhcp_provider,
          choice<DhcpProvider>({{"none", DhcpProvider::none},
                                {"neutron", DhcpProvider::neutron},
                                {"dnsmasq", DhcpProvider::dnsmasq}}),
          "Another DHCP server to configure. The boot service of ferrited needs none."}});
}

void add_fake_rows(OptionTable<Options>& table) {
    using O = FakeOptions;
    auto row = [](const std::string& kind, FakeDelay O::* member) {
        return OptionRow<O>(kind + "_delay", member, delay(),
                            "Time that the fake " + kind + " interface takes.");
    };
    table.section<O>("fake", &Options::fake,
                     {row("power", &O::power_delay), row("boot", &O::boot_delay),
                      row("deploy", &O::deploy_delay), row("vendor", &O::vendor_delay),
                      row("management", &O::management_delay), row("inspect", &O::inspect_delay),
                      row("raid", &O::raid_delay), row("bios", &O::bios_delay),
                      row("storage", &O::storage_delay), row("rescue", &O::rescue_delay),
                      row("firmware", &O::firmware_delay)});
}

void add_boot_rows(OptionTable<Options>& table) {
    using O = BootOptions;
    table.section<O>(
        "ferrite_boot", &Options::boot,
        {
            {"enabled", &O::enabled, flag(),
             "Boot machines from the network. It needs an interface or a listen_address too."},
            {"interface", &O::interface, text(), "Network interface that the machines are on."},
            {"listen_address", &O::listen_address, text(),
             "Address to listen on; empty: the first IPv4 address of the interface."},
            {"dhcp", &O::dhcp,
             choice<DhcpMode>({{"off", DhcpMode::off},
                               {"server", DhcpMode::server},
                               {"proxy", DhcpMode::proxy}}),
             "Give out addresses; or, beside another DHCP server, boot files only."},
            {"dhcp_range", &O::dhcp_range, address_range(), "Addresses to give out."},
            {"dhcp_netmask", &O::dhcp_netmask, text(),
             "Network mask that machines are told; empty: that of the interface."},
            {"dhcp_router", &O::dhcp_router, list(), "Routers that machines are told."},
            {"dhcp_dns", &O::dhcp_dns, list(), "Name servers that machines are told."},
            {"dhcp_domain", &O::dhcp_domain, text(), "Domain that machines are told."},
            {"dhcp_lease_time", &O::dhcp_lease_time, seconds(60),
             "Seconds for which an address is given."},
            {"dhcp_lease_file", &O::dhcp_lease_file, text(), "File that keeps them."},
            {"unknown_machines", &O::unknown_machines,
             choice<UnknownMachines>({{"boot", UnknownMachines::boot},
                                      {"address", UnknownMachines::address},
                                      {"ignore", UnknownMachines::ignore}}),
             "What a machine without a port gets: boot files, only an address, or no answer."},
            {"tftp", &O::tftp, flag(), "Serve boot files by TFTP."},
            {"tftp_port", &O::tftp_port, integer<std::uint16_t>(1),
             "UDP port of TFTP. Firmware asks only at 69."},
            {"http_port", &O::http_port, integer<std::uint16_t>(),
             "TCP port at which machines fetch scripts, kernels, ramdisks and images."},
            {"external_url", &O::external_url, text(),
             "Base URL at which machines reach http_port; empty: made of address and port."},
            {"ipxe_bios", &O::ipxe_bios, text(), "File: iPXE for BIOS machines."},
            {"ipxe_uefi", &O::ipxe_uefi, text(),
             "File: iPXE for UEFI machines, with the network driver of the firmware."},
            {"ipxe_uefi_full", &O::ipxe_uefi_full, text(),
             "File: iPXE for UEFI machines, with drivers of its own."},
            {"ipxe_uefi_arm64", &O::ipxe_uefi_arm64, text(),
             "File: iPXE for 64-bit ARM machines; empty: they are told nothing."},
        });
}

}  // namespace

void add_hardware_rows(OptionTable<Options>& table) {
    add_ipmi_rows(table);
    add_redfish_rows(table);
    add_pxe_rows(table);
    add_fake_rows(table);
    add_boot_rows(table);
}

}  // namespace ferrite::daemon
