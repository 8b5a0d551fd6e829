#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// What to make of the data of an inspection: actions, when all conditions hold (reference: api.md
/// section 21, conductor.md section 10.4).
struct InspectionRule {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::optional<std::string> description;
    std::int64_t priority = 0;   ///< Higher ones come first.
    std::string phase = "main";  ///< When it is applied: there is no other moment yet.
    bool sensitive = false;      ///< Conditions and actions are not shown.
    JsonText conditions;  ///< List of {op, args, loop?, multiple?}; the op may begin with `!`.
    JsonText actions;     ///< List of {op, args, loop?}.
};

std::span<const Field<InspectionRule>> inspection_rule_fields();

/// An operation of conditions or actions: its name, and its arguments in the order in which a list
/// gives them; words with commas between.
struct RuleOperation {
    std::string_view name;
    std::string_view needs;
    std::string_view takes;  ///< What may be left out.
};
std::span<const RuleOperation> rule_conditions();
std::span<const RuleOperation> rule_actions();

}  // namespace ferrite::model
