#pragma once

#include <optional>
#include <string>

#include "base/task.h"

namespace ferrite::conductor {

/// Awaits `body` and returns in words what it threw; nothing when it ended well. For work on
/// hardware, whose failure is an ordinary turn of events and leaves the node in a failed state.
Task<std::optional<std::string>> failure_of(Task<> body);

}  // namespace ferrite::conductor
