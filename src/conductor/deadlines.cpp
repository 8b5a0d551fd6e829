#include "conductor/deadlines.h"

#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace ferrite::conductor {
namespace {

/// How late a moment may be noticed. Nothing here is more exact than seconds.
constexpr auto kTick = std::chrono::milliseconds(200);

}  // namespace

struct Deadlines::State {
    using Clock = std::chrono::steady_clock;
    using Key = std::pair<Kind, std::string>;

    Runtime& runtime;
    std::mutex mutex;
    std::map<Key, Clock::time_point> moments;
    std::set<std::pair<Clock::time_point, Key>> queue;
    bool stopped = false;

    explicit State(Runtime& r) : runtime(r) {}

    void remove(const Key& key) {
        auto known = moments.find(key);
        if (known == moments.end()) return;
        queue.erase({known->second, key});
        moments.erase(known);
    }

    std::vector<Key> take_due() {
        std::lock_guard lock(mutex);
        std::vector<Key> due;
        while (!queue.empty() && queue.begin()->first <= Clock::now()) {
            due.push_back(queue.begin()->second);
            remove(due.back());
        }
        return due;
    }

    bool is_stopped() {
        std::lock_guard lock(mutex);
        return stopped;
    }

    static Task<> run(std::shared_ptr<State> self, OnDue on_due) {
        while (!self->is_stopped()) {
            for (const auto& [kind, uuid] : self->take_due()) on_due(kind, uuid);
            co_await sleep_for(kTick);
        }
    }
};

Deadlines::Deadlines(Runtime& runtime) : state_(std::make_shared<State>(runtime)) {}

Deadlines::~Deadlines() {
    stop();
}

void Deadlines::set(Kind kind, const std::string& uuid,
                    std::chrono::steady_clock::duration from_now) {
    std::lock_guard lock(state_->mutex);
    State::Key key{kind, uuid};
    state_->remove(key);
    auto when = State::Clock::now() + from_now;
    state_->moments[key] = when;
    state_->queue.insert({when, key});
}

void Deadlines::cancel(Kind kind, const std::string& uuid) {
    std::lock_guard lock(state_->mutex);
    state_->remove({kind, uuid});
}

void Deadlines::start(OnDue on_due) {
    state_->runtime.spawn("deadlines", State::run(state_, std::move(on_due)));
}

void Deadlines::stop() {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
}

}  // namespace ferrite::conductor
