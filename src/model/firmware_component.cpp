#include "model/firmware_component.h"

namespace ferrite::model {
namespace {

using enum FieldType;
using Firmware = FirmwareComponent;

constexpr Field<Firmware> kFields[] = {
    // clang-format off
    field("node_uuid", uuid, &Firmware::node_uuid, since(1, 86), hidden, indexed),
    field("created_at", timestamp, &Firmware::created_at, since(1, 86), brief),
    field("updated_at", timestamp, &Firmware::updated_at, since(1, 86), brief),
    field("component", text, &Firmware::component, since(1, 86), brief),
    field("initial_version", text, &Firmware::initial_version, since(1, 86), brief),
    field("current_version", text, &Firmware::current_version, since(1, 86), brief),
    field("last_version_flashed", text, &Firmware::last_version_flashed, since(1, 86), brief),
    field("vendor", text, &Firmware::vendor, since(1, 114), brief),
    field("model", text, &Firmware::model, since(1, 114), brief),
    field("serial_number", text, &Firmware::serial_number, since(1, 114), brief),
    // clang-format on
};

}  // namespace

std::span<const Field<Firmware>> firmware_component_fields() {
    return kFields;
}

}  // namespace ferrite::model
