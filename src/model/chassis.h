#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// A group of nodes (reference: api.md section 14).
struct Chassis {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::optional<std::string> description;
    JsonText extra;
};

std::span<const Field<Chassis>> chassis_fields();

}  // namespace ferrite::model
