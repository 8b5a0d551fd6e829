#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// Clean or service steps under a name, for nodes that share a trait with it (reference: api.md
/// sections 20 and 10.6).
struct Runbook {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string name;
    std::optional<std::string> description;
    JsonText steps;   ///< List of {interface, step, args, order}.
    JsonText traits;  ///< Sorted list of names.
    bool disable_ramdisk = false;
    bool is_public = false;  ///< Everybody may use it; it has no owner then.
    std::optional<std::string> owner;
    JsonText extra;
};

std::span<const Field<Runbook>> runbook_fields();

}  // namespace ferrite::model
