#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace ferrite::store {

/// One prepared statement of a connection; parameters and columns count from 0. Prepared statements
/// are kept by the connection for the next Query of the same text.
///
///     Query q(db, "SELECT uuid FROM nodes WHERE driver = ?");
///     q.bind(0, driver);
///     while (q.step()) names.push_back(std::string(q.text(0)));
///
/// Errors: throws Error; a violated UNIQUE constraint has the code "duplicate" and names its column
/// ("nodes.name") as the message.
class Query {
public:
    Query(class Sql& db, std::string_view text);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    Query& bind(int index, std::string_view text);
    Query& bind(int index, std::int64_t number);
    Query& bind_null(int index);

    /// Runs to the next row; false when there is none left.
    bool step();
    /// Runs to the end and returns how many rows were changed.
    std::int64_t run();

    bool is_null(int column) const;
    /// Valid until the next step(); for NULL a view of no data (`data()` is null).
    std::string_view text(int column) const;
    std::int64_t integer(int column) const;

private:
    Sql& db_;
    sqlite3_stmt* statement_;
};

/// One connection to the database. Not for two threads at once.
class Sql {
public:
    enum class Mode { read_write, read_only };

    /// Opens `path`, makes it when it is missing and `mode` allows. Throws Error that names it.
    Sql(const std::string& path, Mode mode);
    ~Sql();
    Sql(const Sql&) = delete;
    Sql& operator=(const Sql&) = delete;

    /// Runs statements without parameters or rows.
    void execute(const char* statements);
    std::int64_t last_insert_id() const;
    /// False outside of BEGIN and COMMIT, also when a failure has ended the transaction: SQLite
    /// undoes all of it when the disk is full.
    bool in_transaction() const;

private:
    friend class Query;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::store
