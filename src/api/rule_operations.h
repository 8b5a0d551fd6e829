#pragma once

#include "base/json.h"
#include "model/json_text.h"

/// Checks of what an inspection rule consists of (reference: api.md section 21).
namespace ferrite::api {

/// The list as it is kept: op, args, and loop and multiple where they mean something. Throws
/// InvalidValue that names the element and what is wrong with it.
model::JsonText kept_actions(const JsonArray& actions);
model::JsonText kept_conditions(const JsonArray& conditions);

}  // namespace ferrite::api
