#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "model/runbook.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Runbooks in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::runbooks {

void insert(Sql& db, model::Runbook& runbook);  ///< Throws Conflict for what is taken.
/// By UUID or name.
std::optional<model::Runbook> find(Sql& db, std::string_view ident);
model::Runbook get(Sql& db, std::string_view ident);  ///< The same; throws NotFound.
/// False when nothing differs.
bool save(Sql& db, const model::Runbook& before, model::Runbook& runbook);
void remove(Sql& db, const model::Runbook& runbook);

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Runbook>* const> fields,
                  const std::function<void(const model::Runbook&)>& each);

}  // namespace ferrite::store::runbooks
