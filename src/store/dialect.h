#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.h"
#include "store/sql.h"

namespace ferrite::store {

/// An index as the schema wants it.
struct Index {
    std::string name;  ///< TABLE_COLUMN, so that a violated one tells its column.
    std::string table;
    std::string columns;  ///< As SQL, with commas between.
    bool unique = false;
    std::string only;  ///< Condition of the rows that are in it, where databases can; empty: all.
    bool of_new_table = false;  ///< Nobody writes to the table yet.
};

/// A column as a database has it.
struct Column {
    std::string name;
    std::string type;
};

/// How one database says what databases say differently; sqlite_dialect.cpp and its siblings are
/// the only places that know. No state: one object of each for all threads.
///
/// Statements of the house are SQL that all of them understand. Beside it they may contain, and
/// have spelled for the database that they run on:
///
///     ?  ?2           parameters, the second kind more than once
///     x LIKE ?        capitals or not, `%` and `_` are wildcards, and nothing escapes them
///     +"column"       a column by whose index no rows should be looked up
///     "column"        names that are words of SQL; text is in single quotes
///
/// Integers stand for booleans: write `maintenance = 1`, not `maintenance`. Text compares byte by
/// byte. NULL comes first in order(), and last when descending.
class Dialect {
public:
    virtual ~Dialect() = default;

    virtual std::string_view begin_read() const = 0;
    virtual std::string_view begin_write() const = 0;

    /// A term of ORDER BY, and of the index that serves it.
    virtual std::string order(std::string_view expression, bool descending = false) const = 0;
    /// `column` as a sort key for people: capitals among the others.
    virtual std::string words(std::string_view column) const = 0;
    /// True where a page is read faster as the ids in order first, and then their rows.
    virtual bool pages_by_id() const { return false; }
    /// Behind a table's name: look rows up by this index.
    virtual std::string by_index(std::string_view) const { return ""; }
    /// A SELECT of the texts in a JSON array.
    virtual std::string json_values(std::string_view array) const = 0;
    /// True when every text of the array `wanted` is in the array `had`, which may be NULL.
    virtual std::string json_has_all(std::string_view had, std::string_view wanted) const = 0;
    /// Takes the statistics that queries are planned by; empty where the database sees to it.
    virtual std::string analyse() const { return ""; }

    /// The definition of the column `id`, which counts up and is used once.
    virtual std::string id_column() const = 0;
    /// `indexed`: some index has the column, so its text must be short where that matters.
    virtual std::string column_type(model::FieldType type, bool indexed) const = 0;
    virtual std::string table_options() const { return ""; }
    /// Statement that makes the index when it is missing, and keeps nobody from writing if it can.
    virtual std::string create_index(const Index& index) const = 0;

    /// Statement that gives a column the type of `definition` (its name and the rest) if the one
    /// that it has can not be indexed; empty when it can.
    virtual std::string make_indexable(std::string_view /*table*/, const Column& /*column*/,
                                       std::string_view /*definition*/) const {
        return "";
    }

    /// The columns of a table, and the names of its indices; none when there is no such table.
    virtual std::vector<Column> columns(Sql& db, std::string_view table) const = 0;
    virtual std::vector<std::string> indices(Sql& db, std::string_view table) const = 0;

    /// 0 when the database has none yet.
    virtual std::int64_t schema_version(Sql& db) const = 0;
    virtual void set_schema_version(Sql& db, std::int64_t version) const = 0;
    /// Keeps every other upgrade of this database waiting until end_upgrade().
    virtual void begin_upgrade(Sql& db) const = 0;
    /// `good`: it has run through.
    virtual void end_upgrade(Sql& db, bool good) const = 0;
};

const Dialect& sqlite_dialect();
const Dialect& postgresql_dialect();
const Dialect& mariadb_dialect();

/// A statement in the spelling of a database, and which parameter of the house's text (from 0)
/// belongs to each of its own.
struct Spelled {
    std::string sql;
    std::vector<int> parameters;
};

/// How a server's SQL differs from the house's.
struct Spelling {
    bool numbered = false;  ///< Parameters are $1, $2 and may repeat; else each is a `?`.
    std::string_view like;  ///< What to write for `LIKE ?`, with `?` for the parameter.
};

/// Spells a statement of the house for a server. What is in quotes stays as it is.
Spelled spell(std::string_view text, const Spelling& spelling);

}  // namespace ferrite::store
