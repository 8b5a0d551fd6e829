#pragma once

#include "api/resource.h"
#include "model/port.h"

namespace ferrite::api {

/// Ports as the API shows them (reference: api.md section 12).
const Resource<model::Port>& port_resource();

/// The port that the request's path names, by UUID, or by name where ports have names. Throws
/// InvalidValue for what is neither, NotFound for what is unknown.
model::Port find_port(const Call& call, std::string_view ident);

/// Checks and puts in order a local_link_connection that a client sent (section 12.3). Throws
/// InvalidValue, or a 406 for keys that the version does not have.
Json checked_local_link(const Call& call, const Json& sent);

}  // namespace ferrite::api
