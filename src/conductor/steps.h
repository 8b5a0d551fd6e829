#pragma once

#include <optional>
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

/// Puts steps into the order in which offered_steps() has them.
void sort_to_run(std::vector<Step>& steps);

/// Steps that a user asked for, in the user's order, checked against the offered ones: unknown
/// steps, unknown arguments and missing required arguments are InvalidValue. Steps of an agent that
/// is not up yet can only be checked later: until then, unknown ones are `skipped`.
enum class Unknown { refused, skipped };
std::vector<Step> user_steps(const NodeSession& session, StepKind kind, const JsonArray& wanted,
                             Unknown unknown);

/// The steps that a user gave for the operation, as its verb left them in driver_internal_info.
JsonArray given_steps(const model::Node& node, StepKind kind);

/// Whether a cleaning or servicing does without the ramdisk, because the user or the steps say so.
bool ramdisk_is_off(const model::Node& node, StepKind kind);
void switch_ramdisk(model::Node& node, StepKind kind, bool on);
/// True when one of the given steps needs the ramdisk, or is not known before it is up.
bool needs_ramdisk(const NodeSession& session, StepKind kind);
/// Throws InvalidValue when one of `steps` needs the ramdisk, which is off.
void check_ramdisk(const model::Node& node, StepKind kind, const std::vector<Step>& steps);

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
/// The step at `index` is under way; none when the list is shorter.
void begin_step(model::Node& node, StepKind kind, int index);
/// The step that is under way; an empty name when none is.
Step current_step(const model::Node& node, StepKind kind);

/// To abort when the step that is under way, which is not abortable, has ended.
void abort_after_step(model::Node& node, StepKind kind);
bool aborts_after_step(const model::Node& node, StepKind kind);
/// The last_error of an operation that was aborted.
std::string abort_reason(const model::Node& node, StepKind kind);

/// The error that ends an operation because its current step failed.
Error step_failed(const model::Node& node, StepKind kind, std::string_view why);

/// Counts that the agent lost the current step, which is to be given again; throws Error when that
/// happened too often. Forgotten when a step succeeds.
void count_lost_step(model::Node& node, StepKind kind);

/// How far the agent has come with the current step; nothing when it does not answer, which the log
/// tells: it may come back, and the time-out of the wait state ends it if not.
Task<std::optional<hardware::AgentProgress>> ask_agent(NodeSession* session, StepKind kind);

/// Runs a part of an operation. An agent that is busy is waited for until it reports again; any
/// other failure is for `fail`, which brings the node into its failed state.
Task<> guarded(NodeSession* session, Task<> body, Task<> (*fail)(NodeSession*, std::string));

enum class StepsResult {
    finished,
    waiting,  ///< For a step that goes on elsewhere.
    held,     ///< By a step that is there for that, until somebody lets the node go on.
};

/// Runs the planned steps from `from` on. Before each, "it is begun" is durable. Throws Error that
/// names the step that failed.
Task<StepsResult> run_steps(NodeSession* session, StepKind kind, int from);

/// Puts the node into the wait or hold state that `result` asks for.
void pause_operation(model::Node& node, StepsResult result);

}  // namespace ferrite::conductor
