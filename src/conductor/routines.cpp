#include "conductor/routines.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/periodic.h"
#include "conductor/failure.h"
#include "conductor/poll_queue.h"
#include "conductor/power_sync.h"
#include "conductor/sensor_data.h"

namespace ferrite::conductor {

using Kind = Deadlines::Kind;
using std::chrono::milliseconds;

struct Routines::State : std::enable_shared_from_this<State> {
    std::shared_ptr<Services> kept;
    Services& services;
    Again again;
    PowerSync power_sync;
    std::map<Kind, PollQueue> polls;  ///< Only of what is looked at at all.
    std::atomic<bool> stopping = false;

    State(Services& s, Again a)
        : kept(s.shared_from_this()), services(s), again(std::move(a)), power_sync(s) {}

    void make_polls();
    static Task<> look(std::weak_ptr<State> weak, Kind kind, std::string uuid);
};

namespace {

/// A kind of look.
struct Routine {
    Kind kind;
    /// How often; zero: never.
    milliseconds (*interval)(const Services& services);
    PollQueue::Options (*places)(const Options& options);
    /// One look. Returns after how long to look again; zero: never, the node is gone.
    Task<milliseconds> (*look)(Services* services, PowerSync* power_sync, std::string uuid);
};

milliseconds power_interval(const Services& services) {
    return services.options.sync_power_state_interval;
}
PollQueue::Options power_places(const Options& options) {
    return {.places = options.power_sync_workers};
}
Task<milliseconds> look_at_power(Services*, PowerSync* power_sync, std::string uuid) {
    return power_sync->look(std::move(uuid));
}

milliseconds sensor_interval(const Services& services) {
    return services.notifier().wants_sensors() ? services.options.sensors.interval
                                               : milliseconds(0);
}
PollQueue::Options sensor_places(const Options& options) {
    return {.places = options.sensors.workers, .patience = options.sensors.patience};
}
Task<milliseconds> look_at_sensors(Services* services, PowerSync*, std::string uuid) {
    return send_sensor_data(services, std::move(uuid));
}

constexpr std::array kRoutines = {
    Routine{Kind::power_sync, power_interval, power_places, look_at_power},
    Routine{Kind::sensors, sensor_interval, sensor_places, look_at_sensors},
};

/// An interval runs from the beginning of a look, so that a slow machine is seen as often as
/// others; but never is one looked at all the time.
milliseconds left_of(milliseconds interval, std::chrono::steady_clock::time_point begin) {
    auto lasted = std::chrono::steady_clock::now() - begin;
    auto left = interval - std::chrono::duration_cast<milliseconds>(lasted);
    return std::max(left, std::max(interval / 4, milliseconds(1)));
}

Task<> keep_interval(milliseconds* again, Task<milliseconds> look) {
    *again = co_await std::move(look);
}

}  // namespace

void Routines::State::make_polls() {
    for (const auto& routine : kRoutines) {
        if (routine.interval(services).count() <= 0) continue;
        polls.try_emplace(routine.kind, services.runtime, routine.places(services.options),
                          [weak = weak_from_this(), kind = routine.kind](std::string uuid) {
                              return look(weak, kind, std::move(uuid));
                          });
    }
}

Task<> Routines::State::look(std::weak_ptr<State> weak, Kind kind, std::string uuid) {
    auto self = weak.lock();
    if (!self) co_return;
    for (const auto& routine : kRoutines) {
        if (routine.kind != kind) continue;
        auto begin = std::chrono::steady_clock::now();
        auto next = routine.interval(self->services);
        auto failure = co_await failure_of(
            keep_interval(&next, routine.look(&self->services, &self->power_sync, uuid)));
        if (failure) log_error("ROUTINE_FAILED", "node={} error={}", uuid, *failure);
        if (next.count() > 0 && !self->stopping) self->again(kind, uuid, left_of(next, begin));
    }
}

Routines::Routines(Services& services, Again again)
    : state_(std::make_shared<State>(services, std::move(again))) {
    state_->make_polls();
}

Routines::~Routines() {
    stop();
}

void Routines::watch(const std::string& uuid) {
    // First looks begin in the first half: a BMC that takes seconds for each packet of a login is
    // to be read within one interval as well.
    for (const auto& routine : kRoutines)
        if (state_->polls.contains(routine.kind))
            state_->again(routine.kind, uuid, somewhere_in(routine.interval(state_->services) / 2));
}

bool Routines::take(Kind kind, const std::string& uuid) {
    auto found = state_->polls.find(kind);
    if (found == state_->polls.end()) return false;
    found->second.push(uuid);
    return true;
}

void Routines::stop() {
    state_->stopping = true;
    for (auto& [kind, queue] : state_->polls) queue.stop();
}

std::vector<Kind> Routines::kinds() {
    std::vector<Kind> all;
    for (const auto& routine : kRoutines) all.push_back(routine.kind);
    return all;
}

}  // namespace ferrite::conductor
