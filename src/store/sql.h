#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ferrite::store {

class Dialect;

/// A prepared statement of one of the databases: what a Query runs. One class for each database.
/// Parameters that the statement does not name are ignored.
class Statement {
public:
    explicit Statement(std::string text) : text_(std::move(text)) {}
    virtual ~Statement() = default;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// As the house wrote it, before the database's own spelling.
    const std::string& text() const { return text_; }

    virtual void bind(int index, std::string_view text) = 0;
    virtual void bind(int index, std::int64_t number) = 0;
    virtual void bind_null(int index) = 0;
    virtual bool step() = 0;
    virtual std::int64_t changed() = 0;  ///< Rows that the run has changed.
    virtual bool is_null(int column) const = 0;
    virtual std::string_view text(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    /// Forgets rows and parameters; never throws.
    virtual void reset() = 0;

private:
    std::string text_;
};

/// One statement of a connection; parameters and columns count from 0. Prepared statements are kept
/// by the connection for the next Query of the same text.
///
///     Query q(db, "SELECT uuid FROM nodes WHERE driver = ?");
///     q.bind(0, driver);
///     while (q.step()) names.push_back(std::string(q.text(0)));
///
/// The text is SQL that all databases of the house understand, and what dialect.h adds to it.
///
/// Errors: throws Error; a violated UNIQUE constraint has the code "duplicate" and names its column
/// ("nodes.name") as the message. What a failure does to the transaction: Sql::harm().
class Query {
public:
    Query(class Sql& db, std::string_view text);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    Query& bind(int index, std::string_view text) { return statement_->bind(index, text), *this; }
    Query& bind(int index, std::int64_t number) { return statement_->bind(index, number), *this; }
    Query& bind_null(int index) { return statement_->bind_null(index), *this; }

    /// Runs to the next row; false when there is none left.
    bool step() { return statement_->step(); }
    /// Runs to the end and returns how many rows were changed, or were found to be so already.
    std::int64_t run();

    bool is_null(int column) const { return statement_->is_null(column); }
    /// Valid until the next step(); for NULL a view of no data (`data()` is null).
    std::string_view text(int column) const { return statement_->text(column); }
    std::int64_t integer(int column) const { return statement_->integer(column); }

private:
    Sql& db_;
    std::unique_ptr<Statement> statement_;
};

/// What failed statements have done to the open transaction, or to the connection.
enum class Harm {
    none,         ///< Nothing beyond the statement itself.
    transaction,  ///< Undone for the sake of another one's: run again, it may well succeed.
    connection,   ///< Gone, and the open transaction with it.
};

/// One connection to a database. Not for two threads at once.
class Sql {
public:
    enum class Mode { read_write, read_only };

    Sql();
    virtual ~Sql();
    Sql(const Sql&) = delete;
    Sql& operator=(const Sql&) = delete;

    /// How this database says what databases say differently.
    virtual const Dialect& dialect() const = 0;
    /// Runs statements without parameters or rows, in the database's own spelling.
    virtual void execute(const std::string& statements) = 0;
    virtual std::int64_t last_insert_id() = 0;
    /// False outside of BEGIN and COMMIT, also when a failure has ended the transaction: SQLite
    /// undoes all of it when the disk is full.
    virtual bool in_transaction() const = 0;

    /// Since the last begin().
    Harm harm() const { return harm_; }

    /// Begins a transaction that writes or, when `mode` is read_only, one that sees one snapshot.
    void begin(Mode mode);
    void commit();
    void rollback();

protected:
    /// Called by the destructors of connections, whose statements must go before them.
    void forget_statements() { idle_.clear(); }
    void suffer(Harm harm) { harm_ = std::max(harm_, harm); }

private:
    friend class Query;

    virtual std::unique_ptr<Statement> prepare(std::string_view text) = 0;
    std::unique_ptr<Statement> take(std::string_view text);
    void give_back(std::unique_ptr<Statement> statement);

    /// Keyed by Statement::text(), which a statement keeps for as long as it lives.
    std::unordered_map<std::string_view, std::unique_ptr<Statement>> idle_;
    Harm harm_ = Harm::none;
};

/// Runs `f()` inside the open transaction; what it throws undoes it alone, and who catches that may
/// go on with the transaction (which PostgreSQL allows in no other way).
template <class F>
void all_or_nothing(Sql& db, F f) {
    Query(db, "SAVEPOINT part").run();
    try {
        f();
    } catch (...) {
        if (db.in_transaction() && db.harm() == Harm::none) Query(db, "ROLLBACK TO part").run();
        throw;
    }
    Query(db, "RELEASE SAVEPOINT part").run();
}

}  // namespace ferrite::store
