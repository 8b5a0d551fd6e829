#include "base/periodic.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <utility>

#include "base/log.h"

namespace ferrite {
namespace {

using std::chrono::milliseconds;

milliseconds between(milliseconds shortest, milliseconds longest) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<std::int64_t> some(shortest.count(), longest.count());
    return milliseconds(some(random));
}

}  // namespace

milliseconds jittered(milliseconds interval) {
    return between(interval - interval / 10, interval);
}

milliseconds somewhere_in(milliseconds interval) {
    return between(milliseconds(0), std::max(interval, milliseconds(0)));
}

struct Periodic::State {
    std::string name;
    milliseconds interval;
    std::function<Task<>()> work;
    Signal stop;

    State(std::string n, milliseconds i, std::function<Task<>()> w)
        : name(std::move(n)), interval(i), work(std::move(w)) {}

    static Task<> run(std::shared_ptr<State> self) {
        while (!co_await self->stop.wait_for(jittered(self->interval))) {
            std::string failure;
            try {
                co_await self->work();
            } catch (const std::exception& error) {
                failure = error.what();
            }
            if (!failure.empty())
                log_error("PERIODIC_FAILED", "task=\"{}\" error={}", self->name, failure);
        }
    }
};

Periodic::Periodic(Runtime& runtime, std::string name, milliseconds interval,
                   std::function<Task<>()> work)
    : state_(std::make_shared<State>(std::move(name), interval, std::move(work))) {
    if (interval.count() > 0) runtime.spawn(state_->name, State::run(state_));
}

Periodic::~Periodic() {
    state_->stop.set();
}

}  // namespace ferrite
