#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "model/chassis.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Chassis in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::chassis {

void insert(Sql& db, model::Chassis& chassis);  ///< Throws Conflict for a UUID that is taken.
std::optional<model::Chassis> find(Sql& db, std::string_view uuid);
model::Chassis get(Sql& db, std::string_view uuid);  ///< The same; throws NotFound.
void keep(Sql& db, std::string_view uuid);           ///< See nodes::keep().
bool save(Sql& db, const model::Chassis& before, model::Chassis& chassis);
/// Throws InvalidValue while it has nodes.
void remove(Sql& db, const model::Chassis& chassis);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Chassis>* const> fields,
                  const std::function<void(const model::Chassis&)>& each);

}  // namespace ferrite::store::chassis
