#include <fmt/core.h>

#include "store/server_schema.h"

namespace ferrite::store {
namespace {

class MariadbDialect final : public Dialect {
public:
    /// Both see one snapshot; what a connection of mariadb.cpp adds makes a writer fail, to be run
    /// again, that meets a row changed since.
    std::string_view begin_read() const override {
        return "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
    }
    std::string_view begin_write() const override { return "START TRANSACTION"; }

    std::string order(std::string_view expression, bool descending) const override {
        return fmt::format("{} {}", expression, descending ? "DESC" : "ASC");
    }
    std::string words(std::string_view column) const override {
        return fmt::format("lower({})", column);
    }
    std::string json_values(std::string_view array) const override {
        return fmt::format(
            "SELECT value FROM JSON_TABLE({}, '$[*]' COLUMNS (value VARCHAR(255) CHARACTER SET "
            "utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS given",
            array);
    }
    std::string json_has_all(std::string_view had, std::string_view wanted) const override {
        return fmt::format("JSON_CONTAINS(coalesce({}, '[]'), {}) = 1", had, wanted);
    }

    std::string id_column() const override { return "id BIGINT AUTO_INCREMENT PRIMARY KEY"; }
    /// An index takes 3072 bytes, so what is indexed has an end. 255 characters are what the
    /// original keeps of the same fields.
    std::string column_type(model::FieldType type, bool indexed) const override {
        using enum model::FieldType;
        if (type == boolean) return "SMALLINT";
        if (type == integer || type == timestamp) return "BIGINT";
        return indexed ? "VARCHAR(255)" : "LONGTEXT";
    }
    /// Text compares byte by byte, and blanks at its end count.
    std::string table_options() const override {
        return " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin";
    }
    std::string make_indexable(std::string_view table, const Column& column,
                               std::string_view definition) const override {
        if (column.type != "longtext") return "";
        return fmt::format("ALTER TABLE {} MODIFY COLUMN {}", table, definition);
    }
    /// There are no indices of some rows only, and none of expressions: without the former the
    /// index of all rows serves, and lists by a name are sorted.
    std::string create_index(const Index& index) const override {
        if (index.columns.find('(') != std::string::npos) return "";
        return fmt::format("CREATE {}INDEX IF NOT EXISTS {} ON {} ({})",
                           index.unique ? "UNIQUE " : "", index.name, index.table, index.columns);
    }

    std::vector<Column> columns(Sql& db, std::string_view table) const override {
        return server_schema::columns(db,
                                      "SELECT column_name, data_type "
                                      "FROM information_schema.columns "
                                      "WHERE table_schema = DATABASE() AND table_name = ?",
                                      table);
    }
    std::vector<std::string> indices(Sql& db, std::string_view table) const override {
        return server_schema::texts(db,
                                    "SELECT DISTINCT index_name FROM information_schema.statistics "
                                    "WHERE table_schema = DATABASE() AND table_name = ?",
                                    {table});
    }

    std::int64_t schema_version(Sql& db) const override { return server_schema::version(db); }
    void set_schema_version(Sql& db, std::int64_t version) const override {
        server_schema::set_version(db, version);
    }
    /// Names of locks belong to the whole server.
    void begin_upgrade(Sql& db) const override {
        server_schema::lock(db, "SELECT GET_LOCK(concat('ferrite.', left(DATABASE(), 56)), 0)");
    }
    void end_upgrade(Sql& db, bool) const override {
        db.execute("DO RELEASE_LOCK(concat('ferrite.', left(DATABASE(), 56)))");
    }
};

}  // namespace

const Dialect& mariadb_dialect() {
    static const MariadbDialect dialect;
    return dialect;
}

}  // namespace ferrite::store
