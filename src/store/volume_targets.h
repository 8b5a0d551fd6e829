#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/volume.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Volume targets in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::volume_targets {

/// Throws Conflict for a UUID or a boot index that another target of the node has.
void insert(Sql& db, model::VolumeTarget& target);

std::optional<model::VolumeTarget> find(Sql& db, std::string_view uuid);
model::VolumeTarget get(Sql& db, std::string_view uuid);  ///< The same; throws NotFound.
std::vector<model::VolumeTarget> of_node(Sql& db, std::string_view node_uuid);

/// Writes what differs from `before`; false when nothing does. Throws Conflict like insert().
bool save(Sql& db, const model::VolumeTarget& before, model::VolumeTarget& target);
void remove(Sql& db, const model::VolumeTarget& target);
/// All targets of a node, whose instance is gone.
void remove_of_node(Sql& db, std::string_view node_uuid);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::VolumeTarget>* const> fields,
                  const std::function<void(const model::VolumeTarget&)>& each);

}  // namespace ferrite::store::volume_targets
