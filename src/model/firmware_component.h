#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// A part of a node that has firmware of its own, as its firmware interface last read it
/// (reference: api.md section 11.8). Its component is unique within the node.
struct FirmwareComponent {
    std::int64_t id = 0;
    std::string node_uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string component;        ///< "bios", "bmc" or "nic:<id>".
    std::string initial_version;  ///< When the component was first seen.
    std::optional<std::string> current_version;
    std::optional<std::string> last_version_flashed;  ///< Absent until the version changes.
    std::optional<std::string> vendor;
    std::optional<std::string> model;
    std::optional<std::string> serial_number;
};

std::span<const Field<FirmwareComponent>> firmware_component_fields();

}  // namespace ferrite::model
