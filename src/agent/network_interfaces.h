#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/machine_files.h"
#include "base/ip_address.h"
#include "base/json.h"

namespace ferrite::agent {

/// A network interface as the inventory shows it (reference: agent.md section 7.3).
struct NetworkInterface {
    std::string name;
    std::string mac_address;  ///< Permanent address where the driver tells it.
    std::optional<std::string> ipv4_address;
    std::optional<std::string> ipv6_address;
    bool has_carrier = false;
    std::optional<std::string> vendor;  ///< `0x8086`
    std::optional<std::string> product;
    std::optional<std::uint64_t> speed_mbps;
    std::optional<std::string> pci_address;
    std::optional<std::string> driver;

    JsonObject to_json() const;
};

/// Interfaces with hardware behind them, bonds and VLANs, ordered by name. Those without a MAC
/// address (or with an all-zero one) are left out.
std::vector<NetworkInterface> list_network_interfaces(const MachineFiles& machine);

/// The address from which this machine would talk to `peer`; nothing without a route or when it
/// is link-local. Sends nothing.
std::optional<IpAddress> source_address_towards(const IpAddress& peer);

}  // namespace ferrite::agent
