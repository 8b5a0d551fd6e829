#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "image/partition_table.h"

namespace ferrite::agent {

/// A boot entry of UEFI firmware: the Boot#### variable that starts a loader file of a partition
/// (UEFI 2.10, sections 3.1.3 and 10.3.5.1).
struct EfiBootEntry {
    std::string label;
    std::string loader;          ///< Path on the partition, `\EFI\debian\shimx64.efi`.
    image::Partition partition;  ///< Of a GPT disk.

    /// The variable's value, an EFI_LOAD_OPTION.
    Bytes encode() const;
};

/// The label of an EFI_LOAD_OPTION; nothing when it is damaged.
std::optional<std::string> boot_entry_label(ByteView load_option);

/// What a distribution's `BOOT*.CSV` says (UTF-16 LE: file, label, options, description).
struct BootCsv {
    std::string file;
    std::string label;
};
std::optional<BootCsv> parse_boot_csv(ByteView text);

/// BootOrder with `entry` at its head, and nowhere else.
std::vector<std::uint16_t> with_first(std::vector<std::uint16_t> order, std::uint16_t entry);

}  // namespace ferrite::agent
