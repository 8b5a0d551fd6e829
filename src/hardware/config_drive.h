#pragma once

#include <string>

#include "model/node.h"

namespace ferrite::hardware {

/// The node's config drive as the agent takes it: a URL as it is, or base64 of the gzipped ISO,
/// made here when instance_info has its parts (reference: conductor.md section 8.7). Empty when the
/// node has none. Throws InvalidValue for parts that are no config drive. Takes milliseconds.
std::string config_drive_for_agent(const model::Node& node);

}  // namespace ferrite::hardware
