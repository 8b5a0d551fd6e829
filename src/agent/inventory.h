#pragma once

#include <string>
#include <vector>

#include "agent/machine_files.h"
#include "base/json.h"

namespace ferrite::agent {

/// Collects what the protocol calls the inventory (reference: agent.md section 7.1) from /sys,
/// /proc, the SMBIOS tables and the in-band IPMI interface, without external programs.
///
///     Inventory inventory(machine, options.boot_interface);
///     Json document = inventory.collect();
///
/// Blocking, some milliseconds (plus the management controller, asked once and kept). One caller
/// at a time.
class Inventory {
public:
    /// `boot_interface` is BOOTIF verbatim, empty when the boot loader did not tell.
    Inventory(const MachineFiles& machine, std::string boot_interface);

    JsonObject collect();

    /// MAC addresses of all interfaces, in the order of their names: the key of a lookup.
    std::vector<std::string> mac_addresses() const;

private:
    const MachineFiles& machine_;
    std::string boot_interface_;
    JsonObject bmc_;
    bool bmc_asked_ = false;
};

/// The `pci_devices` list of an inspection (agent.md section 7.5).
JsonArray list_pci_devices(const MachineFiles& machine);

}  // namespace ferrite::agent
