#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "netboot/mac_address.h"

namespace ferrite::netboot {

/// What a machine's firmware can start, from DHCP option 93 (RFC 4578, IANA "Processor
/// Architecture Types").
enum class Architecture { unknown, bios, uefi_x86, uefi_x64, uefi_arm32, uefi_arm64 };

/// Which program on the machine is asking.
enum class BootStage {
    plain,      ///< An operating system or ramdisk: wants an address, boots nothing.
    pxe,        ///< Firmware that loads a file by TFTP.
    uefi_http,  ///< UEFI firmware that loads a file by HTTP.
    ipxe,       ///< iPXE, whether in the card's ROM or loaded by one of the two above.
};

/// A machine as the boot service sees it, from whatever its packet or request tells.
struct BootClient {
    MacAddress mac;
    std::optional<std::string> uuid;  ///< SMBIOS UUID (DHCP option 97), lower case, with hyphens.
    IpAddress ip;                     ///< Its address, 0.0.0.0 while it has none.
    IpAddress relay;                  ///< The DHCP relay it came through, 0.0.0.0 for none.
    Architecture architecture = Architecture::unknown;
    BootStage stage = BootStage::plain;
};

enum class BootKind {
    none,        ///< Nothing to do: go on with the firmware's own boot order.
    local_disk,  ///< Start the first disk.
    network,     ///< Load `kernel` and `ramdisk`.
    san,         ///< Attach `san_target` (an ISO by HTTP, an iSCSI volume) and start it.
};

/// What a machine shall boot now, and how it is addressed meanwhile.
struct BootPlan {
    BootKind kind = BootKind::none;
    std::string node;                  ///< UUID of the node, for logs and evidence.
    std::string kernel;                ///< Absolute path of a local file, or an http(s) URL.
    std::string ramdisk;               ///< The same; may be empty.
    std::string kernel_command_line;   ///< Without `initrd=` and `BOOTIF=`, which are added.
    std::string san_target;            ///< For BootKind::san: what iPXE's `sanboot` takes, or the
                                       ///< absolute path of a local ISO.
    std::optional<IpAddress> address;  ///< Fixed IPv4 address, in place of one from the pool.
    std::optional<std::string> hostname;
};

/// One thing that was observed about a machine's boot: evidence for diagnosis.
struct BootEvent {
    enum class Kind {
        discover,         ///< Asks for an address.
        offer,            ///< Was offered one.
        ack,              ///< Has it now, or was told its parameters.
        nak,              ///< Was told that its address is not valid here.
        decline,          ///< Says that somebody else uses the address.
        release,          ///< Gave its address back.
        ignored,          ///< Got no answer; `detail` says why.
        tftp_started,     ///< `detail` is the file.
        tftp_finished,    ///< `bytes` were acknowledged.
        tftp_failed,      ///< `detail` is the file and the cause.
        script_served,    ///< The iPXE script; `detail` is the plan's kind.
        download,         ///< HTTP request for a file; `detail` names it, `bytes` is what it asked.
        download_failed,  ///< The file is not there or not allowed.
    };
    Kind kind = Kind::ignored;
    BootClient client;
    std::string node;  ///< Empty when no plan was found.
    std::string detail;
    std::uint64_t bytes = 0;
};

/// The live state that boot answers are computed from, and where evidence goes.
///
/// Both functions are called on workers, possibly several at a time; they may block for the
/// database (milliseconds). What they throw is logged and costs one packet or request, not more.
class BootDirectory {
public:
    virtual ~BootDirectory() = default;

    /// What this machine shall boot now; nothing when the machine is not known. Called once for
    /// every packet or request that needs an answer.
    virtual std::optional<BootPlan> plan_for(const BootClient& client) = 0;

    /// Keeps a piece of evidence.
    virtual void saw(const BootEvent& event) = 0;
};

}  // namespace ferrite::netboot
