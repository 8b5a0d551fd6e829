#pragma once

#include "api/call.h"
#include "base/json.h"

namespace ferrite::api {

/// Reads the argument `configdrive` of a provision request (reference: api.md section 10.2): null,
/// an object, or text that is a URL or base64. Empty ones become null. Throws InvalidValue for
/// another kind of value.
Json read_config_drive(const Json& value);

/// Throws InvalidValue unless `target` takes a config drive of this form at the call's version.
void check_config_drive(const Call& call, std::string_view target, const Json& drive);

}  // namespace ferrite::api
