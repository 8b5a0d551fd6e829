#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/machine_files.h"
#include "base/json.h"

namespace ferrite::agent {

/// What an operator wants to see after a failed deployment: a tar.gz in base64 with the agent's own
/// log (`journal`), the kernel's (`dmesg`), mounts, partitions, arrays, the kernel command line
/// without its token, and the inventory. What cannot be read is left out. Blocking, milliseconds.
std::string collect_system_logs(const MachineFiles& machine,
                                const std::vector<std::filesystem::path>& log_files,
                                const JsonObject& inventory);

/// A kernel command line with the value of `ipa-agent-token` replaced.
std::string without_token(std::string_view command_line);

}  // namespace ferrite::agent
