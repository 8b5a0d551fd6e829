#include "model/portgroup.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<Portgroup> kFields[] = {
    // clang-format off
    field("uuid", uuid, &Portgroup::uuid, since(1, 23), brief, on_create, unique),
    field("created_at", timestamp, &Portgroup::created_at, since(1, 23)),
    field("updated_at", timestamp, &Portgroup::updated_at, since(1, 23)),
    field("address", text, &Portgroup::address, since(1, 23), brief, always, unique),
    field("name", text, &Portgroup::name, since(1, 23), brief, always, unique, at_most(255)),
    field("node_uuid", uuid, &Portgroup::node_uuid, since(1, 23), always, required, indexed, unsortable),
    field("extra", object, &Portgroup::extra, since(1, 23), always),
    field("internal_info", object, &Portgroup::internal_info, since(1, 23)),
    field("standalone_ports_supported", boolean, &Portgroup::standalone_ports_supported, since(1, 23), always),
    field("mode", text, &Portgroup::mode, since(1, 26), always, at_most(255)),
    field("properties", object, &Portgroup::properties, since(1, 26), always),
    field("physical_network", text, &Portgroup::physical_network, since(1, 102), always, at_most(64)),
    field("category", text, &Portgroup::category, since(1, 103), always, at_most(80)),
    field("dynamic_portgroup", boolean, &Portgroup::dynamic_portgroup, since(1, 111)),
    computed<Portgroup>("links", list, since(1, 23), brief),
    computed<Portgroup>("ports", list, since(1, 23)),
    // clang-format on
};

}  // namespace

std::span<const Field<Portgroup>> portgroup_fields() {
    return kFields;
}

}  // namespace ferrite::model
