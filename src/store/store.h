#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/task.h"
#include "store/sql.h"

namespace ferrite::store {

/// The database of the service: SQLite in WAL mode, every commit on the disk before anybody is told
/// (`synchronous=FULL`).
///
/// Reads run on the calling worker, on a pooled connection, and see one consistent snapshot. Writes
/// go to the one writer thread, which commits all that wait together: a hundred writers cost one
/// flush, and each still has a transaction of its own (a savepoint) that fails alone.
///
///     auto node = store.read([&](Sql& db) { return nodes::find(db, id); });
///     co_await store.write([&](Sql& db) { nodes::update(db, node); });
class Store {
public:
    struct Options {
        std::string path;      ///< File, or ":memory:" is not supported: tests use a directory.
        unsigned readers = 4;  ///< Read connections kept open.
    };

    /// Opens the database and brings its schema up to date. Throws Error naming file and cause.
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
        Reading reading(*this);
        return f(reading.db());
    }

    /// Runs `f(Sql&)` once, as one transaction on the writer thread; resumes when it is durable.
    /// What `f` throws undoes it and is thrown here. `f` may borrow from the awaiting coroutine's
    /// frame. A full disk (Error "disk_full") also undoes others that were to be committed with it,
    /// and they are told so.
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
    class Reading {
    public:
        explicit Reading(Store& store);
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        Sql& db() { return *connection_; }

    private:
        Store& store_;
        std::unique_ptr<Sql> connection_;
    };

    Task<> write_erased(std::function<void(Sql&)> f);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::store
