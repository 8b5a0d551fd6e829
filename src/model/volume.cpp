#include "model/volume.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<VolumeConnector> kConnectorFields[] = {
    // clang-format off
    field("uuid", uuid, &VolumeConnector::uuid, since(1, 32), brief, on_create, unique),
    field("created_at", timestamp, &VolumeConnector::created_at, since(1, 32)),
    field("updated_at", timestamp, &VolumeConnector::updated_at, since(1, 32)),
    field("node_uuid", uuid, &VolumeConnector::node_uuid, since(1, 32), brief, always, required, indexed, unsortable),
    field("type", text, &VolumeConnector::type, since(1, 32), brief, always, required, at_most(32)),
    field("connector_id", text, &VolumeConnector::connector_id, since(1, 32), brief, always, required, at_most(255)),
    field("extra", object, &VolumeConnector::extra, since(1, 32), always),
    computed<VolumeConnector>("links", list, since(1, 32), brief),
    // clang-format on
};

constexpr Field<VolumeTarget> kTargetFields[] = {
    // clang-format off
    field("uuid", uuid, &VolumeTarget::uuid, since(1, 32), brief, on_create, unique),
    field("created_at", timestamp, &VolumeTarget::created_at, since(1, 32)),
    field("updated_at", timestamp, &VolumeTarget::updated_at, since(1, 32)),
    field("node_uuid", uuid, &VolumeTarget::node_uuid, since(1, 32), brief, always, required, indexed, unsortable),
    field("volume_type", text, &VolumeTarget::volume_type, since(1, 32), brief, always, required, at_most(64)),
    field("volume_id", text, &VolumeTarget::volume_id, since(1, 32), brief, always, required, at_most(36)),
    field("boot_index", integer, &VolumeTarget::boot_index, since(1, 32), brief, always, required),
    field("properties", object, &VolumeTarget::properties, since(1, 32), always, masked),
    field("extra", object, &VolumeTarget::extra, since(1, 32), always),
    computed<VolumeTarget>("links", list, since(1, 32), brief),
    // clang-format on
};

}  // namespace

std::span<const Field<VolumeConnector>> volume_connector_fields() {
    return kConnectorFields;
}

std::span<const Field<VolumeTarget>> volume_target_fields() {
    return kTargetFields;
}

}  // namespace ferrite::model
