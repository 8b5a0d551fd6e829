#pragma once

#include <string>

#include "conductor/client.h"
#include "conductor/services.h"

/// Virtual network interfaces of a node, which its network interface attaches under the node's lock
/// (reference: api.md section 11.5). Both throw what that throws.
namespace ferrite::conductor {

Task<> attach_vif(Services* services, std::string uuid, JsonObject vif);
Task<> detach_vif(Services* services, std::string uuid, std::string vif_id);

}  // namespace ferrite::conductor
