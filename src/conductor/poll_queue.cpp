#include "conductor/poll_queue.h"

#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "conductor/failure.h"

namespace ferrite::conductor {

using Clock = std::chrono::steady_clock;

struct PollQueue::State : std::enable_shared_from_this<State> {
    struct Running {
        Clock::time_point since;
        bool slow = false;
    };
    using Place = std::list<Running>::iterator;

    Runtime& runtime;
    const Options options;
    const Look look;
    std::mutex mutex;
    std::deque<std::string> waiting;
    std::list<Running> running;  ///< Oldest first; those that are slow come before the others.
    Place first_quick = running.end();
    unsigned quick = 0;
    unsigned slow = 0;
    bool relieving = false;
    bool stopped = false;

    State(Runtime& r, Options o, Look l) : runtime(r), options(o), look(std::move(l)) {}

    /// Takes the next in line, when there is a place for it.
    std::optional<std::pair<std::string, Place>> take() {
        std::lock_guard lock(mutex);
        if (stopped || waiting.empty() || quick >= options.places) return std::nullopt;
        auto uuid = std::move(waiting.front());
        waiting.pop_front();
        auto place = running.insert(running.end(), Running{Clock::now()});
        if (first_quick == running.end()) first_quick = place;
        ++quick;
        return std::pair(std::move(uuid), place);
    }

    void give_back(Place place) {
        std::lock_guard lock(mutex);
        --(place->slow ? slow : quick);
        if (place == first_quick) ++first_quick;
        running.erase(place);
    }

    /// Counts those that last among the slow. False when there is nothing left to look after.
    bool relieve() {
        std::lock_guard lock(mutex);
        auto late = Clock::now() - options.patience;
        while (first_quick != running.end() && first_quick->since <= late &&
               slow < options.slow_places) {
            first_quick->slow = true;
            ++first_quick;
            --quick;
            ++slow;
        }
        relieving = !stopped && quick > 0;
        return relieving;
    }

    bool has_to_begin_relieving() {
        std::lock_guard lock(mutex);
        return quick > 0 && !std::exchange(relieving, true);
    }

    void fill() {
        while (auto next = take())
            runtime.spawn("poll of node " + next->first,
                          run(shared_from_this(), std::move(next->first), next->second));
        if (has_to_begin_relieving())
            runtime.spawn("polls that last", keep_relieving(shared_from_this()));
    }

    static Task<> run(std::shared_ptr<State> self, std::string uuid, Place place) {
        auto failure = co_await failure_of(self->look(uuid));
        if (failure) log_error("POLL_FAILED", "node={} error={}", uuid, *failure);
        self->give_back(place);
        self->fill();
    }

    static Task<> keep_relieving(std::shared_ptr<State> self) {
        for (bool more = true; more;) {
            co_await sleep_for(self->options.patience / 4);
            more = self->relieve();
            self->fill();
        }
    }
};

PollQueue::PollQueue(Runtime& runtime, Options options, Look look)
    : state_(std::make_shared<State>(runtime, options, std::move(look))) {}

PollQueue::~PollQueue() {
    stop();
}

void PollQueue::push(std::string uuid) {
    {
        std::lock_guard lock(state_->mutex);
        if (state_->stopped) return;
        state_->waiting.push_back(std::move(uuid));
    }
    state_->fill();
}

void PollQueue::stop() {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    state_->waiting.clear();
}

}  // namespace ferrite::conductor
