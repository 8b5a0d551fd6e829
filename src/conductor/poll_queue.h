#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/runtime.h"

namespace ferrite::conductor {

/// The looks at hardware that nobody asked for, so many at a time and no more, first come first
/// served. A look that lasts gives its place to the next in line, so that a thousand machines that
/// do not answer hold up none that does.
///
///     PollQueue polls(runtime, {.places = 256}, [](std::string uuid) { return look(uuid); });
///     polls.push(uuid);
///
/// Any thread. Looks that are under way when it goes are not waited for.
class PollQueue {
public:
    struct Options {
        unsigned places = 256;
        unsigned slow_places =
            1024;  ///< For looks that last; when all are taken, they keep theirs.
        std::chrono::milliseconds patience{2'000};  ///< From when on a look is one that lasts.
    };
    /// Must not borrow from what may go before the runtime has stopped.
    using Look = std::function<Task<>(std::string uuid)>;

    PollQueue(Runtime& runtime, Options options, Look look);
    ~PollQueue();
    PollQueue(const PollQueue&) = delete;
    PollQueue& operator=(const PollQueue&) = delete;

    void push(std::string uuid);

    /// Begins no look any more.
    void stop();

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
