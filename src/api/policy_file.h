#pragma once

#include <string>
#include <vector>

#include "api/policy_rules.h"

namespace ferrite::api {

/// Reads the text of a policy file: a YAML (or JSON) mapping of rule names to checks.
///
///     "baremetal:node:update": "role:admin or rule:night_shift"
///     "night_shift": "role:operator and project_id:%(node.owner)s"
///
/// The old form of a check, a list of lists of which all inner checks of one must hold, is read as
/// well. `file` is only named. Throws InvalidValue that names file and line.
std::vector<PolicyOverride> parse_policy_file(const std::string& text, const std::string& file);

}  // namespace ferrite::api
