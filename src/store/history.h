#pragma once

#include <chrono>
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

struct Event {
    std::string_view conductor;
    std::string_view severity;  ///< "ERROR" or "INFO".
    std::string_view type;
    std::string_view text;           ///< What is longer than 65,535 bytes loses its middle.
    std::string_view user, project;  ///< Who asked for it; may be empty.
};

/// How much of a node's history stays. The rest is removed as events are added, not by a sweep.
struct Retention {
    std::int64_t entries = 300;
    std::int64_t most_at_once = 1000;  ///< Removed with one event; 0: none.
    std::chrono::days minimum{0};      ///< Nothing younger is removed.
};

/// Stores an event of `node` and drops its oldest ones beyond what is to stay.
void add(Sql& db, const model::Node& node, const Event& event, const Retention& retention);

std::optional<model::NodeHistory> find(Sql& db, std::string_view uuid);
std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<model::NodeHistory>* const> fields,
                  const std::function<void(const model::NodeHistory&)>& each);

}  // namespace ferrite::store::history
