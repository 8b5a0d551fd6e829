#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

namespace ferrite::model {

/// A network interface of a node (reference: api.md section 12.1).
struct Port {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string address;  ///< MAC, lower case with colons.
    std::string node_uuid;
    JsonText extra;
    JsonText internal_info;
    JsonText local_link_connection;
    bool pxe_enabled = true;
    std::optional<std::string> portgroup_uuid;
    std::optional<std::string> physical_network;
    bool is_smartnic = false;
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> vendor;
    std::optional<std::string> category;
    bool available_for_dynamic_portgroup = true;
};

std::span<const Field<Port>> port_fields();

/// `text` as six lower-case hex pairs with colons; nothing when it is no MAC address.
std::optional<std::string> normalised_mac(std::string_view text);

}  // namespace ferrite::model
