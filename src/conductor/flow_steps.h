#pragma once

#include <string_view>

#include "conductor/steps.h"

/// Steps that are the conductor's own, by their names and whatever interface they are written for:
/// `power_on`, `power_off`, `reboot`, `hold` and `wait` (reference: conductor.md section 9.4).
namespace ferrite::conductor {

bool is_flow_step(const Step& step);

/// Throws InvalidValue for arguments that the step does not take, and fills in what is known of it.
void settle_flow_step(Step& step);

/// Runs the step. `waiting` and `held` leave the node where it is: the caller changes its state.
Task<StepsResult> run_flow_step(NodeSession* session, Step step);

}  // namespace ferrite::conductor
