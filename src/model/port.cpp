#include "model/port.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Port> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Port::uuid, since(1, 1), brief, on_create, unique),
    field("created_at", timestamp, &Port::created_at, since(1, 1)),
    field("updated_at", timestamp, &Port::updated_at, since(1, 1)),
    field("address", text, &Port::address, since(1, 1), brief, always, required, unique),
    field("node_uuid", uuid, &Port::node_uuid, since(1, 1), always, not_null, indexed, unsortable),
    field("extra", object, &Port::extra, since(1, 1), always),
    field("internal_info", object, &Port::internal_info, since(1, 18)),
    field("local_link_connection", object, &Port::local_link_connection, since(1, 19), always),
    field("pxe_enabled", boolean, &Port::pxe_enabled, since(1, 19), always),
    field("portgroup_uuid", uuid, &Port::portgroup_uuid, since(1, 24), always, indexed, unsortable),
    field("physical_network", text, &Port::physical_network, since(1, 34), always, at_most(64)),
    field("is_smartnic", boolean, &Port::is_smartnic, since(1, 53), always),
    field("name", text, &Port::name, since(1, 88), always, unique, at_most(255)),
    field("description", text, &Port::description, since(1, 97), always, at_most(255)),
    field("vendor", text, &Port::vendor, since(1, 100), always, at_most(32)),
    field("category", text, &Port::category, since(1, 101), always, at_most(80)),
    field("available_for_dynamic_portgroup", boolean, &Port::available_for_dynamic_portgroup,
          since(1, 111), always),
    computed<Port>("links", list, since(1, 1), brief),
    // clang-format on
};

}  // namespace

std::span<const Field<Port>> port_fields() {
    return kFields;
}

std::optional<std::string> normalised_mac(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    std::string mac;
    mac.reserve(17);
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (i % 3 == 2 ? c != ':' : !hex) return std::nullopt;
        mac += c;
    }
    return mac;
}

}  // namespace ferrite::model
