#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "model/node.h"
#include "model/node_history.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Node history in the database; inside `Store::read` or `Store::write`.
namespace ferrite::store::history {

/// Stores an event of `node` and drops the oldest beyond `keep` rows of that node.
void add(Sql& db, const model::Node& node, std::string_view conductor, std::string_view severity,
         std::string_view event_type, std::string_view event, std::int64_t keep);

std::optional<model::NodeHistory> find(Sql& db, std::string_view uuid);
std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::NodeHistory>* const> fields,
                  const std::function<void(const model::NodeHistory&)>& each);

}  // namespace ferrite::store::history
