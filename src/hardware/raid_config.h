#pragma once

#include <map>
#include <string>

#include "base/json.h"

/// What a node's target_raid_config may say (reference: api.md section 10.11).
namespace ferrite::hardware {

/// Throws InvalidValue that names the logical disk and the member that are wrong.
void check_raid_config(const JsonObject& config);

/// The members of a logical disk, and what they mean.
std::map<std::string, std::string> logical_disk_properties();

}  // namespace ferrite::hardware
