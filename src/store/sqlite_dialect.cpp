#include <fmt/core.h>

#include "store/dialect.h"

namespace ferrite::store {
namespace {

class SqliteDialect final : public Dialect {
public:
    std::string_view begin_read() const override { return "BEGIN"; }
    std::string_view begin_write() const override { return "BEGIN IMMEDIATE"; }

    std::string order(std::string_view expression, bool descending) const override {
        return fmt::format("{} {}", expression, descending ? "DESC" : "ASC");
    }
    std::string words(std::string_view column) const override {
        return fmt::format("{} COLLATE NOCASE", column);
    }
    bool pages_by_id() const override { return true; }
    std::string by_index(std::string_view index) const override {
        return fmt::format(" INDEXED BY {}", index);
    }
    std::string json_values(std::string_view array) const override {
        return fmt::format("SELECT value FROM json_each({})", array);
    }
    std::string json_has_all(std::string_view had, std::string_view wanted) const override {
        return fmt::format(
            "NOT EXISTS (SELECT 1 FROM json_each({}) AS asked WHERE asked.value NOT IN "
            "(SELECT had.value FROM json_each(coalesce({}, '[]')) AS had))",
            wanted, had);
    }
    /// Looks at some rows of each index only.
    std::string analyse() const override { return "PRAGMA analysis_limit=1000; ANALYZE;"; }

    std::string id_column() const override { return "id INTEGER PRIMARY KEY AUTOINCREMENT"; }
    std::string column_type(model::FieldType type, bool) const override {
        using enum model::FieldType;
        return type == boolean || type == integer || type == timestamp ? "INTEGER" : "TEXT";
    }
    std::string create_index(const Index& index) const override {
        return fmt::format("CREATE {}INDEX IF NOT EXISTS {} ON {} ({}){}",
                           index.unique ? "UNIQUE " : "", index.name, index.table, index.columns,
                           index.only.empty() ? "" : " WHERE " + index.only);
    }

    std::vector<Column> columns(Sql& db, std::string_view table) const override {
        std::vector<Column> found;
        Query rows(db, fmt::format("PRAGMA table_info({})", table));
        while (rows.step()) found.push_back({std::string(rows.text(1)), std::string(rows.text(2))});
        return found;
    }
    std::vector<std::string> indices(Sql& db, std::string_view table) const override {
        std::vector<std::string> found;
        Query rows(db, fmt::format("PRAGMA index_list({})", table));
        while (rows.step()) found.emplace_back(rows.text(1));
        return found;
    }

    std::int64_t schema_version(Sql& db) const override {
        Query version(db, "PRAGMA user_version");
        return version.step() ? version.integer(0) : 0;
    }
    void set_schema_version(Sql& db, std::int64_t version) const override {
        db.execute(fmt::format("PRAGMA user_version = {}", version));
    }
    void begin_upgrade(Sql& db) const override { db.execute("BEGIN IMMEDIATE"); }
    void end_upgrade(Sql& db, bool good) const override {
        if (db.in_transaction()) db.execute(good ? "COMMIT" : "ROLLBACK");
    }
};

}  // namespace

const Dialect& sqlite_dialect() {
    static const SqliteDialect dialect;
    return dialect;
}

}  // namespace ferrite::store
