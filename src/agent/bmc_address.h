#pragma once

#include <optional>
#include <string>

#include "agent/machine_files.h"

namespace ferrite::agent {

/// How the machine's management controller can be reached, asked over the in-band interface
/// (`/dev/ipmi0`, IPMI 2.0 table 23-4). An address that the controller does not have is
/// `0.0.0.0` or `::/0`, as the protocol spells "none"; nothing at all without an interface.
struct BmcAddresses {
    std::optional<std::string> ipv4;
    std::optional<std::string> ipv6;
    std::optional<std::string> mac;
};

/// Asks LAN channels 1 to 11 and takes the first that has an address. Blocks for at most a few
/// seconds per silent channel.
BmcAddresses read_bmc_addresses(const MachineFiles& machine);

}  // namespace ferrite::agent
