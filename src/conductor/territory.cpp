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

/// Before a node that somebody else still works on is looked at again, in heartbeats of the
/// conductors: sooner nobody can have been found dead.
constexpr int kHeartbeatsBetweenLooks = 1;

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

    void look_again(const std::string& uuid) {
        events.again(uuid, kHeartbeatsBetweenLooks *
                               std::chrono::milliseconds(services.options.heartbeat_interval));
    }

    /// Replaces the set by `now`; what came new.
    std::unordered_set<std::string> redraw(std::unordered_set<std::string> now) {
        std::vector<std::string> gone;
        std::unordered_set<std::string> before;
        {
            std::lock_guard lock(mutex);
            before = std::exchange(ours, now);
        }
        for (const auto& uuid : before)
            if (now.erase(uuid) == 0) events.lost(uuid);
        return now;
    }

    static Task<> survey(std::shared_ptr<State> self) {
        auto places =
            self->services.store.read([](store::Sql& db) { return store::nodes::places(db); });
        std::erase_if(places, [&](const Place& place) { return !self->services.in_charge(place); });
        std::unordered_set<std::string> now;
        for (const auto& place : places) now.insert(place.uuid);
        auto came = self->redraw(std::move(now));
        for (const auto& place : places) {
            if (came.contains(place.uuid)) self->events.taken(place);
            if (is_at_work(place)) self->consider(self, place);
        }
        co_return;
    }

    static void consider(const std::shared_ptr<State>& self, const Place& place) {
        if (place.locked)
            self->look_again(place.uuid);
        else
            self->services.runtime.spawn("resuming node " + place.uuid, resume(self, place.uuid));
    }

    static Task<> look_at(std::shared_ptr<State> self, std::string uuid) {
        auto places = self->services.store.read(
            [&](store::Sql& db) { return store::nodes::places(db, uuid); });
        if (places.empty() || !self->services.in_charge(places.front())) co_return;
        if (is_at_work(places.front())) consider(self, places.front());
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
            self->look_again(uuid);
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

Task<> Territory::look_at(std::string uuid) {
    return State::look_at(state_, std::move(uuid));
}

bool Territory::has(const std::string& uuid) const {
    std::lock_guard lock(state_->mutex);
    return state_->ours.contains(uuid);
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
