#pragma once

#include "api/resource.h"
#include "model/portgroup.h"

namespace ferrite::api {

/// The portgroup that the request's path names, by UUID or name. Throws InvalidValue for what is
/// neither, NotFound for what is unknown.
model::Portgroup find_portgroup(const Call& call, std::string_view ident);

}  // namespace ferrite::api
