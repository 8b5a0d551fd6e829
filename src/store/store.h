#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/task.h"
#include "store/database.h"
#include "store/sql.h"

namespace ferrite::store {

/// The database of the service: SQLite in WAL mode, PostgreSQL or MariaDB. Every commit is on the
/// disk before anybody is told.
///
/// Reads run on the calling worker, on a pooled connection, and see one consistent snapshot. Writes
/// go to the one writer thread (writer.h), which commits all that wait together.
///
///     auto node = store.read([&](Sql& db) { return nodes::find(db, id); });
///     co_await store.write([&](Sql& db) { nodes::update(db, node); });
class Store {
public:
    struct Options {
        std::string path;      ///< Short for a database that is this SQLite file.
        unsigned readers = 4;  ///< Read connections kept open.
        Database database;
        // Of servers:
        unsigned overflow = 50;  ///< Read connections beyond `readers` when all are in use.
        std::chrono::seconds pool_timeout{30};  ///< How long a reader waits for one of them.
        std::chrono::seconds recycle{3600};     ///< Age at which one is replaced.
        int retries = 10;                       ///< To connect at the start; negative: without end.
        std::chrono::seconds retry_interval{10};
        bool auto_upgrade = false;  ///< Upgrade the schema of a server too.
    };

    /// Opens the database and brings its schema up to date; the schema of a server, which other
    /// programs use as well, only with `auto_upgrade`. Throws Error naming database and cause.
    explicit Store(Options options);
    /// Commits what still waits. A Runtime whose coroutines wait here is stopped before and
    /// destroyed after: the writer resumes them on it, and borrows from their frames.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Runs `f(Sql&)` on a snapshot and returns what it returns. Blocks for milliseconds. Any
    /// thread.
    template <class F>
    auto read(F&& f) -> std::invoke_result_t<F, Sql&> {
        Reading reading(*this, Snapshot::kept);
        return f(reading.db());
    }

    /// The same for an `f` whose statements need not see the same moment, as when it runs only one:
    /// SQLite does without a transaction then, which is half of what a look at one row costs.
    template <class F>
    auto look_up(F&& f) -> std::invoke_result_t<F, Sql&> {
        Reading reading(*this, Snapshot::none);
        return f(reading.db());
    }

    /// Runs `f(Sql&)` as one transaction on the writer thread; resumes when it is durable. What `f`
    /// throws undoes it and is thrown here. `f` may borrow from the awaiting coroutine's frame.
    ///
    /// With a server `f` may run more than once, when other programs change the same rows: each run
    /// is undone but the last, so `f` must give the same whatever a run before has left in what it
    /// captures. Errors beside its own: "disk_full", which also undoes others that were to be
    /// committed with it; "database_lost" and "database_busy", when nothing was changed; and
    /// "database_in_doubt", when nobody knows.
    template <class F>
    auto write(F f) -> Task<std::invoke_result_t<F, Sql&>> {
        using Result = std::invoke_result_t<F, Sql&>;
        if constexpr (std::is_void_v<Result>) {
            co_await write_erased([&f](Sql& db) { f(db); });
        } else {
            std::optional<Result> result;
            co_await write_erased([&](Sql& db) { result.emplace(f(db)); });
            co_return std::move(*result);
        }
    }

    /// How often something was made durable since the store was opened.
    std::size_t commits() const;
    /// For tests of what a kill leaves behind: once commits() has come so far, no writer hears from
    /// the store any more, as if the process had ended there.
    void end_after(std::size_t commits);

    /// The same for callers that are no coroutine; blocks until it is durable. Not on the writer.
    void write_now(const std::function<void(Sql&)>& f);

private:
    enum class Snapshot { kept, none };

    class Reading {
    public:
        Reading(Store& store, Snapshot snapshot);
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        Sql& db();

    private:
        struct Borrowed;
        Store& store_;
        bool begun_;  ///< A transaction.
        std::unique_ptr<Borrowed> borrowed_;
    };

    Task<> write_erased(std::function<void(Sql&)> f);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::store
