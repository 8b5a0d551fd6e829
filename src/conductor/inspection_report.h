#pragma once

#include <string>

#include "conductor/client.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// Takes what an agent found out about a node in `inspect wait`, or about one that was created for
/// it, and lets the inspection go on with it in the background (reference: conductor.md sections
/// 1.5 and 10). Throws NotFound in any other state, and 409 when the node is locked: the agent
/// repeats its report.
Task<> take_inspection_report(Services* services, std::string uuid, InspectionReport report);

}  // namespace ferrite::conductor
