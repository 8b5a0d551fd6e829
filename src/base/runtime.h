#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/task.h"

namespace ferrite {

/// The threads of the process and the clockwork on them. A part that starts work takes a Runtime
/// or an Executor in its constructor; nobody makes threads of his own.
///
///     Runtime runtime({.threads = 2, .name = "conductor"});
///     runtime.spawn("power sync of node-7", sync_power(node));
///     runtime.stop();   // cancels nothing: ends when the work that runs is done
class Runtime {
public:
    struct Options {
        unsigned threads = 2;
        std::string name = "worker";  ///< Thread name, at most 12 characters.
    };

    explicit Runtime(Options options);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// The pool itself. Safe from any thread.
    Executor executor() const;

    /// A fresh strand of the pool: work posted to it never runs at the same time. Any thread.
    Executor strand() const;

    /// Starts a coroutine on `executor` (the pool when none is given). What it throws is logged
    /// under `name`, never lost. Any thread.
    void spawn(std::string name, Task<> work);
    void spawn(std::string name, Executor executor, Task<> work);

    /// Runs `work` on the pool and waits for its result on the calling thread, which must not be
    /// one of the pool. For tests and for start-up.
    void run(Task<> work);

    /// Stops the threads after the handlers that are running; what waits is dropped.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Resumes after `delay` on the executor of the calling coroutine.
Task<> sleep_for(std::chrono::steady_clock::duration delay);

/// Lets one coroutine wait until another, on any thread, calls `set()`; stays set. Both may be
/// called from any thread.
class Signal {
public:
    Signal();
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void set();
    bool is_set() const;

    /// True when set, false when `timeout` passed first.
    Task<bool> wait_for(std::chrono::steady_clock::duration timeout);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite
