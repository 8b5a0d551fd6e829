#include "store/sqlite.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/error.h"
#include "store/dialect.h"

namespace ferrite::store {
namespace {

[[noreturn]] void fail(sqlite3* db, int code, std::string_view doing) {
    std::string text = sqlite3_errmsg(db);
    if (sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE) {
        constexpr std::string_view prefix = "UNIQUE constraint failed: ";
        throw Error(409, "duplicate", text.starts_with(prefix) ? text.substr(prefix.size()) : text);
    }
    throw Error(500, code == SQLITE_FULL ? "disk_full" : "database",
                fmt::format("Database: {} failed: {}", doing, text));
}

class SqliteStatement final : public Statement {
public:
    SqliteStatement(sqlite3* db, std::string_view text) : Statement(std::string(text)), db_(db) {
        int code = sqlite3_prepare_v3(db, text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
        if (code != SQLITE_OK) fail(db, code, text);
    }
    ~SqliteStatement() override { sqlite3_finalize(statement_); }

    void bind(int index, std::string_view text) override {
        // Whether the caller's text outlives the query's run is not known: SQLite copies it.
        sqlite3_bind_text(statement_, index + 1, text.data() ? text.data() : "",
                          static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }
    void bind(int index, std::int64_t number) override {
        sqlite3_bind_int64(statement_, index + 1, number);
    }
    void bind_null(int index) override { sqlite3_bind_null(statement_, index + 1); }

    bool step() override {
        int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        if (code != SQLITE_DONE) fail(db_, code, sqlite3_sql(statement_));
        return false;
    }
    std::int64_t changed() override { return sqlite3_changes64(db_); }

    bool is_null(int column) const override {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    std::string_view text(int column) const override {
        // The connection has no mutex, so its values need no protection; asking the value twice is
        // cheaper than asking the statement twice.
        auto* value = sqlite3_column_value(statement_, column);
        auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
        if (!text) return {};
        return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
    }
    std::int64_t integer(int column) const override {
        return sqlite3_column_int64(statement_, column);
    }

    void reset() override {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    sqlite3* db_;
    sqlite3_stmt* statement_ = nullptr;
};

/// Lets SQLite not count its memory, which takes a lock of the whole process for each allocation:
/// readers would wait for each other. To be called before anything else of the library.
void configure_library() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(done);
}

class Sqlite final : public Sql {
public:
    Sqlite(const std::string& path, Mode mode) {
        configure_library();
        int flags = SQLITE_OPEN_NOMUTEX;
        flags |= mode == Mode::read_only ? SQLITE_OPEN_READONLY
                                         : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        if (int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr); code != SQLITE_OK) {
            sqlite3_close(db_);
            throw Error(500, "database",
                        fmt::format("The database {} can not be opened: {}. Check that the "
                                    "directory exists and may be written.",
                                    path, sqlite3_errstr(code)));
        }
        sqlite3_extended_result_codes(db_, 1);
        sqlite3_busy_timeout(db_, 10'000);
        try {
            execute("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;");
            execute(mode == Mode::read_write ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                             : "PRAGMA mmap_size=0;");
        } catch (Error& error) {
            sqlite3_close(db_);
            error.within(path);
            throw;
        }
    }
    ~Sqlite() override {
        forget_statements();
        sqlite3_close(db_);
    }

    const Dialect& dialect() const override { return sqlite_dialect(); }
    void execute(const std::string& statements) override {
        int code = sqlite3_exec(db_, statements.c_str(), nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) fail(db_, code, statements);
    }
    std::int64_t last_insert_id() override { return sqlite3_last_insert_rowid(db_); }
    bool in_transaction() const override { return sqlite3_get_autocommit(db_) == 0; }

private:
    std::unique_ptr<Statement> prepare(std::string_view text) override {
        return std::make_unique<SqliteStatement>(db_, text);
    }

    sqlite3* db_ = nullptr;
};

}  // namespace

std::unique_ptr<Sql> open_sqlite(const std::string& path, Sql::Mode mode) {
    return std::make_unique<Sqlite>(path, mode);
}

}  // namespace ferrite::store
