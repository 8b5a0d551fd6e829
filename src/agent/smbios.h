#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace ferrite::agent {

/// What the firmware's SMBIOS tables say about the machine; empty texts and zero when they do not.
struct SmbiosFacts {
    std::string manufacturer;
    std::string product_name;
    std::string serial_number;
    std::string firmware_vendor;
    std::string firmware_version;
    std::string firmware_date;
    std::uint64_t installed_memory_mib = 0;  ///< Sum of the memory devices (type 17).
};

/// Reads a structure table as in /sys/firmware/dmi/tables/DMI (DMTF DSP0134, 6.1). A table that is
/// cut short or damaged yields what came before the damage.
SmbiosFacts parse_smbios(ByteView table);

}  // namespace ferrite::agent
