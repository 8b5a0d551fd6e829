#pragma once

#include <span>
#include <string_view>

#include "model/node.h"

namespace ferrite::model {

/// Throws InvalidValue when one of the sizes `names` in the node's properties is there and is no
/// whole number of 0 or more, nor text that reads as one (reference: api.md section 8.1).
void check_sizes(const Node& node, std::span<const std::string_view> names);

}  // namespace ferrite::model
