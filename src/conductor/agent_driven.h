#pragma once

#include <string>
#include <string_view>

#include "conductor/node_session.h"
#include "conductor/services.h"
#include "conductor/steps.h"

namespace ferrite::conductor {

/// An operation whose steps an agent on the node carries out: what the operations of that kind do
/// each in their own way.
struct AgentDriven {
    StepKind kind;
    std::string_view wait_state;
    Task<> (*begin)(Services*, NodeSession*);     ///< From the start; sees to its own failure.
    Task<> (*run_from)(NodeSession*, int index);  ///< The step at `index` and what follows it.
    Task<> (*meet_agent)(NodeSession*);           ///< The agent has just come up.
    Task<> (*meet_changed_agent)(NodeSession*);   ///< Its steps are not those it told before.
    Task<> (*fail)(NodeSession*, std::string why);
    Task<> (*abort)(Services*, NodeSession*);
};

/// Goes on with the operation where the node's row says it is: because its agent reported, or
/// because the conductor was interrupted while it was at it.
Task<> continue_agent_driven(const AgentDriven* operation, Services* services,
                             NodeSession* session);

}  // namespace ferrite::conductor
