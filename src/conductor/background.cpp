#include "conductor/background.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <random>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/periodic.h"
#include "conductor/allocations.h"
#include "conductor/boot_retries.h"
#include "conductor/deadlines.h"
#include "conductor/failure.h"
#include "conductor/heartbeat.h"
#include "conductor/offers.h"
#include "conductor/routines.h"
#include "conductor/territory.h"
#include "conductor/wait_timeouts.h"
#include "model/states.h"
#include "store/conductors.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::array kWaitStates = {states::deploy_wait, states::clean_wait, states::rescue_wait,
                                    states::inspect_wait, states::service_wait};
constexpr auto kBeatPoll = std::chrono::milliseconds(200);
constexpr auto kDrainPoll = std::chrono::milliseconds(20);

/// A look at a waiting node that came to nothing is repeated.
constexpr std::chrono::seconds kAfterTrouble{10};

/// Kinds of moment that are one look each; the others are the routines'.
constexpr std::array kLooks = {Deadlines::Kind::wait_timeout, Deadlines::Kind::boot_retry,
                               Deadlines::Kind::hand_over, Deadlines::Kind::agent};

/// How far the looks at all waiting agents are spread after a start.
constexpr std::chrono::milliseconds kSpreadOfLooks{1'000};

}  // namespace

struct Background::State : std::enable_shared_from_this<State> {
    std::shared_ptr<Services> kept;
    Services& services;
    Deadlines deadlines;
    Territory territory;
    std::atomic<bool> stopping = false;
    std::atomic<bool> to_survey = true;  ///< Nodes may be this conductor's that were not before.
    bool allocations_resumed = false;
    std::optional<Routines> routines;  ///< Once there is something to point to.
    std::optional<Periodic> clean_up;  ///< Of conductors that are long gone; since the start.
    std::optional<Periodic> surveys;  ///< Nodes change their driver or group, too; since the start.

    explicit State(Services& s)
        : kept(s.shared_from_this()), services(s), deadlines(s.runtime), territory(s, events()) {}

    Territory::Events events() {
        return {.taken = [this](const store::nodes::Place& place) { take(place); },
                .lost = [this](const std::string& uuid) { forget(uuid); },
                .again =
                    [this](const std::string& uuid, std::chrono::seconds from_now) {
                        if (!stopping) deadlines.set(Deadlines::Kind::hand_over, uuid, from_now);
                    }};
    }

    void take(const store::nodes::Place& place) {
        routines->watch(place.uuid);
        if (std::ranges::find(kWaitStates, place.provision_state) != kWaitStates.end())
            look_at_waiting(place.uuid);
    }

    /// Its time may be up, or its agent may have told a conductor that is no more. Many such looks
    /// at once are spread a little.
    void look_at_waiting(const std::string& uuid) {
        for (auto kind : {Deadlines::Kind::wait_timeout, Deadlines::Kind::boot_retry})
            deadlines.set(kind, uuid, std::chrono::seconds(0));
        thread_local std::minstd_rand random{std::random_device{}()};
        std::uniform_int_distribution<std::int64_t> somewhere(0, kSpreadOfLooks.count());
        deadlines.set(Deadlines::Kind::agent, uuid, std::chrono::milliseconds(somewhere(random)));
    }

    void forget(const std::string& uuid) {
        for (auto kind : kLooks) deadlines.cancel(kind, uuid);
        for (auto kind : Routines::kinds()) deadlines.cancel(kind, uuid);
        services.drivers.forget_node(uuid);
    }

    void make_routines() {
        routines.emplace(services,
                         [weak = weak_from_this()](Deadlines::Kind kind, const std::string& uuid,
                                                   std::chrono::milliseconds from_now) {
                             auto self = weak.lock();
                             if (self && !self->stopping) self->deadlines.set(kind, uuid, from_now);
                         });
    }

    void watch_wait(const model::Node& node) {
        if (auto left = wait_left(services.options, node))
            deadlines.set(Deadlines::Kind::wait_timeout, node.uuid, *left);
        if (auto left = boot_left(services.options, node))
            deadlines.set(Deadlines::Kind::boot_retry, node.uuid, *left);
    }

    void on_due(Deadlines::Kind kind, const std::string& uuid) {
        if (stopping) return;
        if (std::ranges::find(kLooks, kind) != kLooks.end())
            services.runtime.spawn("look at node " + uuid,
                                   take_look(shared_from_this(), kind, uuid));
        else if (territory.has(uuid))
            routines->take(kind, uuid);
    }

    /// Returns after how long the node is to be looked at again; zero: never.
    Task<std::chrono::seconds> look(Deadlines::Kind kind, std::string uuid) {
        using enum Deadlines::Kind;
        if (kind == wait_timeout) return check_wait_timeout(&services, std::move(uuid));
        if (kind == boot_retry) return retry_boot(&services, std::move(uuid));
        if (kind == agent) return look_at_agent(&services, std::move(uuid));
        return territory.look_at(std::move(uuid));
    }

    /// A look that came to nothing is repeated: nothing else would see to the node.
    static Task<> take_look(std::shared_ptr<State> self, Deadlines::Kind kind, std::string uuid) {
        std::chrono::seconds again = kAfterTrouble;
        try {
            again = co_await self->look(kind, uuid);
        } catch (const std::exception& error) {
            log_error("NODE_LOOK_FAILED", "node={} error={}", uuid, error.what());
        }
        if (again.count() > 0) self->deadlines.set(kind, uuid, again);
    }

    static Task<> forget_gone_conductors(std::shared_ptr<State> self) {
        if (!self || self->stopping) co_return;
        const auto& options = self->services.options;
        auto since = now_seconds() - options.cleanup_timeout;
        auto gone = co_await self->services.store.write([&](store::Sql& db) {
            return store::conductors::remove_gone(db, since, options.cleanup_batch_size);
        });
        for (const auto& host : gone) log_info("CONDUCTOR_FORGOTTEN", "host={}", host);
    }

    static Task<> beat(std::shared_ptr<State> self) {
        auto& services = self->services;
        auto last = std::chrono::steady_clock::now();
        bool survey_failed = false;
        while (!services.ended && !self->departed()) {
            // What fails is tried again after the next beat: nobody else would take the nodes on.
            if (!survey_failed && !self->stopping && self->to_survey.exchange(false)) {
                auto failure = co_await failure_of(take_over(self));
                if (failure) log_error("CONDUCTOR_TAKE_OVER_FAILED", "error={}", *failure);
                survey_failed = failure.has_value();
                if (survey_failed) self->to_survey = true;
            }
            co_await sleep_for(kBeatPoll);
            auto now = std::chrono::steady_clock::now();
            if (now - last < services.options.heartbeat_interval) continue;
            last = now;
            survey_failed = false;
            auto failure = co_await failure_of(be_alive(self));
            if (failure) log_error("CONDUCTOR_HEARTBEAT_FAILED", "error={}", *failure);
        }
    }

    bool departed() const { return services.presence.departed(); }

    /// Shows that this conductor is alive, and takes out those that are not.
    static Task<> be_alive(std::shared_ptr<State> self) {
        auto& services = self->services;
        auto& presence = services.presence;
        auto before = Presence::now();
        auto silent_since = now_seconds() - services.options.heartbeat_timeout;
        // Who was paused itself can not tell who else was: the others show it in a moment.
        bool judges = presence.certain(presence.epoch()) && !self->stopping;
        bool alive = false;
        std::vector<std::string> dead;
        co_await services.store.write([&](store::Sql& db) {
            alive = presence.renew(db);
            dead = alive && judges ? store::conductors::bury_silent(db, silent_since)
                                   : std::vector<std::string>();
        });
        for (const auto& host : dead)
            log_warning("CONDUCTOR_DEAD", "host={} its work is taken over", host);
        if (!alive && self->stopping) co_return;
        if (!alive) {
            log_warning("CONDUCTOR_WAS_HELD_DEAD",
                        "host={} what it did is gone on with by others; it enters anew",
                        services.options.host);
            co_await services.store.write([&](store::Sql& db) { self->enter(db); });
        }
        presence.renewed(before);
        if (!alive || !dead.empty()) self->to_survey = true;
    }

    void enter(store::Sql& db) {
        store::conductors::enter(db, services.options.host, services.presence.incarnation(),
                                 services.options.conductor_group, services.drivers.names());
        store::conductors::announce(db, services.options.host, services.options.rpc_endpoint,
                                    offers_text(own_offers(services)));
    }

    static Task<> ask_for_survey(std::shared_ptr<State> self) {
        if (self) self->to_survey = true;
        co_return;
    }

    /// Takes on what is this conductor's by now: at the start all that the last process left.
    static Task<> take_over(std::shared_ptr<State> self) {
        self->services.reread_conductors();
        co_await self->territory.survey();
        if (!self->allocations_resumed) resume_allocations(self->services);
        self->allocations_resumed = true;
        co_await adopt_allocations(&self->services);
    }
};

Background::Background(Services& services) : state_(std::make_shared<State>(services)) {
    state_->make_routines();
    services.on_waiting = [weak = std::weak_ptr(state_)](const model::Node& node) {
        if (auto state = weak.lock()) state->watch_wait(node);
    };
    services.conductors_changed = [weak = std::weak_ptr(state_)] {
        if (auto state = weak.lock()) state->to_survey = true;
    };
}

Background::~Background() {
    state_->stopping = true;
    state_->deadlines.stop();
    state_->routines->stop();
}

void Background::start() {
    state_->services.store.write_now([this](store::Sql& db) { state_->enter(db); });
    state_->deadlines.start(
        [weak = std::weak_ptr(state_)](Deadlines::Kind kind, const std::string& uuid) {
            if (auto state = weak.lock()) state->on_due(kind, uuid);
        });
    state_->services.runtime.spawn("conductor heartbeat", State::beat(state_));
    state_->clean_up.emplace(
        state_->services.runtime, "conductor clean-up", state_->services.options.cleanup_interval,
        [weak = std::weak_ptr(state_)] { return State::forget_gone_conductors(weak.lock()); });
    state_->surveys.emplace(
        state_->services.runtime, "look for nodes to take over",
        state_->services.options.sync_local_state_interval,
        [weak = std::weak_ptr(state_)] { return State::ask_for_survey(weak.lock()); });
}

Task<> Background::leave() {
    auto& services = state_->services;
    state_->stopping = true;
    state_->deadlines.stop();
    state_->routines->stop();
    co_await services.store.write(
        [&](store::Sql& db) { store::conductors::leave(db, services.options.host); });
}

Task<bool> Background::depart(std::chrono::seconds timeout) {
    auto& services = state_->services;
    const auto& host = services.options.host;
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (services.workers > 0 && std::chrono::steady_clock::now() < deadline)
        co_await sleep_for(kDrainPoll);
    if (services.workers > 0) co_return false;
    co_await services.store.write([&](store::Sql& db) {
        // From here on no lock is taken, also not by a write of the same batch.
        services.presence.depart();
        store::conductors::depart(db, host);
    });
    co_return true;
}

void Background::watch(const std::string& uuid) {
    state_->territory.add(uuid);
    state_->routines->watch(uuid);
}

void Background::forget(const std::string& uuid) {
    state_->territory.remove(uuid);
    state_->forget(uuid);
}

}  // namespace ferrite::conductor
