#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// After how long the node will have been silent for too long in the wait state it is in, at least
/// zero; nothing when it may be for ever, or waits for nothing (reference: conductor.md section 3).
std::optional<std::chrono::seconds> wait_left(const Options& options, const model::Node& node);

/// Looks at a node whose time is up: fails it when it has been silent for too long, else returns
/// after how long to look again. Zero: no more.
Task<std::chrono::seconds> check_wait_timeout(Services* services, std::string uuid);

}  // namespace ferrite::conductor
