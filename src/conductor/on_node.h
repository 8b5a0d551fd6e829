#pragma once

#include <functional>
#include <string>

#include "conductor/node_session.h"
#include "conductor/operations.h"
#include "conductor/services.h"

/// The two ways in which a request of the API works on a node with its lock.
namespace ferrite::conductor {

/// Locks the node, awaits `work`, saves what that changed and gives the lock back. What `work`
/// throws goes on to the caller; then nothing is saved. Throws as NodeSession::lock() does.
Task<> on_node(Services* services, std::string uuid, std::function<Task<>(NodeSession*)> work);

/// Locks the node and runs `begin`, which may refuse by throwing. The work that it returns goes on
/// in the background, as `name`, with the lock; without any the lock is given back. Returns when
/// what `begin` changed is saved.
Task<> begin_on_node(Services* services, std::string uuid, std::string name,
                     std::function<Begun(NodeSession&)> begin);

}  // namespace ferrite::conductor
