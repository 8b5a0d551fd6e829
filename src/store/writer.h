#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "store/sql.h"

namespace ferrite::store {

/// The thread through which everything is written. It commits all that wait together: a hundred
/// writers cost one flush, and each still has a transaction of its own (a savepoint) that fails
/// alone.
///
/// Where several programs share a database, a transaction that loses a race against another one, or
/// its connection, runs again from its beginning.
class Writer {
public:
    using Connect = std::function<std::unique_ptr<Sql>()>;

    /// A transaction that waits for its turn, and how to tell its asker how it ended.
    struct Job {
        std::function<void(Sql&)> work;  ///< May run more than once; only the last run counts.
        std::function<void()> told;
        std::exception_ptr failure;  ///< Set before `told`, or null when it is durable.
    };

    /// `connect` makes the connection, now and whenever it was lost. `refreshed` is called on the
    /// thread when the statistics have been taken anew by which queries are planned.
    Writer(Connect connect, std::function<void()> refreshed);
    /// Commits what still waits.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// The connection; only before start().
    Sql& connection();
    void start();

    /// Throws Error "stopping" at the end. Any thread.
    void push(std::shared_ptr<Job> job);

    /// How often something was made durable.
    std::size_t commits() const;
    /// See Store::end_after().
    void end_after(std::size_t commits);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::store
