#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// Steps that join the deploy of every instance that asks for the trait of the template's name
/// (reference: api.md section 19).
struct DeployTemplate {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string name;
    JsonText steps;  ///< List of {interface, step, args, priority}.
    JsonText extra;
};

std::span<const Field<DeployTemplate>> deploy_template_fields();

}  // namespace ferrite::model
