#include "store/volume_connectors.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::volume_connectors {
namespace {

using model::VolumeConnector;

std::string taken(const VolumeConnector& connector, std::string_view column) {
    if (column == "volume_connectors.uuid")
        return fmt::format("A volume connector with UUID {} already exists.", connector.uuid);
    return fmt::format("A volume connector with type {} and connector ID {} already exists.",
                       connector.type, connector.connector_id);
}

}  // namespace

void insert(Sql& db, VolumeConnector& connector) {
    connector.created_at = now_seconds();
    unless_taken([&] { insert_row(db, volume_connector_table(), connector); },
                 [&](std::string_view column) { return taken(connector, column); });
}

std::optional<VolumeConnector> find(Sql& db, std::string_view uuid) {
    auto normal = normalised_uuid(uuid);
    if (!normal) return std::nullopt;
    return find_row(db, volume_connector_table(), "uuid", *normal);
}

VolumeConnector get(Sql& db, std::string_view uuid) {
    if (auto connector = find(db, uuid)) return std::move(*connector);
    throw NotFound(fmt::format("Volume connector {} could not be found.", uuid));
}

std::vector<VolumeConnector> of_node(Sql& db, std::string_view node_uuid) {
    return find_rows(db, volume_connector_table(), {"node_uuid = ?", {std::string(node_uuid)}});
}

bool save(Sql& db, const VolumeConnector& before, VolumeConnector& connector) {
    return unless_taken([&] { return save_row(db, volume_connector_table(), before, connector); },
                        [&](std::string_view column) { return taken(connector, column); });
}

void remove(Sql& db, const VolumeConnector& connector) {
    delete_row(db, volume_connector_table(), connector);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<VolumeConnector>* const> fields,
                  const std::function<void(const VolumeConnector&)>& each) {
    return read_page<VolumeConnector>(db, volume_connector_table(), query, fields, each);
}

}  // namespace ferrite::store::volume_connectors
