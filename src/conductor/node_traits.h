#pragma once

#include <string>

#include "conductor/client.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// Changes the traits of a node under its lock (reference: api.md section 11.6). Throws
/// InvalidValue for more than a node may have, and NotFound when one that is to be removed is not
/// there.
Task<> change_traits(Services* services, std::string uuid, TraitChange change);

}  // namespace ferrite::conductor
