#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "model/inspection_rule.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Inspection rules in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::inspection_rules {

void insert(Sql& db, model::InspectionRule& rule);  ///< Throws Conflict for what is taken.
/// By UUID.
std::optional<model::InspectionRule> find(Sql& db, std::string_view ident);
model::InspectionRule get(Sql& db, std::string_view ident);  ///< The same; throws NotFound.
/// False when nothing differs.
bool save(Sql& db, const model::InspectionRule& before, model::InspectionRule& rule);
void remove(Sql& db, const model::InspectionRule& rule);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::InspectionRule>* const> fields,
                  const std::function<void(const model::InspectionRule&)>& each);

}  // namespace ferrite::store::inspection_rules
