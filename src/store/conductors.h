#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/conductor.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Conductors in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::conductors {

/// Adds the row of this conductor or brings it up to date: online, heard of now.
void enter(Sql& db, std::string_view hostname, std::string_view group,
           const std::vector<std::string>& drivers);
void heartbeat(Sql& db, std::string_view hostname);
void leave(Sql& db, std::string_view hostname);  ///< Offline from now on; the row stays.

std::optional<model::Conductor> find(Sql& db, std::string_view hostname);
std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::Conductor>* const> fields,
                  const std::function<void(const model::Conductor&)>& each);

}  // namespace ferrite::store::conductors
