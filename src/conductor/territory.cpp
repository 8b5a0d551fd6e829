#include "conductor/territory.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_set>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/node_session.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using store::nodes::Place;

constexpr std::array kBusyStates = {states::verifying, states::cleaning,   states::deploying,
                                    states::deleting,  states::adopting,   states::inspecting,
                                    states::rescuing,  states::unrescuing, states::servicing};

bool is_busy(std::string_view state) {
    return std::ranges::find(kBusyStates, state) != kBusyStates.end();
}
bool is_at_work(const Place& place) {
    return place.powering || is_busy(place.provision_state);
}
bool is_at_work(const model::Node& node) {
    return node.target_power_state || is_busy(node.provision_state.value_or(""));
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

Task<> give_up_power(Services*, NodeSession* session) {
    session->node.target_power_state.reset();
    session->node.last_error = "Pending power operation was aborted due to conductor restart";
    co_return;
}

/// How a node that was found at work goes on.
Work work_for_interrupted(NodeSession& session) {
    auto& node = session.node;
    bool resumes = session.services().options.resume_interrupted;
    bool busy = is_busy(node.provision_state.value_or(""));
    if (!busy && !resumes) return give_up_power;
    std::string why;
    try {
        session.resolve_interfaces();
        if (!busy) return resume_power;
        // Whether its power is to change is for the work to say, which is begun again.
        node.target_power_state.reset();
        auto work = resumed_work(node);
        if (work && resumes) return std::move(*work);
    } catch (const Error& error) {
        why = " " + error.message();
        if (!busy) return give_up_power;
    }
    return [why = std::move(why)](Services* services, NodeSession* held) {
        return fail_interrupted(services, held, why);
    };
}

}  // namespace

struct Territory::State {
    std::shared_ptr<Services> kept;
    Services& services;
    Events events;
    mutable std::mutex mutex;
    std::unordered_set<std::string> ours;

    State(Services& s, Events e) : kept(s.shared_from_this()), services(s), events(std::move(e)) {}

    /// Sooner nobody can have been found dead who has the node.
    std::chrono::seconds later() const { return services.options.heartbeat_interval; }

    /// Takes `now` into ours, and leaves out what is ours no more; what came new. A node that came
    /// while `now` was read is in the database, and stays.
    std::unordered_set<std::string> redraw(const std::unordered_set<std::string>& now) {
        std::unordered_set<std::string> came, gone;
        {
            std::lock_guard lock(mutex);
            for (const auto& uuid : ours)
                if (!now.contains(uuid)) gone.insert(uuid);
        }
        services.store.read([&](store::Sql& db) {
            std::erase_if(gone, [&](const std::string& uuid) { return is_ours(db, uuid); });
        });
        for (const auto& uuid : gone) events.lost(uuid);
        std::lock_guard lock(mutex);
        for (const auto& uuid : gone) ours.erase(uuid);
        for (const auto& uuid : now)
            if (ours.insert(uuid).second) came.insert(uuid);
        return came;
    }

    bool has(const std::string& uuid) const {
        std::lock_guard lock(mutex);
        return ours.contains(uuid);
    }

    bool is_ours(store::Sql& db, const std::string& uuid) {
        auto places = store::nodes::places(db, uuid);
        return !places.empty() && services.in_charge(places.front());
    }

    static Task<> survey(std::shared_ptr<State> self) {
        auto places =
            self->services.store.read([](store::Sql& db) { return store::nodes::places(db); });
        std::erase_if(places, [&](const Place& place) { return !self->services.in_charge(place); });
        std::unordered_set<std::string> now;
        for (const auto& place : places) now.insert(place.uuid);
        auto came = self->redraw(now);
        for (const auto& place : places) {
            if (came.contains(place.uuid)) self->events.taken(place);
            if (auto again = consider(self, place); again.count() > 0)
                self->events.again(place.uuid, again);
        }
        co_return;
    }

    /// After how long a node is to be looked at again that is at work.
    static std::chrono::seconds consider(const std::shared_ptr<State>& self, const Place& place) {
        auto& services = self->services;
        bool at_work_here = place.locked_by == services.options.host;
        if (!is_at_work(place) || at_work_here) return std::chrono::seconds(0);
        if (!place.locked_by.empty()) return self->later();
        services.runtime.spawn("resuming node " + place.uuid, resume(self, place.uuid));
        return std::chrono::seconds(0);
    }

    static Task<std::chrono::seconds> look_at(std::shared_ptr<State> self, std::string uuid) {
        auto places = self->services.store.read(
            [&](store::Sql& db) { return store::nodes::places(db, uuid); });
        if (places.empty() || !self->services.in_charge(places.front()))
            co_return std::chrono::seconds(0);
        const auto& place = places.front();
        // Whoever was at work has left it in a state of its own, in which it may wait.
        if (!is_at_work(place) && self->has(uuid)) self->events.taken(place);
        co_return consider(self, place);
    }

    static Task<> resume(std::shared_ptr<State> self, std::string uuid) {
        auto& services = self->services;
        std::unique_ptr<NodeSession> session;
        try {
            session = co_await NodeSession::lock(&services, uuid, NodeSession::Patience::once,
                                                 NodeSession::Interfaces::skip);
        } catch (const NotFound&) {
            co_return;
        } catch (const Error& error) {
            log_info("NODE_TO_RESUME", "node={} later, for {}", uuid, error.message());
        }
        if (!session) {
            self->events.again(uuid, self->later());
            co_return;
        }
        if (!is_at_work(session->node)) {
            co_await session->abandon();
            co_return;
        }
        log_info("NODE_RESUMED", "node={} state=\"{}\"", uuid,
                 session->node.provision_state.value_or(""));
        session->node.conductor_affinity = services.options.host;
        auto work = work_for_interrupted(*session);
        carry_out(services, std::move(session), "resumed work", std::move(work));
    }
};

Territory::Territory(Services& services, Events events)
    : state_(std::make_shared<State>(services, std::move(events))) {}
Territory::~Territory() = default;

Task<> Territory::survey() {
    return State::survey(state_);
}

Task<std::chrono::seconds> Territory::look_at(std::string uuid) {
    return State::look_at(state_, std::move(uuid));
}

bool Territory::has(const std::string& uuid) const {
    return state_->has(uuid);
}

void Territory::add(const std::string& uuid) {
    std::lock_guard lock(state_->mutex);
    state_->ours.insert(uuid);
}

void Territory::remove(const std::string& uuid) {
    std::lock_guard lock(state_->mutex);
    state_->ours.erase(uuid);
}

}  // namespace ferrite::conductor
