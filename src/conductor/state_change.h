#pragma once

#include <optional>
#include <string_view>

#include "model/node.h"

namespace ferrite::conductor {

/// Whether the state change begins work that goes on in the background.
enum class Follows { nothing, work };

/// Moves the node along the edge `event` of the state machine, with what that means for
/// target_provision_state and last_error (reference: conductor.md section 1.4). `target` wins over
/// the machine's own target; a manual clean keeps the one it has.
///
/// Throws InvalidValue (400) when the machine has no such edge.
void change_state(model::Node& node, std::string_view event, Follows follows,
                  std::optional<std::string_view> target = std::nullopt);

/// Takes away what an operation left in driver_internal_info: step lists and flags; with
/// `agent` also what is known of the agent.
enum class Forget { steps, steps_and_agent };
void forget_operation(model::Node& node, Forget what);

}  // namespace ferrite::conductor
