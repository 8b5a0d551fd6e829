#pragma once

#include <string_view>

#include "conductor/node_session.h"

namespace ferrite::conductor {

/// Stores the BIOS settings and firmware versions that the node's hardware tells now, for the API
/// to show (reference: conductor.md section 14.2). What the hardware does not tell stays as it was;
/// a failure goes to the log and stops nobody.
Task<> refresh_hardware_cache(NodeSession* session);

/// Whether a step of this interface may have changed what is cached.
bool changes_hardware_cache(std::string_view interface);

}  // namespace ferrite::conductor
