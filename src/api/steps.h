#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace ferrite::api {

/// Checks of the steps that a client sends with a provision request or keeps in a template or a
/// runbook (reference: api.md 10.2, 19, 20).
enum class StepKind { clean, deploy, service, runbook };

/// The list in `value`, empty when it is null. Throws InvalidValue for anything else than a list.
JsonArray read_step_list(std::string_view argument, const Json& value);

/// Throws InvalidValue that names the step and what is wrong with it, or that it is `disallowed`
/// (`interface.step`).
void check_steps(std::string_view argument, StepKind kind, const JsonArray& steps,
                 std::span<const std::string> disallowed);

/// The steps of a template (`deploy`) or runbook as they are kept, with numbers for the texts of
/// digits that may stand for them. Throws InvalidValue when there is none, for one that is wrong,
/// and for the same step twice.
JsonArray kept_steps(StepKind kind, const JsonArray& steps);

}  // namespace ferrite::api
