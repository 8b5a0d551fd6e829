#pragma once

#include <memory>

#include "base/task.h"

namespace ferrite {

/// A one-shot bridge from any thread to the coroutine that waits: how work that is done elsewhere
/// (the database writer, a protocol's reply) wakes its asker.
///
///     Completion done;
///     queue.push({job, done});
///     co_await done.wait();      // resumes on the executor of this coroutine
///
/// Copies share one state. complete() may come before wait(); both at most once.
class Completion {
public:
    Completion();

    /// Any thread; never blocks.
    void complete();
    Task<> wait();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite
