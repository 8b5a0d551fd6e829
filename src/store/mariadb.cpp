#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/algorithm/string/predicate.hpp>
#include <errmsg.h>
#include <fmt/core.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/error.h"
#include "store/database.h"
#include "store/dialect.h"
#include "store/session_limits.h"
#include "store/url_parameters.h"

// libmariadb as it is, and not SOCI in front of it: SOCI writes the values into the text of each
// statement instead of preparing it.

namespace ferrite::store {
namespace {

/// An escape character that nobody writes: there is always one, and a backslash by itself.
constexpr Spelling kSpelling{.like = "LIKE ? COLLATE utf8mb4_general_ci ESCAPE '\x01'"};

bool is_lost(unsigned code) {
    return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST ||
           code == CR_SERVER_LOST_EXTENDED || code == CR_COMMANDS_OUT_OF_SYNC ||
           code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED ||
           code == ER_NEW_ABORTING_CONNECTION;
}

bool is_undone_for_another(unsigned code) {
    return code == ER_LOCK_DEADLOCK || code == ER_LOCK_WAIT_TIMEOUT || code == ER_CHECKREAD;
}

/// What a URL says to the driver, as libmariadb wants to hear it.
class Settings {
public:
    Settings(MYSQL* connection, const Database& database)
        : connection_(connection), parameters_(database.parameters) {}

    void apply() const {
        number(MYSQL_OPT_CONNECT_TIMEOUT, "connect_timeout", kConnectLimit.count());
        number(MYSQL_OPT_READ_TIMEOUT, "read_timeout");
        number(MYSQL_OPT_WRITE_TIMEOUT, "write_timeout");
        mysql_options(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
        if (wants_tls()) apply_tls();
    }

    /// libmariadb goes on in plain text with a server that knows no TLS.
    bool needs_tls() const { return wants_tls() && !has_mode("PREFERRED"); }

private:
    bool wants_tls() const {
        bool some = std::ranges::any_of(
            parameters_, [](const auto& known) { return known.first.starts_with("ssl_"); });
        return some && !has_mode("DISABLED");
    }

    /// An authority alone makes it check who signed the server's certificate, the flag whose it is.
    void apply_tls() const {
        my_bool yes = 1;
        mysql_options(connection_, MYSQL_OPT_SSL_ENFORCE, &yes);
        text(MYSQL_OPT_SSL_CERT, "ssl_cert");
        text(MYSQL_OPT_SSL_KEY, "ssl_key");
        text(MYSQL_OPT_SSL_CIPHER, "ssl_cipher");
        if (!flag("ssl_verify_cert", true)) return;
        text(MYSQL_OPT_SSL_CA, "ssl_ca");
        text(MYSQL_OPT_SSL_CAPATH, "ssl_capath");
        if (checks_name())
            mysql_options(connection_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
        else if (!has_authority() && (has_mode("VERIFY_CA") || flag("ssl_verify_cert", false)))
            throw InvalidValue(
                "The database's URL asks for a certificate to be checked by no authority: add "
                "ssl_ca=FILE to it.");
    }

    bool checks_name() const {
        if (has_mode("VERIFY_IDENTITY")) return true;
        bool by_default =
            (has_authority() && !has_mode("VERIFY_CA")) || flag("ssl_verify_cert", false);
        return flag("ssl_verify_identity", flag("ssl_check_hostname", by_default));
    }

    bool has_authority() const {
        return parameters_.contains("ssl_ca") || parameters_.contains("ssl_capath");
    }
    bool has_mode(std::string_view mode) const {
        return boost::algorithm::iequals(given("ssl_mode").value_or(""), mode);
    }
    std::optional<std::string> given(std::string_view name) const {
        auto found = parameters_.find(name);
        if (found == parameters_.end()) return std::nullopt;
        return found->second.reveal();
    }
    bool flag(std::string_view name, bool otherwise) const {
        auto value = given(name);
        return value ? is_set(*value) : otherwise;
    }
    void text(mysql_option option, std::string_view name) const {
        if (auto value = given(name)) mysql_options(connection_, option, value->c_str());
    }
    void number(mysql_option option, std::string_view name,
                std::optional<std::int64_t> otherwise = std::nullopt) const {
        auto value = given(name);
        if (!value && !otherwise) return;
        auto seconds = static_cast<unsigned>(value ? std::stoul(*value) : *otherwise);
        mysql_options(connection_, option, &seconds);
    }

    MYSQL* connection_;
    const std::map<std::string, Secret, std::less<>>& parameters_;
};

/// libmariadb has no words for this. A socket within the host does not take it and needs none.
void notice_silence(int socket) {
    auto set = [&](int level, int option, std::int64_t value) {
        int number = static_cast<int>(value);
        setsockopt(socket, level, option, &number, sizeof number);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfter.count());
    set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEvery.count());
    set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, std::chrono::milliseconds(kUnansweredLimit).count());
}

/// "nodes.name" from "Duplicate entry '...' for key 'nodes_name'"; the statement names the table.
std::string violated_column(std::string_view message, std::string_view statement) {
    auto end = message.rfind('\'');
    auto begin = message.rfind('\'', end - 1) + 1;
    auto index = message.substr(begin, end - begin);
    for (std::string_view verb : {"INSERT INTO ", "UPDATE "}) {
        if (!statement.starts_with(verb)) continue;
        statement.remove_prefix(verb.size());
        auto table = statement.substr(0, statement.find(' '));
        if (index.starts_with(table) && index.size() > table.size())
            index.remove_prefix(table.size() + 1);
        return fmt::format("{}.{}", table, index);
    }
    return std::string(index);
}

class Mariadb final : public Sql {
public:
    Mariadb(const Database& database, Mode mode);
    ~Mariadb() override {
        forget_statements();
        mysql_close(connection_);
    }

    const Dialect& dialect() const override { return mariadb_dialect(); }
    void execute(const std::string& statements) override {
        if (mysql_real_query(connection_, statements.data(), statements.size()) != 0)
            fail(mysql_errno(connection_), mysql_error(connection_), statements);
        mysql_free_result(mysql_store_result(connection_));
    }
    std::int64_t last_insert_id() override {
        return static_cast<std::int64_t>(mysql_insert_id(connection_));
    }
    bool in_transaction() const override {
        unsigned status = 0;
        mariadb_get_infov(connection_, MARIADB_CONNECTION_SERVER_STATUS, &status);
        return (status & SERVER_STATUS_IN_TRANS) != 0;
    }

    MYSQL* connection() const { return connection_; }
    [[noreturn]] void fail(unsigned code, const std::string& why, std::string_view doing);

private:
    std::unique_ptr<Statement> prepare(std::string_view text) override;
    void settle(Mode mode);

    MYSQL* connection_;
};

class MariadbStatement final : public Statement {
public:
    MariadbStatement(Mariadb& db, std::string_view text)
        : Statement(std::string(text)),
          db_(db),
          spelled_(spell(text, kSpelling)),
          statement_(mysql_stmt_init(db.connection())),
          values_(spelled_.parameters.size()) {
        if (mysql_stmt_prepare(statement_, spelled_.sql.data(), spelled_.sql.size()) != 0) {
            unsigned code = mysql_stmt_errno(statement_);
            std::string why = mysql_stmt_error(statement_);
            mysql_stmt_close(statement_);
            db_.fail(code, why, text);
        }
    }
    ~MariadbStatement() override { mysql_stmt_close(statement_); }

    void bind(int index, std::string_view text) override {
        set(index, {MYSQL_TYPE_STRING, std::string(text), 0});
    }
    void bind(int index, std::int64_t number) override {
        set(index, {MYSQL_TYPE_LONGLONG, "", number});
    }
    void bind_null(int index) override { set(index, {}); }

    bool step() override {
        if (!has_run_) run();
        if (columns_.empty()) return false;
        int code = mysql_stmt_fetch(statement_);
        if (code == MYSQL_NO_DATA) return false;
        if (code == 1) fail();
        if (code == MYSQL_DATA_TRUNCATED) fetch_long_ones();
        return true;
    }
    std::int64_t changed() override {
        return static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_));
    }

    bool is_null(int column) const override { return at(column).is_null != 0; }
    std::string_view text(int column) const override {
        const auto& value = at(column);
        return value.is_null ? std::string_view()
                             : std::string_view(value.buffer.data(), value.length);
    }
    std::int64_t integer(int column) const override {
        std::int64_t number = 0;
        auto value = text(column);
        std::from_chars(value.data(), value.data() + value.size(), number);
        return number;
    }

    void reset() override {
        if (has_run_) mysql_stmt_free_result(statement_);
        has_run_ = false;
        for (auto& value : values_) value = {};
    }

private:
    struct Value {
        enum_field_types type = MYSQL_TYPE_NULL;
        std::string text;
        std::int64_t number = 0;
    };
    struct Column {
        std::string buffer = std::string(64, '\0');
        unsigned long length = 0;
        my_bool is_null = 0;
    };

    const Column& at(int column) const { return columns_[static_cast<std::size_t>(column)]; }

    void set(int index, const Value& value) {
        for (std::size_t i = 0; i < values_.size(); ++i)
            if (spelled_.parameters[i] == index) values_[i] = value;
    }

    [[noreturn]] void fail() {
        db_.fail(mysql_stmt_errno(statement_), mysql_stmt_error(statement_), Statement::text());
    }

    void run() {
        has_run_ = true;
        std::vector<MYSQL_BIND> binds(values_.size());
        for (std::size_t i = 0; i < values_.size(); ++i) {
            auto& value = values_[i];
            bool is_text = value.type == MYSQL_TYPE_STRING;
            binds[i].buffer_type = value.type;
            binds[i].buffer = is_text ? static_cast<void*>(value.text.data()) : &value.number;
            binds[i].buffer_length = value.text.size();
        }
        if (!binds.empty() && mysql_stmt_bind_param(statement_, binds.data()) != 0) fail();
        if (mysql_stmt_execute(statement_) != 0) fail();
        columns_.resize(mysql_stmt_field_count(statement_));
        if (columns_.empty()) return;
        if (mysql_stmt_store_result(statement_) != 0) fail();  // others may use the connection now
        bind_columns();
    }

    void bind_columns() {
        results_.assign(columns_.size(), MYSQL_BIND{});
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            results_[i].buffer_type = MYSQL_TYPE_STRING;
            results_[i].buffer = columns_[i].buffer.data();
            results_[i].buffer_length = columns_[i].buffer.size();
            results_[i].length = &columns_[i].length;
            results_[i].is_null = &columns_[i].is_null;
        }
        if (mysql_stmt_bind_result(statement_, results_.data()) != 0) fail();
    }

    /// Gives each value that was too long a buffer that is long enough, for the next rows as well.
    void fetch_long_ones() {
        bool grown = false;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            auto& column = columns_[i];
            if (column.is_null || column.length <= column.buffer.size()) continue;
            grown = true;
            column.buffer.resize(std::max<std::size_t>(column.length, 2 * column.buffer.size()));
            results_[i].buffer = column.buffer.data();
            results_[i].buffer_length = column.buffer.size();
            auto number = static_cast<unsigned>(i);
            if (mysql_stmt_fetch_column(statement_, &results_[i], number, 0) != 0) fail();
        }
        if (grown && mysql_stmt_bind_result(statement_, results_.data()) != 0) fail();
    }

    Mariadb& db_;
    Spelled spelled_;
    MYSQL_STMT* statement_;
    std::vector<Value> values_;
    std::vector<Column> columns_;
    std::vector<MYSQL_BIND> results_;
    bool has_run_ = false;
};

Mariadb::Mariadb(const Database& database, Mode mode) : connection_(mysql_init(nullptr)) {
    Settings settings(connection_, database);
    auto text = [](const std::string& value) { return value.empty() ? nullptr : value.c_str(); };
    try {
        settings.apply();
        // As everybody else reads the URL; by itself it would take localhost for a socket.
        unsigned tcp = MYSQL_PROTOCOL_TCP;
        if (database.unix_socket.empty()) mysql_options(connection_, MYSQL_OPT_PROTOCOL, &tcp);
        // Rows that were found count as changed, as in the other databases.
        auto* made = mysql_real_connect(
            connection_, text(database.host), text(database.user), text(database.password.reveal()),
            database.name.c_str(), database.port, text(database.unix_socket), CLIENT_FOUND_ROWS);
        if (!made)
            throw Error(503, "database_lost",
                        fmt::format("The database {} can not be reached: {}", database.label(),
                                    mysql_error(connection_)));
        if (settings.needs_tls() && !mysql_get_ssl_cipher(connection_))
            throw Error(500, "database",
                        fmt::format("The database {} offers no TLS, which the URL asks for: give "
                                    "the server a certificate, or take the ssl_ parameters out.",
                                    database.label()));
        notice_silence(mysql_get_socket(connection_));
        settle(mode);
    } catch (...) {
        mysql_close(connection_);
        throw;
    }
}

/// Makes the session speak the house's SQL. A writer must fail that meets a row changed since its
/// snapshot; servers too old to promise that lock every row that is read instead.
void Mariadb::settle(Mode mode) {
    execute(
        "SET SESSION sql_mode='ANSI_QUOTES,STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES', "
        "SESSION collation_connection=utf8mb4_nopad_bin, SESSION max_sort_length=20000");
    execute(
        fmt::format("SET SESSION innodb_lock_wait_timeout={}, SESSION idle_transaction_timeout={}",
                    kLockLimit.count(), idle_limit(mode).count()));
    execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    if (mode == Mode::read_only) return;
    try {
        execute("SET SESSION innodb_snapshot_isolation=ON");
    } catch (const Error&) {
        execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    }
}

void Mariadb::fail(unsigned code, const std::string& why, std::string_view doing) {
    if (is_lost(code)) {
        suffer(Harm::connection);
        throw Error(503, "database_lost",
                    "The connection to the database was lost: try again in a moment.");
    }
    if (code == ER_DUP_ENTRY) throw Error(409, "duplicate", violated_column(why, doing));
    if (is_undone_for_another(code)) {
        suffer(Harm::transaction);
        throw Error(503, "database_busy", "Others change the same rows: try again in a moment.");
    }
    if (code == ER_DATA_TOO_LONG)
        throw InvalidValue(fmt::format("A text is longer than the database keeps: {}", why));
    bool full = code == ER_DISK_FULL || code == ER_RECORD_FILE_FULL;
    throw Error(500, full ? "disk_full" : "database",
                fmt::format("Database: {} failed: {}", doing, why));
}

std::unique_ptr<Statement> Mariadb::prepare(std::string_view text) {
    return std::make_unique<MariadbStatement>(*this, text);
}

}  // namespace

std::unique_ptr<Sql> open_mariadb(const Database& database, Sql::Mode mode) {
    return std::make_unique<Mariadb>(database, mode);
}

}  // namespace ferrite::store
