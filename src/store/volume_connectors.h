#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/volume.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Volume connectors in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::volume_connectors {

/// Throws Conflict for a UUID or a type and identifier that another connector has.
void insert(Sql& db, model::VolumeConnector& connector);

std::optional<model::VolumeConnector> find(Sql& db, std::string_view uuid);
model::VolumeConnector get(Sql& db, std::string_view uuid);  ///< The same; throws NotFound.
std::vector<model::VolumeConnector> of_node(Sql& db, std::string_view node_uuid);

/// Writes what differs from `before`; false when nothing does. Throws Conflict like insert().
bool save(Sql& db, const model::VolumeConnector& before, model::VolumeConnector& connector);
void remove(Sql& db, const model::VolumeConnector& connector);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::VolumeConnector>* const> fields,
                  const std::function<void(const model::VolumeConnector&)>& each);

}  // namespace ferrite::store::volume_connectors
