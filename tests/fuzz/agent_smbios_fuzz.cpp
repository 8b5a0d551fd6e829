// Firmware tables, boot CSVs and boot entries come from machines and disks that nobody vouches for.

#include "agent/efi_boot_entry.h"
#include "agent/smbios.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ferrite::ByteView bytes(data, size);
    ferrite::agent::parse_smbios(bytes);
    ferrite::agent::parse_boot_csv(bytes);
    ferrite::agent::boot_entry_label(bytes);
    return 0;
}
