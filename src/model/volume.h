#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/field.h"

/// What a node needs to use volumes of a storage service (reference: api.md section 15).
namespace ferrite::model {

/// By what a storage service knows the node: an initiator's name, a port's address, ...
struct VolumeConnector {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string node_uuid;
    std::string type;  ///< "iqn", "ip", "mac", "wwnn", "wwpn", ...
    std::string connector_id;
    JsonText extra;
};

/// A volume of a node.
struct VolumeTarget {
    std::int64_t id = 0;
    std::string uuid;
    std::optional<Timestamp> created_at;
    std::optional<Timestamp> updated_at;
    std::string node_uuid;
    std::string volume_type;      ///< "iscsi", "fibre_channel", ...
    std::string volume_id;        ///< What the storage service calls it.
    std::int64_t boot_index = 0;  ///< 0: the volume that the node boots from.
    JsonText properties;          ///< How to reach it, with passwords.
    JsonText extra;
};

std::span<const Field<VolumeConnector>> volume_connector_fields();
std::span<const Field<VolumeTarget>> volume_target_fields();

}  // namespace ferrite::model
