#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/portgroup.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Portgroups in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::portgroups {

/// Throws Conflict that names the address, UUID or name that another portgroup has.
void insert(Sql& db, model::Portgroup& group);

/// By UUID when `ident` reads as one, else by name.
std::optional<model::Portgroup> find(Sql& db, std::string_view ident);
model::Portgroup get(Sql& db, std::string_view ident);  ///< The same; throws NotFound.
void keep(Sql& db, std::string_view uuid);              ///< See nodes::keep().
std::vector<model::Portgroup> of_node(Sql& db, std::string_view node_uuid);

/// Writes what differs from `before`; false when nothing does. Throws Conflict like insert().
bool save(Sql& db, const model::Portgroup& before, model::Portgroup& group);
/// Throws InvalidValue while it has ports.
void remove(Sql& db, const model::Portgroup& group);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Portgroup>* const> fields,
                  const std::function<void(const model::Portgroup&)>& each);

}  // namespace ferrite::store::portgroups
