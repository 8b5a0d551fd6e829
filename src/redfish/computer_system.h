#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "redfish/client.h"

namespace ferrite::redfish {

/// What a machine boots next, in the words of the ComputerSystem schema.
struct BootOverride {
    std::string target;    ///< `Pxe`, `Hdd`, `Cd`, `BiosSetup`, `UefiHttp`, `None`, ...
    std::string enabled;   ///< `Once`, `Continuous`, `Disabled`.
    std::string mode;      ///< `UEFI`, `Legacy`; empty when the service does not say.
    std::string http_uri;  ///< For UefiHttp.

    bool operator==(const BootOverride&) const = default;
};

/// What we read of a ComputerSystem resource.
struct ComputerSystem {
    std::string path;
    std::optional<bool> powered_on;  ///< Also when it is just becoming so; nothing: not said.
    std::string manufacturer;
    BootOverride boot;
    std::string reset_path;                ///< Where Reset is posted to; empty: not offered.
    std::vector<std::string> reset_types;  ///< That Reset takes; empty: not said.
};

/// Reads the resource; members that are missing or of another type are left empty.
ComputerSystem system_from_json(std::string path, const Json& resource);

/// The words of the Reset action that we use.
enum class Reset { on, force_off, graceful_shutdown, graceful_restart, force_restart, nmi };
std::string_view to_text(Reset reset);

/// Whether the system takes this kind of reset, or one that does as well.
bool offers(const ComputerSystem& system, Reset reset);

/// What has to be written to get from the present override to `wanted`: as a rule only what
/// differs; empty when nothing does. `wanted.mode` does not count: the mode is left alone.
///
/// Supermicro boards want `enabled` in every change, those with AMI firmware everything together.
JsonObject boot_changes(const ComputerSystem& system, const BootOverride& wanted);

/// The system as it is now. Throws redfish::Error, InvalidValue (see Client::system_path).
Task<ComputerSystem> read_system(Client* client, std::string id, Urgency urgency = Urgency::user);

/// Done when the service has taken it, which is before the power changes. Throws redfish::Error;
/// its reason is `refused` when the system does not offer this.
Task<> reset_system(Client* client, ComputerSystem system, Reset reset);

/// Writes what boot_changes() says; sends nothing when that is empty.
Task<> set_boot(Client* client, ComputerSystem system, BootOverride wanted);

}  // namespace ferrite::redfish
