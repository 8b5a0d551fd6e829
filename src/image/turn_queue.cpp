#include "image/turn_queue.h"

#include <deque>

#include <fmt/format.h>

#include "base/error.h"
#include "base/mutex.h"
#include "base/runtime.h"

namespace ferrite::image {

struct TurnQueue::State {
    std::string name;
    Mutex mutex;
    unsigned free FERRITE_GUARDED_BY(mutex) = 1;
    std::deque<std::shared_ptr<Signal>> line FERRITE_GUARDED_BY(mutex);

    void give_back() {
        MutexLock lock(mutex);
        if (line.empty()) {
            ++free;
            return;
        }
        line.front()->set();  // The turn passes on without ever being free.
        line.pop_front();
    }
};

/// A place in the line. Leaves it when its coroutine ends without having used its turn.
struct TurnQueue::Waiting {
    std::shared_ptr<State> state;
    std::shared_ptr<Signal> signal = std::make_shared<Signal>();
    bool settled = false;

    /// True when the turn had already been given.
    bool leave() {
        settled = true;
        MutexLock lock(state->mutex);
        return std::erase(state->line, signal) == 0;
    }

    ~Waiting() {
        if (!settled && leave()) state->give_back();
    }
};

TurnQueue::TurnQueue(std::string name, unsigned limit) : state_(std::make_shared<State>()) {
    state_->name = std::move(name);
    MutexLock lock(state_->mutex);
    state_->free = limit;
}

TurnQueue::~TurnQueue() = default;

Task<TurnQueue::Turn> TurnQueue::take(std::chrono::milliseconds timeout) {
    auto state = state_;
    Waiting waiting{.state = state};
    {
        MutexLock lock(state->mutex);
        if (state->free > 0) {
            --state->free;
            waiting.settled = true;
        } else {
            state->line.push_back(waiting.signal);
        }
    }
    if (!waiting.settled) {
        bool given = co_await waiting.signal->wait_for(timeout);
        if (!waiting.leave() && !given)
            throw Error(503, "busy",
                        fmt::format("Waited {} s for {}; try again later.", timeout.count() / 1000,
                                    state->name));
    }
    co_return Turn(state);
}

TurnQueue::Turn::~Turn() {
    if (state_) state_->give_back();
}

}  // namespace ferrite::image
