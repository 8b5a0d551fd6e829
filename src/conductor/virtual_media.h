#pragma once

#include <string>
#include <vector>

#include "conductor/client.h"
#include "conductor/services.h"

/// Images that a node's BMC shows to it (reference: api.md section 11.12). Both return when the
/// work is begun; what becomes of it is told in last_error. They throw InvalidValue when the
/// node's management interface has no virtual media.
namespace ferrite::conductor {

Task<> attach_virtual_media(Services* services, std::string uuid, VirtualMediaImage image);
Task<> detach_virtual_media(Services* services, std::string uuid,
                            std::vector<std::string> device_types);

}  // namespace ferrite::conductor
