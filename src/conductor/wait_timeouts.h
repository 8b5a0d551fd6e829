#pragma once

#include <chrono>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// How long a node may stay silent in the wait state it is in; zero: for ever, or it waits for
/// nothing (reference: conductor.md section 3).
std::chrono::seconds wait_limit(const Options& options, const model::Node& node);

/// Looks at a node whose time is up: fails it when it has been silent for too long, else returns
/// after how long to look again. Zero: no more.
Task<std::chrono::seconds> check_wait_timeout(Services* services, std::string uuid);

}  // namespace ferrite::conductor
