#pragma once

#include "conductor/client.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// Takes a report of an agent: checks its token, keeps what it says, and lets the operation that
/// waits for it go on (reference: api.md section 22.2, conductor.md appendix C). Throws what the
/// API answers; the rest goes on in the background.
Task<> take_heartbeat(Services* services, std::string uuid, Heartbeat heartbeat);

/// The token for an agent that looked its node up: made at the first look-up, asterisks later.
Task<std::string> issue_agent_token(Services* services, std::string uuid);

}  // namespace ferrite::conductor
