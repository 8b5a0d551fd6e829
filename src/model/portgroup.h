#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// Ports of a node that work as one, a bond (reference: api.md section 13).
struct Portgroup {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::optional<std::string> address;  ///< MAC, lower case with colons.
    std::optional<std::string> name;
    std::string node_uuid;
    JsonText extra;
    JsonText internal_info;
    bool standalone_ports_supported = true;
    std::optional<std::string> mode;  ///< Of the bond, as the operating system names it.
    JsonText properties;
    std::optional<std::string> physical_network;
    std::optional<std::string> category;
    bool dynamic_portgroup = false;
};

std::span<const Field<Portgroup>> portgroup_fields();

}  // namespace ferrite::model
