#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "conductor/node_session.h"
#include "conductor/services.h"
#include "hardware/step.h"

namespace ferrite::conductor {

using hardware::Step;
using hardware::StepKind;

/// All steps of a kind that the node's interfaces offer, those with priority 0 too, in the order in
/// which they would run: by priority, then interface, then name (reference: conductor.md
/// section 8.4).
std::vector<Step> offered_steps(const NodeSession& session, StepKind kind);

/// What runs when nobody asks for anything special: the offered steps with a priority, without
/// those that `disallowed` ("interface.step") names.
std::vector<Step> automatic_steps(const NodeSession& session, StepKind kind,
                                  const std::vector<std::string>& disallowed);

/// Steps that a user asked for, in the user's order, checked against the offered ones: unknown
/// steps, unknown arguments and missing required arguments are InvalidValue. Steps of an agent that
/// is not up yet can only be checked later: `lenient` lets unknown ones pass.
enum class Unknown { refused, lenient };
std::vector<Step> user_steps(const NodeSession& session, StepKind kind, const JsonArray& wanted,
                             Unknown unknown);

/// Throws InvalidValue when one of the wanted steps is in `disallowed`.
void check_allowed(const JsonArray& wanted, const std::vector<std::string>& disallowed,
                   std::string_view option);

/// The list of steps of the operation under way, and where it is; kept in driver_internal_info.
std::vector<Step> planned_steps(const model::Node& node, StepKind kind);
void plan_steps(model::Node& node, StepKind kind, const std::vector<Step>& steps);
/// The index of the step that was begun last; -1 before the first.
int step_index(const model::Node& node, StepKind kind);
/// No list, no current step.
void forget_steps(model::Node& node, StepKind kind);
/// The step that is under way; an empty name when none is.
Step current_step(const model::Node& node, StepKind kind);

enum class StepsResult { finished, waiting };

/// Runs the planned steps from `from` on. Before each, "it is begun" is durable. Returns `waiting`,
/// saved, when one of them goes on elsewhere. Throws Error that names the step that failed.
Task<StepsResult> run_steps(NodeSession* session, StepKind kind, int from);

}  // namespace ferrite::conductor
