#include "model/notification_payloads.h"

#include <type_traits>
#include <utility>

#include "base/time.h"
#include "model/mask.h"
#include "model/node_secrets.h"

namespace ferrite::model {
namespace {

std::span<const Field<Allocation>> fields_of(const Allocation&) {
    return allocation_fields();
}
std::span<const Field<Chassis>> fields_of(const Chassis&) {
    return chassis_fields();
}
std::span<const Field<DeployTemplate>> fields_of(const DeployTemplate&) {
    return deploy_template_fields();
}
std::span<const Field<InspectionRule>> fields_of(const InspectionRule&) {
    return inspection_rule_fields();
}
std::span<const Field<Node>> fields_of(const Node&) {
    return node_fields();
}
std::span<const Field<Port>> fields_of(const Port&) {
    return port_fields();
}
std::span<const Field<Portgroup>> fields_of(const Portgroup&) {
    return portgroup_fields();
}
std::span<const Field<Runbook>> fields_of(const Runbook&) {
    return runbook_fields();
}
std::span<const Field<VolumeConnector>> fields_of(const VolumeConnector&) {
    return volume_connector_fields();
}
std::span<const Field<VolumeTarget>> fields_of(const VolumeTarget&) {
    return volume_target_fields();
}

Json empty_of(FieldType type) {
    return type == FieldType::list ? Json(JsonArray()) : Json(JsonObject());
}

/// Secrets are told nobody, whoever may read them in the API.
Json masked_document(const JsonText& document) {
    std::string text;
    append_masked(text, document.text(), kSecretNodeNames);
    return JsonText(std::move(text)).value();
}

template <class R>
Json value_of(const Field<R>& field, const R& resource) {
    return std::visit(
        [&](auto member) -> Json {
            if constexpr (std::is_same_v<decltype(member), std::monostate>) {
                return {};
            } else {
                const auto& value = resource.*member;
                using Value = std::remove_cvref_t<decltype(value)>;
                if constexpr (std::is_same_v<Value, JsonText>) {
                    return value.absent() ? empty_of(field.type) : masked_document(value);
                } else if constexpr (std::is_same_v<Value, std::optional<Timestamp>>) {
                    return value ? Json(ferrite::to_text(*value)) : Json();
                } else if constexpr (requires { value.has_value(); }) {
                    return value ? Json(*value) : Json();
                } else {
                    return Json(value);
                }
            }
        },
        field.member);
}

std::vector<std::string_view> node_names(std::initializer_list<std::string_view> more = {}) {
    std::vector<std::string_view> names = {"clean_step",
                                           "conductor_group",
                                           "console_enabled",
                                           "created_at",
                                           "deploy_step",
                                           "description",
                                           "disable_power_off",
                                           "driver",
                                           "extra",
                                           "boot_mode",
                                           "secure_boot",
                                           "inspection_finished_at",
                                           "inspection_started_at",
                                           "instance_uuid",
                                           "last_error",
                                           "maintenance",
                                           "maintenance_reason",
                                           "fault",
                                           "bios_interface",
                                           "boot_interface",
                                           "console_interface",
                                           "deploy_interface",
                                           "inspect_interface",
                                           "management_interface",
                                           "network_interface",
                                           "power_interface",
                                           "raid_interface",
                                           "rescue_interface",
                                           "storage_interface",
                                           "vendor_interface",
                                           "name",
                                           "owner",
                                           "lessee",
                                           "power_state",
                                           "properties",
                                           "protected",
                                           "protected_reason",
                                           "provision_state",
                                           "provision_updated_at",
                                           "resource_class",
                                           "retired",
                                           "retired_reason",
                                           "target_power_state",
                                           "target_provision_state",
                                           "traits",
                                           "updated_at",
                                           "uuid"};
    names.insert(names.end(), more);
    return names;
}

}  // namespace

const PayloadSchema& node_payload() {
    static const PayloadSchema schema{"node", "NodePayload", "1.17", node_names()};
    return schema;
}

const PayloadSchema& node_power_payload() {
    static const PayloadSchema schema{"node", "NodeSetPowerStatePayload", "1.17", node_names()};
    return schema;
}

const PayloadSchema& node_corrected_payload() {
    static const PayloadSchema schema{"node", "NodeCorrectedPowerStatePayload", "1.17",
                                      node_names()};
    return schema;
}

const PayloadSchema& node_provision_payload() {
    static const PayloadSchema schema{"node", "NodeSetProvisionStatePayload", "1.18",
                                      node_names({"instance_info", "driver_internal_info"})};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Node>() {
    static const PayloadSchema schema{"node", "NodeCRUDPayload", "1.15",
                                      node_names({"chassis_uuid", "instance_info", "driver_info"})};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Port>() {
    static const PayloadSchema schema{
        "port",
        "PortCRUDPayload",
        "1.8",
        {"address", "extra", "local_link_connection", "pxe_enabled", "node_uuid", "portgroup_uuid",
         "physical_network", "created_at", "updated_at", "uuid", "is_smartnic", "name",
         "description", "vendor", "category", "available_for_dynamic_portgroup"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Portgroup>() {
    static const PayloadSchema schema{
        "portgroup",
        "PortgroupCRUDPayload",
        "1.3",
        {"address", "category", "extra", "mode", "name", "node_uuid", "physical_network",
         "properties", "standalone_ports_supported", "created_at", "updated_at", "uuid",
         "dynamic_portgroup"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Chassis>() {
    static const PayloadSchema schema{"chassis",
                                      "ChassisCRUDPayload",
                                      "1.0",
                                      {"description", "extra", "created_at", "updated_at", "uuid"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<VolumeConnector>() {
    static const PayloadSchema schema{
        "volumeconnector",
        "VolumeConnectorCRUDPayload",
        "1.0",
        {"extra", "type", "connector_id", "node_uuid", "created_at", "updated_at", "uuid"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<VolumeTarget>() {
    static const PayloadSchema schema{
        "volumetarget",
        "VolumeTargetCRUDPayload",
        "1.0",
        {"boot_index", "extra", "node_uuid", "properties", "volume_id", "volume_type", "created_at",
         "updated_at", "uuid"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Allocation>() {
    static const PayloadSchema schema{
        "allocation",
        "AllocationCRUDPayload",
        "1.1",
        {"uuid", "name", "node_uuid", "state", "last_error", "owner", "resource_class", "traits",
         "candidate_nodes", "extra", "created_at", "updated_at"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<DeployTemplate>() {
    static const PayloadSchema schema{
        "deploytemplate",
        "DeployTemplateCRUDPayload",
        "1.0",
        {"created_at", "extra", "name", "steps", "updated_at", "uuid"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<Runbook>() {
    static const PayloadSchema schema{
        "runbook",
        "RunbookCRUDPayload",
        "1.1",
        {"created_at", "description", "disable_ramdisk", "extra", "name", "owner", "public",
         "steps", "traits", "updated_at", "uuid"}};
    return schema;
}

template <>
const PayloadSchema& crud_payload<InspectionRule>() {
    static const PayloadSchema schema{"inspectionrule",
                                      "InspectionRuleCRUDPayload",
                                      "1.0",
                                      {"created_at", "description", "phase", "priority", "scope",
                                       "sensitive", "actions", "conditions", "updated_at", "uuid"}};
    return schema;
}

template <class R>
JsonObject payload_of(const PayloadSchema& schema, const R& resource, JsonObject more) {
    JsonObject data = std::move(more);
    for (auto name : schema.fields) {
        const auto* field = find_field(fields_of(resource), name);
        data[name] = field ? value_of(*field, resource) : Json();
    }
    if constexpr (std::is_same_v<R, InspectionRule>) {
        // As in the API, what a sensitive rule looks for and does is shown nobody.
        if (resource.sensitive) data["actions"] = data["conditions"] = Json();
    }
    return JsonObject{{"ironic_object.namespace", "ironic"},
                      {"ironic_object.name", schema.name},
                      {"ironic_object.version", schema.version},
                      {"ironic_object.data", std::move(data)}};
}

template JsonObject payload_of(const PayloadSchema&, const Allocation&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const Chassis&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const DeployTemplate&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const InspectionRule&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const Node&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const Port&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const Portgroup&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const Runbook&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const VolumeConnector&, JsonObject);
template JsonObject payload_of(const PayloadSchema&, const VolumeTarget&, JsonObject);

}  // namespace ferrite::model
