#pragma once

#include <string_view>

#include "api/call.h"
#include "model/runbook.h"

namespace ferrite::api {

/// The runbook that a path or an argument names, by UUID or name. Throws NotFound, InvalidValue for
/// what is neither, and a 403 unless the caller may see it and satisfies `rule` on it. What is
/// public may be seen and used by everybody.
model::Runbook find_runbook(const Call& call, std::string_view ident, std::string_view rule);

}  // namespace ferrite::api
