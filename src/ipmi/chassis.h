#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "ipmi/message.h"

namespace ferrite::ipmi {

/// The chassis commands (IPMI 2.0 section 28) as requests and answers, without a session. Parsers
/// give nothing when the answer is too short.

enum class PowerState { off, on };

enum class PowerAction : std::uint8_t {
    off = 0,  ///< At once, as by holding the button.
    on = 1,
    cycle = 2,  ///< Off, a pause, on. Many BMCs refuse it while the machine is off.
    reset = 3,
    diag = 4,  ///< A diagnostic interrupt (NMI).
    soft = 5,  ///< Asks the operating system to shut down.
};

enum class BootDevice { none, pxe, disk, safe, diag, cdrom, bios, floppy };
enum class Persistence { next_boot, all_boots };
enum class Firmware { bios, uefi };

/// How `disk` is written: Supermicro's UEFI takes another number for it.
enum class DiskCode : std::uint8_t { standard = 0x08, supermicro_uefi = 0x24 };

/// The boot flags that a BMC reports.
struct BootDeviceSetting {
    bool valid = false;  ///< False: the BMC will not apply the rest to the next boot.
    BootDevice device = BootDevice::none;
    Persistence persistence = Persistence::next_boot;
    Firmware firmware = Firmware::bios;
};

Request get_chassis_status();
std::optional<PowerState> parse_power_state(ByteView data);

Request chassis_control(PowerAction action);

Request set_boot_flags(BootDevice device, Persistence persistence, Firmware firmware,
                       DiskCode disk = DiskCode::standard);
Request get_boot_flags();
/// Also nothing when the BMC names a device that IPMI does not.
std::optional<BootDeviceSetting> parse_boot_flags(ByteView data);

/// Keeps the BMC from clearing the boot flags when no boot follows within 60 seconds: machines that
/// are slow to start lose them otherwise.
Request disable_boot_flag_timeout();

/// The word of the operator's language, e.g. `pxe`.
std::string_view to_text(BootDevice device);

}  // namespace ferrite::ipmi
