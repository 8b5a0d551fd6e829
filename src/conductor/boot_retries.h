#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// A machine that waits for its ramdisk and never came up is switched off and on again, to boot
/// from the network anew (`[pxe]boot_retry_timeout`; reference: conductor.md section 3): firmware
/// now and then misses its first chance.

/// How long the node, which waits, still has to boot; nothing when it is never retried.
std::optional<std::chrono::seconds> boot_left(const Options& options, const model::Node& node);

/// Boots the machine anew when its time has passed. Returns after how long to look again; zero: not
/// any more.
Task<std::chrono::seconds> retry_boot(Services* services, std::string uuid);

}  // namespace ferrite::conductor
