#pragma once

#include "conductor/client.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// Takes a report of an agent: checks its token, keeps what it says, and lets the operation that
/// waits for it go on (reference: api.md section 22.2, conductor.md appendix C). Throws what the
/// API answers; the rest goes on in the background.
Task<> take_heartbeat(Services* services, std::string uuid, Heartbeat heartbeat);

/// Looks at a node that waits for its agent as if that had just reported: a report may have been
/// lost with the process that it was made to, and the next one comes minutes later. Does nothing
/// while the agent has not reported at all. Returns after how long the node is to be looked at
/// again, as when somebody has its lock; zero: never.
Task<std::chrono::seconds> look_at_agent(Services* services, std::string uuid);

/// The token for an agent that looked its node up: made at the first look-up, asterisks later. A
/// token that was handed out by a process that died, and not used since, is replaced by a new one.
Task<std::string> issue_agent_token(Services* services, std::string uuid);

}  // namespace ferrite::conductor
