#pragma once

#include "base/bytes.h"

namespace ferrite::agent {

/// How a try at a drive's own erase command ended.
enum class SecureErase {
    done,
    unsupported,  ///< The drive (or its bus) has no such command.
};

/// NVMe Format of the namespace behind `fd`: cryptographic erase when the controller offers it,
/// else user-data erase (NVMe 1.4, 5.23). Throws AgentError(unsupported_hardware) when refused.
SecureErase nvme_secure_erase(int fd);

/// ATA Security Erase Unit through SCSI pass-through (ACS-3, 7.39), enhanced when offered. Throws
/// AgentError(unsupported_hardware) when the drive is frozen or locked, or the erase fails; the
/// password that had to be set is removed again.
SecureErase ata_secure_erase(int fd);

/// What IDENTIFY DEVICE says about the security feature set.
struct AtaSecurity {
    bool supported = false;
    bool enabled = false;
    bool locked = false;
    bool frozen = false;
    bool enhanced_erase = false;
    unsigned erase_minutes = 0;  ///< 0: not said.
    unsigned enhanced_erase_minutes = 0;
};

/// Reads the 512 bytes of IDENTIFY DEVICE; all false for fewer.
AtaSecurity parse_ata_security(ByteView identify);

}  // namespace ferrite::agent
