#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ferrite::store {

/// A parameter of a condition.
using Value = std::variant<std::int64_t, std::string>;

/// One thing that rows must satisfy: SQL of ours (never text of a client, see dialect.h) with a `?`
/// per value.
struct Condition {
    std::string sql;
    std::vector<Value> values;
};

/// Which rows, in what order, and how many: the store's side of a list request (api.md section 6).
struct PageQuery {
    std::vector<Condition> where;
    std::string sort_key = "id";
    bool descending = false;
    std::optional<std::string> marker;  ///< Key of the last row already seen (UUID, host name).
    std::int64_t limit = 1000;          ///< Negative: all.
};

}  // namespace ferrite::store
