#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// One setting of a node's firmware set-up, as its BIOS interface last read it (reference: api.md
/// section 11.7). Its name is unique within the node.
struct BiosSetting {
    std::int64_t id = 0;
    std::string node_uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string name;
    std::optional<std::string> value;
    // What the BMC's registry says of the setting; absent when it says nothing.
    std::optional<std::string> attribute_type;  ///< "Enumeration", "Integer", ...
    JsonText allowable_values;                  ///< Of an enumeration.
    std::optional<std::int64_t> lower_bound;
    std::optional<std::int64_t> upper_bound;
    std::optional<std::int64_t> min_length;  ///< Characters of a text.
    std::optional<std::int64_t> max_length;
    std::optional<bool> read_only;
    std::optional<bool> reset_required;  ///< A change needs a reboot to take effect.
    std::optional<bool> unique_value;    ///< No other machine may have the same value.
};

std::span<const Field<BiosSetting>> bios_setting_fields();

}  // namespace ferrite::model
