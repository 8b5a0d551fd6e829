#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "conductor/services.h"
#include "model/node.h"
#include "model/port.h"

namespace ferrite::conductor {

/// A node while what its inspection found is worked into it, and what becomes of its ports.
struct Inspected {
    model::Node& node;
    std::vector<model::Port> ports;  ///< That it has; changed ones are stored.
    JsonObject& inventory;
    JsonObject& plugin_data;
    std::vector<model::Port> new_ports;
    std::vector<model::Port> lost_ports;
};

/// Runs the hooks that `options` name (reference: conductor.md section 10.3): first what prepares
/// the data, then what takes it over. Throws Error when the inspection has failed.
void run_inspection_hooks(const InspectionOptions& options, Inspected& inspected);

/// Whether there is a hook of that name.
bool is_inspection_hook(std::string_view name);

}  // namespace ferrite::conductor
