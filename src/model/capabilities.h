#pragma once

#include <map>
#include <string>
#include <string_view>

#include "model/node.h"

namespace ferrite::model {

/// The `capabilities` of a properties or instance_info document: an object, its JSON text, or
/// "key:value,key:value". What cannot be read counts as absent; values that are no text are JSON.
std::map<std::string, std::string, std::less<>> capabilities(const JsonText& document);

/// "bios" or "uefi", in lower case: what the instance asks for, else what the machine is said to
/// have, else what the last deploy used, else `fallback` (reference: conductor.md section 12.3).
std::string boot_mode_of(const Node& node, std::string_view fallback);

}  // namespace ferrite::model
