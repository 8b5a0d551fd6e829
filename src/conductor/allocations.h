#pragma once

#include <memory>
#include <string>

#include "conductor/client.h"
#include "conductor/services.h"

/// Finding nodes for allocations (reference: api.md section 18, conductor.md section 2.5). A search
/// holds no lock: choosing a node and giving it away is one transaction, in which only nodes that
/// nobody has locked are chosen.
namespace ferrite::conductor {

/// Stores the allocation and begins to look for its node. Throws Conflict for a name or UUID that
/// is taken, Error (503) when too much is under way.
Task<model::Allocation> begin_allocation(Services* services, model::Allocation allocation);

/// Makes the allocation of a node that is in use already: the answer is active, or the refusal is
/// thrown. A refused allocation is kept in the state `error`, where last_error says why.
Task<model::Allocation> backfill(Services* services, model::Allocation allocation,
                                 std::string node_uuid);

/// Ends an allocation and takes its instance off the node. Throws Conflict for a node that is in
/// use or being worked on, and not in maintenance.
Task<> end_allocation(Services* services, std::string uuid);

/// Goes on with the searches that the end of the last process interrupted. Blocks for the database.
void resume_allocations(Services& services);
/// Goes on with the searches of conductors that are no more.
Task<> adopt_allocations(Services* services);

}  // namespace ferrite::conductor
