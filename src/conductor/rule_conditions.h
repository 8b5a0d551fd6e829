#pragma once

#include "base/json.h"

namespace ferrite::conductor {

/// Whether a condition of an inspection rule holds (reference: conductor.md section 10.4). `scope`
/// is what placeholders stand for. Throws InvalidValue for arguments that make no sense.
bool condition_holds(const Json& condition, const JsonObject& scope);

/// The arguments of a condition or action by name, whether they were given so or in a list.
JsonObject arguments_by_name(const Json& args, std::string_view names);

}  // namespace ferrite::conductor
