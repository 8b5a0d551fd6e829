#pragma once

// The templates of table.h.

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <type_traits>

#include <fmt/core.h>

#include "base/error.h"
#include "store/dialect.h"
#include "store/table.h"

namespace ferrite::store {

inline void bind_value(Query& query, int index, const Value& value) {
    std::visit([&](const auto& v) { query.bind(index, v); }, value);
}

namespace column {

inline void bind(Query& q, int i, const std::string& v) {
    q.bind(i, std::string_view(v));
}
inline void bind(Query& q, int i, bool v) {
    q.bind(i, std::int64_t{v});
}
inline void bind(Query& q, int i, std::int64_t v) {
    q.bind(i, v);
}
inline void bind(Query& q, int i, Timestamp v) {
    q.bind(i, v.time_since_epoch().count());
}
inline void bind(Query& q, int i, const model::JsonText& v) {
    v.absent() ? q.bind_null(i) : q.bind(i, std::string_view(v.text()));
}
template <class T>
void bind(Query& q, int i, const std::optional<T>& v) {
    v ? bind(q, i, *v) : static_cast<void>(q.bind_null(i));
}

inline void read(const Query& q, int i, std::string& v) {
    v.assign(q.text(i));
}
inline void read(const Query& q, int i, bool& v) {
    v = q.integer(i) != 0;
}
inline void read(const Query& q, int i, std::int64_t& v) {
    v = q.integer(i);
}
inline void read(const Query& q, int i, Timestamp& v) {
    v = Timestamp(std::chrono::microseconds(q.integer(i)));
}
inline void read(const Query& q, int i, model::JsonText& v) {
    v.storage().assign(q.text(i));
}
/// Most columns of a list are these, so NULL is told from the text and costs no call of its own.
inline void read(const Query& q, int i, std::optional<std::string>& v) {
    auto text = q.text(i);
    if (!text.data()) return v.reset();
    if (!v) v.emplace();
    v->assign(text);
}
template <class T>
void read(const Query& q, int i, std::optional<T>& v) {
    if (q.is_null(i)) return v.reset();
    if (!v) v.emplace();
    read(q, i, *v);
}

}  // namespace column

template <class R>
void bind_field(Query& query, int index, const model::Field<R>& field, const R& row) {
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                column::bind(query, index, row.*member);
        },
        field.member);
}

template <class R>
void read_field(const Query& query, int index, const model::Field<R>& field, R& row) {
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                column::read(query, index, row.*member);
        },
        field.member);
}

template <class R>
bool same_value(const model::Field<R>& field, const R& a, const R& b) {
    return std::visit(
        [&](auto member) {
            if constexpr (std::is_same_v<decltype(member), std::monostate>)
                return true;
            else
                return a.*member == b.*member;
        },
        field.member);
}

/// What the column holds in rows that are older than it: the value that the member starts with. A
/// unique column has none, for two rows could not have it.
template <class R>
std::string column_default(const model::Field<R>& field) {
    if (field.unique) return "";
    return std::visit(
        [](auto member) -> std::string {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>) {
                auto initial = R{}.*member;
                if constexpr (std::is_same_v<decltype(initial), std::string>)
                    return fmt::format(" DEFAULT '{}'", initial);
                else if constexpr (std::is_integral_v<decltype(initial)>)
                    return fmt::format(" DEFAULT {:d}", initial);
            }
            return "";
        },
        field.member);
}

namespace detail {

/// A field as a sort key. Words sort as people read them.
template <class R>
std::string sort_expression(const Dialect& dialect, const model::Field<R>& field) {
    auto column = fmt::format("\"{}\"", field.name);
    return field.type == model::FieldType::text ? dialect.words(column) : column;
}

template <class R>
bool has_index(const Table<R>& table, const model::Field<R>& field) {
    return field.unique || field.indexed || field.ordered ||
           std::ranges::find(table.unique_pair, field.name) != table.unique_pair.end();
}

/// The column of a stored field as CREATE and ALTER say it.
template <class R>
std::string column_definition(const Dialect& dialect, const Table<R>& table,
                              const model::Field<R>& field) {
    return fmt::format("\"{}\" {}{}", field.name,
                       dialect.column_type(field.type, has_index(table, field)),
                       column_default(field));
}

template <class R>
std::string create_table(const Dialect& dialect, const Table<R>& table) {
    std::string columns = dialect.id_column();
    for (const auto& field : table.fields)
        if (field.stored()) columns += ", " + column_definition(dialect, table, field);
    return fmt::format("CREATE TABLE IF NOT EXISTS {} ({}){}", table.name, columns,
                       dialect.table_options());
}

template <class R>
std::vector<Index> wanted_indices(const Dialect& dialect, const Table<R>& table) {
    std::vector<Index> wanted;
    std::string name(table.name);
    for (const auto& field : table.fields) {
        if (!field.stored()) continue;
        if (field.unique || field.indexed)
            wanted.push_back({fmt::format("{}_{}", name, field.name), name,
                              fmt::format("\"{}\"", field.name), field.unique});
        if (field.ordered)
            wanted.push_back({fmt::format("{}_{}_order", name, field.name), name,
                              dialect.order(sort_expression(dialect, field))});
        if (!field.ordered_within.empty())
            wanted.push_back({fmt::format("{}_{}_{}_order", name, field.ordered_within, field.name),
                              name,
                              fmt::format("\"{}\",{}", field.ordered_within,
                                          dialect.order(sort_expression(dialect, field)))});
    }
    if (const auto& [first, second] = table.unique_pair; !first.empty())
        wanted.push_back({fmt::format("{}_{}_{}", name, first, second), name,
                          fmt::format("\"{}\",\"{}\"", first, second), true});
    return wanted;
}

}  // namespace detail

/// Adds to `plan` those of the `wanted` indices of a table that are missing and that the database
/// can have.
inline void plan_indices(Sql& db, std::string_view table, std::span<const Index> wanted,
                         Plan& plan) {
    auto there = db.dialect().indices(db, table);
    for (const auto& index : wanted) {
        if (std::ranges::find(there, index.name) != there.end()) continue;
        auto statement = db.dialect().create_index(index);
        if (!statement.empty()) plan.push_back(std::move(statement));
    }
}

template <class R>
void plan_table(Sql& db, const Table<R>& table, Plan& plan) {
    const auto& dialect = db.dialect();
    auto present = dialect.columns(db, table.name);
    if (present.empty()) plan.push_back(detail::create_table(dialect, table));
    for (const auto& field : table.fields) {
        if (!field.stored() || present.empty()) continue;
        auto definition = detail::column_definition(dialect, table, field);
        auto column = std::ranges::find(present, field.name, &Column::name);
        if (column == present.end())
            plan.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", table.name, definition));
        else if (detail::has_index(table, field))
            if (auto change = dialect.make_indexable(table.name, *column, definition);
                !change.empty())
                plan.push_back(std::move(change));
    }
    auto wanted = detail::wanted_indices(dialect, table);
    for (auto& index : wanted) index.of_new_table = present.empty();
    plan_indices(db, table.name, wanted, plan);
}

template <class R>
void insert_row(Sql& db, const Table<R>& table, R& row) {
    std::string columns, marks;
    for (const auto& field : table.fields) {
        if (!field.stored()) continue;
        columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ",", field.name);
        marks += marks.empty() ? "?" : ",?";
    }
    Query insert(db, fmt::format("INSERT INTO {} ({}) VALUES ({})", table.name, columns, marks));
    int index = 0;
    for (const auto& field : table.fields)
        if (field.stored()) bind_field(insert, index++, field, row);
    insert.run();
    row.id = db.last_insert_id();
}

template <class R>
std::string select_list(std::span<const model::Field<R>* const> fields) {
    std::string columns = "id";
    for (const auto* field : fields)
        if (field->stored()) columns.append(",\"").append(field->name).append("\"");
    return columns;
}

template <class R>
void read_row(const Query& query, std::span<const model::Field<R>* const> fields, R& row) {
    row.id = query.integer(0);
    int index = 1;
    for (const auto* field : fields)
        if (field->stored()) read_field(query, index++, *field, row);
}

template <class R>
std::vector<const model::Field<R>*> all_fields(const Table<R>& table) {
    std::vector<const model::Field<R>*> fields;
    for (const auto& field : table.fields) fields.push_back(&field);
    return fields;
}

namespace detail {

/// The statement of find_row(), made once: it is longer than most rows are. A resource has one
/// table.
template <class R>
const std::string& find_statement(const Table<R>& table, std::string_view column,
                                  std::span<const model::Field<R>* const> fields) {
    thread_local std::map<std::string, std::string, std::less<>> statements;
    auto known = statements.find(column);
    if (known == statements.end())
        known = statements
                    .emplace(column, fmt::format("SELECT {} FROM {} WHERE \"{}\" = ?",
                                                 select_list<R>(fields), table.name, column))
                    .first;
    return known->second;
}

}  // namespace detail

template <class R>
std::optional<R> find_row(Sql& db, const Table<R>& table, std::string_view column,
                          const Value& value) {
    static const auto fields = all_fields(table);
    Query query(db, detail::find_statement<R>(table, column, fields));
    bind_value(query, 0, value);
    if (!query.step()) return std::nullopt;
    std::optional<R> row(std::in_place);
    read_row<R>(query, fields, *row);
    return row;
}

template <class R>
bool update_row(Sql& db, const Table<R>& table, const R& before, const R& row) {
    std::string sets;
    for (const auto& field : table.fields)
        if (!same_value(field, before, row))
            sets += fmt::format("{}\"{}\"=?", sets.empty() ? "" : ",", field.name);
    if (sets.empty()) return false;
    Query update(db, fmt::format("UPDATE {} SET {} WHERE id=?", table.name, sets));
    int index = 0;
    for (const auto& field : table.fields)
        if (!same_value(field, before, row)) bind_field(update, index++, field, row);
    update.bind(index, row.id);
    return update.run() > 0;
}

template <class R>
bool save_row(Sql& db, const Table<R>& table, const R& before, R& row) {
    row.updated_at = before.updated_at;
    if (!update_row(db, table, before, row)) return false;
    row.updated_at = now_seconds();
    Query stamp(db, fmt::format("UPDATE {} SET updated_at=? WHERE id=?", table.name));
    stamp.bind(0, row.updated_at->time_since_epoch().count()).bind(1, row.id).run();
    return true;
}

template <class R>
void delete_row(Sql& db, const Table<R>& table, const R& row) {
    Query remove(db, fmt::format("DELETE FROM {} WHERE id=?", table.name));
    remove.bind(0, row.id).run();
}

template <class R>
bool delete_childless_row(Sql& db, const Table<R>& table, const R& row, std::string_view children,
                          std::string_view column) {
    Query remove(db, fmt::format("DELETE FROM {} WHERE id=? AND NOT EXISTS "
                                 "(SELECT 1 FROM {} WHERE \"{}\"=?)",
                                 table.name, children, column));
    return remove.bind(0, row.id).bind(1, std::string_view(row.uuid)).run() > 0;
}

template <class R>
bool keep_row(Sql& db, const Table<R>& table, std::string_view uuid) {
    // An UPDATE: PostgreSQL lets a row be deleted that was only locked since the snapshot.
    Query keep(db, fmt::format("UPDATE {} SET uuid=uuid WHERE uuid=?", table.name));
    return keep.bind(0, uuid).run() > 0;
}

template <class Write, class Text>
auto unless_taken(Write write, Text text) {
    try {
        return write();
    } catch (const Error& error) {
        if (error.code() != "duplicate") throw;
        throw Conflict(text(error.message()));
    }
}

namespace detail {

/// The sort key of a query in SQL.
template <class R>
std::string sort_expression(const Dialect& dialect, const Table<R>& table, const PageQuery& query) {
    const auto* field = model::find_field(table.fields, query.sort_key);
    return field ? sort_expression(dialect, *field) : query.sort_key;
}

/// `AND` conditions that put the page behind its marker, for any sort key: rows compare by
/// (key, id), and NULL keys come first as they do in ORDER BY.
template <class R>
Condition behind_marker(Sql& db, const Table<R>& table, const PageQuery& query) {
    Query find(db, fmt::format("SELECT id, \"{}\" FROM {} WHERE \"{}\" = ?", query.sort_key,
                               table.name, table.key));
    find.bind(0, std::string_view(*query.marker));
    if (!find.step())
        throw NotFound(fmt::format("The marker '{}' names no item of this list.", *query.marker));
    std::int64_t id = find.integer(0);
    auto above = query.descending ? "<" : ">";
    if (query.sort_key == "id") return {fmt::format("id {} ?", above), {id}};
    auto key = sort_expression(db.dialect(), table, query);
    if (find.is_null(1)) {
        auto rest = query.descending ? "1=0" : fmt::format("{} IS NOT NULL", key);
        return {fmt::format("(({} IS NULL AND id {} ?) OR {})", key, above, rest), {id}};
    }
    auto here = fmt::format("(SELECT {} FROM {} WHERE id=?)", key, table.name);
    auto behind = fmt::format("{0} {1} {2} OR ({0} = {2} AND id {1} ?)", key, above, here);
    if (query.descending) return {fmt::format("({} OR {} IS NULL)", behind, key), {id, id, id}};
    // The first condition says nothing new, but lets an index skip the pages before.
    return {fmt::format("{} >= {} AND ({})", key, here, behind), {id, id, id, id}};
}

}  // namespace detail

/// The statement of a page. Where that is faster, other orders than by id are made of ids alone,
/// and the rows are fetched in that order (CROSS JOIN: the left side leads): sorting rows of sixty
/// columns costs twice as much.
template <class R>
std::string page_statement(const Dialect& dialect, const Table<R>& table, const PageQuery& query,
                           const std::vector<Condition>& where, std::string_view columns) {
    std::string conditions;
    for (const auto& condition : where)
        conditions += fmt::format(" {} {}", conditions.empty() ? "WHERE" : "AND", condition.sql);
    auto direction = query.descending ? "DESC" : "ASC";
    if (query.sort_key == "id")
        return fmt::format("SELECT {} FROM {}{} ORDER BY id {} LIMIT ?", columns, table.name,
                           conditions, direction);
    auto order = fmt::format(
        "{}, id {}",
        dialect.order(detail::sort_expression(dialect, table, query), query.descending), direction);
    if (!dialect.pages_by_id())
        return fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT ?", columns, table.name,
                           conditions, order);
    return fmt::format(
        "SELECT {0} FROM (SELECT id AS place FROM {1}{2} ORDER BY {3} LIMIT ?) "
        "CROSS JOIN {1} ON id = place",
        columns, table.name, conditions, order);
}

template <class R>
std::int64_t read_page(Sql& db, const Table<R>& table, const PageQuery& query,
                       std::span<const model::Field<R>* const> fields,
                       const std::function<void(const R&)>& each) {
    auto where = query.where;
    if (query.marker) where.push_back(detail::behind_marker(db, table, query));
    Query page(db, page_statement(db.dialect(), table, query, where, select_list<R>(fields)));
    int index = 0;
    for (const auto& condition : where)
        for (const auto& value : condition.values) bind_value(page, index++, value);
    constexpr auto kNoLimit = std::numeric_limits<std::int64_t>::max();
    page.bind(index, query.limit < 0 ? kNoLimit : query.limit);
    R row;
    std::int64_t count = 0;
    for (; page.step(); ++count) {
        read_row<R>(page, fields, row);
        each(row);
    }
    return count;
}

template <class R>
std::vector<R> find_rows(Sql& db, const Table<R>& table, Condition where) {
    std::vector<R> found;
    auto fields = all_fields(table);
    PageQuery query{.where = {std::move(where)}, .limit = std::numeric_limits<std::int64_t>::max()};
    read_page<R>(db, table, query, fields, [&](const R& row) { found.push_back(row); });
    return found;
}

}  // namespace ferrite::store
