#pragma once

#include <string>

#include "netboot/boot_directory.h"
#include "netboot/dhcp_message.h"

namespace ferrite::netboot {

/// The boot loaders that firmware of each kind gets, as names in the boot service's file table.
/// An empty name: such a machine is told nothing about booting.
struct BootFiles {
    std::string bios = "undionly.kpxe";
    std::string uefi_x86;
    std::string uefi_x64 = "snponly.efi";
    std::string uefi_arm32;
    std::string uefi_arm64;

    const std::string& of(Architecture architecture) const;
};

/// Where the answers point to.
struct BootServers {
    IpAddress tftp;        ///< Next server (siaddr, option 66).
    std::string http_url;  ///< `http://10.77.0.1:8080`, without a slash at the end.
    BootFiles files;
};

/// Who is asking: option 93 (architecture), 60 (PXEClient, HTTPClient), 77 and 175 (iPXE), 97.
BootClient classify(const DhcpMessage& request);

/// The URL of the iPXE script of one machine: `<http_url>/boot/52-54-00-77-00-01.ipxe`.
std::string script_url(const std::string& http_url, const MacAddress& mac);

/// Whether the answer is the machine's DHCP server's, or stands beside another server's lease and
/// must show itself as PXE's.
enum class AnswerRole { server, proxy };

/// Adds what `client` must know to go on booting: next server and file, as TFTP name or URL; the
/// PXE vendor options that make firmware take the file at once instead of looking for boot
/// servers; for iPXE the option that saves its wait for a proxy DHCP server (2 s). False, and
/// nothing added, for a client that does not boot from the network or has no file. (RFC 2132,
/// RFC 4578, PXE 2.1, UEFI 2.10 section 24.7, iPXE's option space 175)
bool add_boot_options(const DhcpMessage& request, const BootClient& client,
                      const BootServers& servers, AnswerRole role, DhcpMessage& reply);

}  // namespace ferrite::netboot
