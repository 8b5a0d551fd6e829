#include "store/sql.h"

#include <functional>
#include <string>
#include <unordered_map>

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/error.h"

namespace ferrite::store {
namespace {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>()(text);
    }
};

/// Statements differ by the columns they touch; past this many the cache starts anew.
constexpr std::size_t kMaxStatements = 512;

[[noreturn]] void fail(sqlite3* db, int code, std::string_view doing) {
    std::string text = sqlite3_errmsg(db);
    if (sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE) {
        constexpr std::string_view prefix = "UNIQUE constraint failed: ";
        throw Error(409, "duplicate", text.starts_with(prefix) ? text.substr(prefix.size()) : text);
    }
    throw Error(500, code == SQLITE_FULL ? "disk_full" : "database",
                fmt::format("Database: {} failed: {}", doing, text));
}

}  // namespace

struct Sql::State {
    sqlite3* db = nullptr;
    std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> idle;

    sqlite3_stmt* take(std::string_view text) {
        auto known = idle.find(text);
        if (known == idle.end()) return nullptr;
        auto* statement = known->second;
        idle.erase(known);
        return statement;
    }
    void give_back(sqlite3_stmt* statement) {
        if (idle.size() >= kMaxStatements) forget();
        if (!idle.emplace(sqlite3_sql(statement), statement).second) sqlite3_finalize(statement);
    }
    void forget() {
        for (auto& [text, statement] : idle) sqlite3_finalize(statement);
        idle.clear();
    }
    ~State() {
        forget();
        sqlite3_close(db);
    }
};

Sql::Sql(const std::string& path, Mode mode) : state_(std::make_unique<State>()) {
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |=
        mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (int code = sqlite3_open_v2(path.c_str(), &state_->db, flags, nullptr); code != SQLITE_OK)
        throw Error(500, "database",
                    fmt::format("The database {} can not be opened: {}. Check that the directory "
                                "exists and may be written.",
                                path, sqlite3_errstr(code)));
    sqlite3_extended_result_codes(state_->db, 1);
    sqlite3_busy_timeout(state_->db, 10'000);
    try {
        execute("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;");
        if (mode == Mode::read_write) execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
        if (mode == Mode::read_only) execute("PRAGMA mmap_size=0;");
    } catch (Error& error) {
        error.within(path);
        throw;
    }
}

Sql::~Sql() = default;

void Sql::execute(const char* statements) {
    if (int code = sqlite3_exec(state_->db, statements, nullptr, nullptr, nullptr);
        code != SQLITE_OK)
        fail(state_->db, code, statements);
}

bool Sql::in_transaction() const {
    return sqlite3_get_autocommit(state_->db) == 0;
}

std::int64_t Sql::last_insert_id() const {
    return sqlite3_last_insert_rowid(state_->db);
}

Query::Query(Sql& db, std::string_view text) : db_(db), statement_(db.state_->take(text)) {
    if (statement_) return;
    int code = sqlite3_prepare_v3(db.state_->db, text.data(), static_cast<int>(text.size()),
                                  SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) fail(db.state_->db, code, text);
}

Query::~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    db_.state_->give_back(statement_);
}

Query& Query::bind(int index, std::string_view text) {
    // The caller's text outlives the query's run, or is copied by SQLite: copying is the safe one.
    sqlite3_bind_text(statement_, index + 1, text.data() ? text.data() : "",
                      static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
}

Query& Query::bind(int index, std::int64_t number) {
    sqlite3_bind_int64(statement_, index + 1, number);
    return *this;
}

Query& Query::bind_null(int index) {
    sqlite3_bind_null(statement_, index + 1);
    return *this;
}

bool Query::step() {
    int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(db_.state_->db, code, sqlite3_sql(statement_));
    return false;
}

std::int64_t Query::run() {
    while (step()) {
    }
    return sqlite3_changes64(db_.state_->db);
}

bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Query::text(int column) const {
    auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (!text) return {};
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

}  // namespace ferrite::store
