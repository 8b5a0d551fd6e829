#pragma once

#include "conductor/steps.h"

namespace ferrite::conductor {

/// Runs `step` on the children of the node (blades of a chassis, cards of a machine), one after the
/// other: all of them, or those that the step names. Each child is locked meanwhile and keeps its
/// state (reference: conductor.md section 9.4).
///
/// Throws Error that names the child on which it failed; a step that goes on by itself is one.
Task<> run_on_children(NodeSession* session, StepKind kind, Step step);

}  // namespace ferrite::conductor
