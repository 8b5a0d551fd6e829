#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.h"
#include "store/page_query.h"
#include "store/sql.h"

namespace ferrite::store {

/// A table whose columns are the stored rows of a field table, plus `id`.
///
/// The functions are templates over the resource and are instantiated in its own repository file
/// only (`nodes.cpp`, `ports.cpp`, ...), which is what the rest of the house uses.
template <class R>
struct Table {
    std::string_view name;
    std::span<const model::Field<R>> fields;
    std::string_view key = "uuid";  ///< The column that markers and look-ups name.
    /// Two columns of which no two rows have the same pair; empty: there are none.
    std::array<std::string_view, 2> unique_pair = {};
};

/// Statements that a database still needs, in the order in which they have to run.
using Plan = std::vector<std::string>;

/// Adds to `plan` what makes the table and its indices when they are missing, and the columns that
/// a newer version of the field table has; rows that are there get the initial value of the member.
template <class R>
void plan_table(Sql& db, const Table<R>& table, Plan& plan);

/// Stores a new row and sets its id. Throws Error "duplicate".
template <class R>
void insert_row(Sql& db, const Table<R>& table, R& row);

/// The row whose `column` is `value`.
template <class R>
std::optional<R> find_row(Sql& db, const Table<R>& table, std::string_view column,
                          const Value& value);

/// All rows that satisfy `where`, in the order in which they were made.
template <class R>
std::vector<R> find_rows(Sql& db, const Table<R>& table, Condition where);

/// Writes the fields in which `row` differs from `before`; false when there are none or the row is
/// gone.
template <class R>
bool update_row(Sql& db, const Table<R>& table, const R& before, const R& row);

/// The same, and stamps `updated_at` when there are some.
template <class R>
bool save_row(Sql& db, const Table<R>& table, const R& before, R& row);

template <class R>
void delete_row(Sql& db, const Table<R>& table, const R& row);

/// The same unless a row of the table `children` has the UUID of this one in `column`, and then
/// false. One statement, in which MariaDB sees children that are newer than the transaction too.
template <class R>
bool delete_childless_row(Sql& db, const Table<R>& table, const R& row, std::string_view children,
                          std::string_view column);

/// True when there is a row with `uuid`, and then it stays: whoever deletes it meanwhile, in
/// another transaction, loses against this one and runs again. For who adds what belongs to it.
template <class R>
bool keep_row(Sql& db, const Table<R>& table, std::string_view uuid);

/// Runs `write` and returns what it returns. Throws Conflict instead of Error "duplicate", with
/// what `text` says for the column that another row has the value of ("ports.name").
template <class Write, class Text>
auto unless_taken(Write write, Text text);

/// Calls `each` for the rows of a page, in order; only `fields` (and the id) are read. Returns how
/// many there were. Throws NotFound when the marker is unknown.
template <class R>
std::int64_t read_page(Sql& db, const Table<R>& table, const PageQuery& query,
                       std::span<const model::Field<R>* const> fields,
                       const std::function<void(const R&)>& each);

}  // namespace ferrite::store
