#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <libpq-fe.h>

#include "base/error.h"
#include "store/database.h"
#include "store/dialect.h"
#include "store/session_limits.h"

// libpq as it is, and not SOCI in front of it: SOCI hides which constraint was violated, and its
// MySQL side, without which it would be no common ground, prepares no statements.

namespace ferrite::store {
namespace {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

constexpr Spelling kSpelling{.numbered = true, .like = "ILIKE ? ESCAPE ''"};

std::string_view field_of(const PGresult* result, int field) {
    const char* text = PQresultErrorField(result, field);
    return text ? std::string_view(text) : std::string_view();
}

/// What a server says as it ends the connection, whose own status may still be good then.
bool is_lost(std::string_view state) {
    constexpr std::string_view kIdleInTransaction = "25P03";
    return state.starts_with("08") || state.starts_with("57P") || state == kIdleInTransaction;
}

bool is_undone_for_another(std::string_view state) {
    constexpr std::string_view kSerialization = "40001", kDeadlock = "40P01",
                               kLockTimeout = "55P03";
    return state == kSerialization || state == kDeadlock || state == kLockTimeout;
}

/// How libpq is to connect, by its own words; those of the URL before those of the house.
std::map<std::string, std::string, std::less<>> settings_of(const Database& database,
                                                            Sql::Mode mode) {
    using std::to_string;
    std::map<std::string, std::string, std::less<>> settings = {
        {"host", database.unix_socket.empty() ? database.host : database.unix_socket},
        {"port", database.port ? to_string(database.port) : ""},
        {"user", database.user},
        {"password", database.password.reveal()},
        {"dbname", database.name},
        {"client_encoding", "UTF8"},
        {"application_name", "ferrited"},
        {"sslmode", database.parameters.contains("sslrootcert") ? "verify-full" : "prefer"},
        {"connect_timeout", to_string(kConnectLimit.count())},
        {"keepalives_idle", to_string(kProbeAfter.count())},
        {"keepalives_interval", to_string(kProbeEvery.count())},
        {"keepalives_count", to_string(kProbes)},
        {"tcp_user_timeout", to_string(std::chrono::milliseconds(kUnansweredLimit).count())},
    };
    for (const auto& [name, value] : database.parameters) settings[name] = value.reveal();
    settings["options"] = fmt::format(
        "-c client_min_messages=warning -c lock_timeout={}s "
        "-c idle_in_transaction_session_timeout={}s {}",
        kLockLimit.count(), idle_limit(mode).count(), settings["options"]);
    return settings;
}

/// "nodes.name" from the index nodes_name of the table nodes.
std::string violated_column(const PGresult* result) {
    auto table = field_of(result, PG_DIAG_TABLE_NAME);
    auto index = field_of(result, PG_DIAG_CONSTRAINT_NAME);
    if (index.starts_with(table) && index.size() > table.size())
        index.remove_prefix(table.size() + 1);
    return fmt::format("{}.{}", table, index);
}

class Postgresql final : public Sql {
public:
    Postgresql(const Database& database, Mode mode);
    ~Postgresql() override {
        forget_statements();
        PQfinish(connection_);
    }

    const Dialect& dialect() const override { return postgresql_dialect(); }
    void execute(const std::string& statements) override {
        check(Result(PQexec(connection_, statements.c_str())), statements);
    }
    std::int64_t last_insert_id() override {
        Query id(*this, "SELECT lastval()");
        return id.step() ? id.integer(0) : 0;
    }
    bool in_transaction() const override {
        auto status = PQtransactionStatus(connection_);
        return status != PQTRANS_IDLE && status != PQTRANS_UNKNOWN;
    }

    PGconn* connection() const { return connection_; }
    /// Returns a good result, throws for a bad one.
    Result check(Result result, std::string_view doing);
    std::string new_name() { return "s" + std::to_string(++names_); }
    /// A prepared statement that is needed no more; no statement can be run now.
    void forget(std::string name) { forgotten_.push_back(std::move(name)); }

private:
    std::unique_ptr<Statement> prepare(std::string_view text) override;

    PGconn* connection_ = nullptr;
    std::int64_t names_ = 0;
    std::vector<std::string> forgotten_;
};

class PostgresqlStatement final : public Statement {
public:
    PostgresqlStatement(Postgresql& db, std::string_view text)
        : Statement(std::string(text)),
          db_(db),
          spelled_(spell(text, kSpelling)),
          name_(db.new_name()),
          values_(spelled_.parameters.size()) {
        db_.check(
            Result(PQprepare(db_.connection(), name_.c_str(), spelled_.sql.c_str(), 0, nullptr)),
            text);
    }
    ~PostgresqlStatement() override { db_.forget(std::move(name_)); }

    void bind(int index, std::string_view text) override {
        if (text.find('\0') != text.npos)
            throw InvalidValue("A text has a NUL character in it, which can not be stored.");
        set(index, std::string(text));
    }
    void bind(int index, std::int64_t number) override { set(index, std::to_string(number)); }
    void bind_null(int index) override { set(index, std::nullopt); }

    bool step() override {
        if (!result_)
            run();
        else
            ++row_;
        return row_ < PQntuples(result_.get());
    }
    std::int64_t changed() override {
        std::string_view count = PQcmdTuples(result_.get());
        return number_in(count);
    }

    bool is_null(int column) const override { return PQgetisnull(result_.get(), row_, column); }
    std::string_view text(int column) const override {
        if (is_null(column)) return {};
        return {PQgetvalue(result_.get(), row_, column),
                static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
    }
    std::int64_t integer(int column) const override {
        auto value = text(column);
        return value == "t" ? 1 : number_in(value);
    }

    void reset() override {
        result_.reset();
        row_ = 0;
        for (auto& value : values_) value.reset();
    }

private:
    static std::int64_t number_in(std::string_view text) {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
    }

    void set(int index, std::optional<std::string> value) {
        for (std::size_t i = 0; i < values_.size(); ++i)
            if (spelled_.parameters[i] == index) values_[i] = std::move(value);
    }

    void run() {
        std::vector<const char*> values;
        for (const auto& value : values_) values.push_back(value ? value->c_str() : nullptr);
        result_ = db_.check(
            Result(PQexecPrepared(db_.connection(), name_.c_str(), static_cast<int>(values.size()),
                                  values.data(), nullptr, nullptr, 0)),
            Statement::text());
    }

    Postgresql& db_;
    Spelled spelled_;
    std::string name_;
    std::vector<std::optional<std::string>> values_;
    Result result_;
    int row_ = 0;
};

Postgresql::Postgresql(const Database& database, Mode mode) {
    auto settings = settings_of(database, mode);
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : settings) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_ = PQconnectdbParams(keywords.data(), values.data(), 0);
    if (PQstatus(connection_) == CONNECTION_OK) return;
    std::string why = PQerrorMessage(connection_);
    PQfinish(connection_);
    while (!why.empty() && why.back() == '\n') why.pop_back();
    throw Error(503, "database_lost",
                fmt::format("The database {} can not be reached: {}", database.label(), why));
}

Result Postgresql::check(Result result, std::string_view doing) {
    auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    std::string why = PQresultErrorMessage(result.get());
    while (!why.empty() && why.back() == '\n') why.pop_back();
    auto state = field_of(result.get(), PG_DIAG_SQLSTATE);
    if (PQstatus(connection_) != CONNECTION_OK || is_lost(state)) {
        suffer(Harm::connection);
        throw Error(503, "database_lost",
                    "The connection to the database was lost: try again in a moment.");
    }
    if (state == "23505") throw Error(409, "duplicate", violated_column(result.get()));
    if (is_undone_for_another(state)) {
        suffer(Harm::transaction);
        throw Error(503, "database_busy", "Others change the same rows: try again in a moment.");
    }
    // An earlier failure may have been caught by somebody who meant to go on.
    if (state == "25P02" && harm() != Harm::none)
        throw Error(503, "database_busy", "Others change the same rows: try again in a moment.");
    throw Error(500, state == "53100" ? "disk_full" : "database",
                fmt::format("Database: {} failed: {}", doing, why));
}

std::unique_ptr<Statement> Postgresql::prepare(std::string_view text) {
    if (!in_transaction()) {
        for (const auto& name : forgotten_)
            Result(PQexec(connection_, ("DEALLOCATE " + name).c_str()));
        forgotten_.clear();
    }
    return std::make_unique<PostgresqlStatement>(*this, text);
}

}  // namespace

std::unique_ptr<Sql> open_postgresql(const Database& database, Sql::Mode mode) {
    return std::make_unique<Postgresql>(database, mode);
}

}  // namespace ferrite::store
