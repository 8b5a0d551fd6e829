#include "conductor/background.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <random>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/allocations.h"
#include "conductor/deadlines.h"
#include "conductor/failure.h"
#include "conductor/node_session.h"
#include "conductor/operations.h"
#include "conductor/poll_queue.h"
#include "conductor/power_sync.h"
#include "conductor/state_change.h"
#include "conductor/wait_timeouts.h"
#include "model/states.h"
#include "store/conductors.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::array kBusyStates = {states::verifying, states::cleaning,   states::deploying,
                                    states::deleting,  states::adopting,   states::inspecting,
                                    states::rescuing,  states::unrescuing, states::servicing};
constexpr std::array kWaitStates = {states::deploy_wait, states::clean_wait, states::rescue_wait,
                                    states::inspect_wait, states::service_wait};
constexpr auto kDrainPoll = std::chrono::milliseconds(20);

/// A look at a waiting node that came to nothing is repeated.
constexpr std::chrono::seconds kAfterTrouble{10};

bool is_busy(const model::Node& node) {
    return std::ranges::find(kBusyStates, node.provision_state.value_or("")) != kBusyStates.end();
}

/// What was under way when the process ended has failed.
Task<> fail_interrupted(Services* services, NodeSession* session, std::string why) {
    auto& node = session->node;
    session->record_error(
        "startup failure",
        fmt::format("The {} state can't be resumed by conductor {}. Moving to fail state.{}",
                    node.provision_state.value_or(""), services->options.host, why));
    change_state(node, "fail", Follows::nothing);
    co_return;
}

/// How a node that was found busy goes on.
Work work_for_interrupted(NodeSession& session) {
    std::string why;
    try {
        session.resolve_interfaces();
        auto work = resumed_work(session.node);
        if (work && session.services().options.resume_interrupted) return std::move(*work);
    } catch (const Error& error) {
        why = " " + error.message();
    }
    return [why = std::move(why)](Services* services, NodeSession* held) {
        return fail_interrupted(services, held, why);
    };
}

}  // namespace

struct Background::State : std::enable_shared_from_this<State> {
    std::shared_ptr<Services> kept;
    Services& services;
    PowerSync power_sync;
    Deadlines deadlines;
    std::atomic<bool> stopping = false;
    std::optional<PollQueue> power_polls;  ///< Once there is something to point to.

    explicit State(Services& s)
        : kept(s.shared_from_this()), services(s), power_sync(s), deadlines(s.runtime) {}

    void make_polls() {
        power_polls.emplace(services.runtime,
                            PollQueue::Options{.places = services.options.power_sync_workers},
                            [weak = weak_from_this()](std::string uuid) {
                                return sync_power(weak.lock(), std::move(uuid));
                            });
    }

    bool syncs_power() const { return services.options.sync_power_state_interval.count() > 0; }

    void watch_wait(const model::Node& node) {
        if (auto left = wait_left(services.options, node))
            deadlines.set(Deadlines::Kind::wait_timeout, node.uuid, *left);
    }

    /// Spreads the first looks over one interval.
    void watch_power(const std::string& uuid) {
        if (!syncs_power()) return;
        thread_local std::minstd_rand random{std::random_device{}()};
        auto interval = std::chrono::milliseconds(services.options.sync_power_state_interval);
        std::uniform_int_distribution<std::int64_t> somewhere(0, interval.count());
        deadlines.set(Deadlines::Kind::power_sync, uuid,
                      std::chrono::milliseconds(somewhere(random)));
    }

    void on_due(Deadlines::Kind kind, const std::string& uuid) {
        if (stopping) return;
        if (kind == Deadlines::Kind::wait_timeout) {
            services.runtime.spawn("wait time-out of node " + uuid,
                                   look_at_wait(shared_from_this(), uuid));
            return;
        }
        power_polls->push(uuid);
    }

    static Task<> sync_power(std::shared_ptr<State> self, std::string uuid) {
        if (!self) co_return;
        auto again = std::chrono::milliseconds(self->services.options.sync_power_state_interval);
        try {
            again = co_await self->power_sync.look(uuid);
        } catch (const std::exception& error) {
            log_error("POWER_SYNC_FAILED", "node={} error={}", uuid, error.what());
        }
        if (again.count() > 0 && !self->stopping)
            self->deadlines.set(Deadlines::Kind::power_sync, uuid, again);
    }

    static Task<> look_at_wait(std::shared_ptr<State> self, std::string uuid) {
        std::chrono::seconds again = kAfterTrouble;
        try {
            again = co_await check_wait_timeout(&self->services, uuid);
        } catch (const std::exception& error) {
            log_error("WAIT_TIMEOUT_FAILED", "node={} error={}", uuid, error.what());
        }
        if (again.count() > 0) self->deadlines.set(Deadlines::Kind::wait_timeout, uuid, again);
    }

    static Task<> beat(std::shared_ptr<State> self) {
        auto last = std::chrono::steady_clock::now();
        while (!self->stopping) {
            co_await sleep_for(std::chrono::milliseconds(200));
            auto now = std::chrono::steady_clock::now();
            if (now - last < self->services.options.heartbeat_interval) continue;
            last = now;
            auto failure = co_await failure_of(self->services.store.write([self](store::Sql& db) {
                store::conductors::heartbeat(db, self->services.options.host);
            }));
            if (failure) log_error("CONDUCTOR_HEARTBEAT_FAILED", "error={}", *failure);
        }
    }

    static Task<> resume(std::shared_ptr<State> self, std::string uuid) {
        auto& services = self->services;
        auto session = co_await NodeSession::lock(&services, uuid, NodeSession::Patience::patient,
                                                  NodeSession::Interfaces::skip);
        if (!is_busy(session->node)) {
            co_await session->abandon();
            co_return;
        }
        log_info("NODE_RESUMED", "node={} state=\"{}\"", uuid,
                 session->node.provision_state.value_or(""));
        auto work = work_for_interrupted(*session);
        carry_out(services, std::move(session), "resumed work", std::move(work));
    }

    void take_on() {
        services.store.write_now([&](store::Sql& db) {
            store::nodes::release_all(db, services.options.host);
            store::conductors::enter(db, services.options.host, services.options.conductor_group,
                                     services.drivers.names());
        });
        auto busy = services.store.read(
            [&](store::Sql& db) { return store::nodes::in_states(db, kBusyStates); });
        for (const auto& uuid : busy)
            services.runtime.spawn("resuming node " + uuid, resume(shared_from_this(), uuid));
        auto waiting = services.store.read(
            [&](store::Sql& db) { return store::nodes::in_states(db, kWaitStates); });
        for (const auto& uuid : waiting)
            deadlines.set(Deadlines::Kind::wait_timeout, uuid, std::chrono::seconds(0));
        resume_allocations(services);
    }

    /// The list of all nodes is read behind the start, so that ten thousand of them delay nobody.
    static Task<> watch_all(std::shared_ptr<State> self) {
        auto uuids =
            self->services.store.read([](store::Sql& db) { return store::nodes::all_uuids(db); });
        for (const auto& uuid : uuids) self->watch_power(uuid);
        co_return;
    }
};

Background::Background(Services& services) : state_(std::make_shared<State>(services)) {
    state_->make_polls();
    services.on_waiting = [weak = std::weak_ptr(state_)](const model::Node& node) {
        if (auto state = weak.lock()) state->watch_wait(node);
    };
}

Background::~Background() {
    state_->stopping = true;
    state_->deadlines.stop();
    state_->power_polls->stop();
}

void Background::start() {
    state_->take_on();
    state_->deadlines.start(
        [weak = std::weak_ptr(state_)](Deadlines::Kind kind, const std::string& uuid) {
            if (auto state = weak.lock()) state->on_due(kind, uuid);
        });
    state_->services.runtime.spawn("conductor heartbeat", State::beat(state_));
    if (state_->syncs_power())
        state_->services.runtime.spawn("power sync of all nodes", State::watch_all(state_));
}

Task<bool> Background::drain(std::chrono::seconds timeout) {
    auto& services = state_->services;
    state_->stopping = true;
    state_->deadlines.stop();
    state_->power_polls->stop();
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (services.workers > 0 && std::chrono::steady_clock::now() < deadline)
        co_await sleep_for(kDrainPoll);
    co_await services.store.write(
        [&](store::Sql& db) { store::conductors::leave(db, services.options.host); });
    co_return services.workers == 0;
}

void Background::watch(const std::string& uuid) {
    state_->watch_power(uuid);
}

void Background::forget(const std::string& uuid) {
    state_->deadlines.cancel(Deadlines::Kind::power_sync, uuid);
    state_->deadlines.cancel(Deadlines::Kind::wait_timeout, uuid);
    state_->services.drivers.forget_node(uuid);
}

}  // namespace ferrite::conductor
