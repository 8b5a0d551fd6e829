#pragma once

#include <string>

#include "conductor/client.h"
#include "conductor/node_session.h"

/// Methods of a node's vendor interface, which users call as they are (reference: conductor.md
/// section 14.5).
namespace ferrite::conductor {

/// The methods as the API lists them.
JsonObject describe_vendor_methods(const NodeSession& session);

/// Throws InvalidValue for an unknown method, another HTTP method than its own, and arguments that
/// it can not take. Returns when the method has answered, or when it is begun.
Task<VendorReply> call_vendor(Services* services, std::string uuid, VendorCall call);

}  // namespace ferrite::conductor
