#include "conductor/node_session.h"

#include <algorithm>
#include <climits>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/log_scope.h"
#include "conductor/failure.h"
#include "conductor/node_events.h"
#include "conductor/state_change.h"
#include "model/states.h"
#include "store/chassis.h"
#include "store/history.h"
#include "store/nodes.h"
#include "store/ports.h"

namespace ferrite::conductor {
namespace {

struct Taken {
    model::Node node;
    std::vector<model::Port> ports;
    std::optional<store::nodes::Lease> lease;
};

Taken take_lock(store::Sql& db, const std::string& uuid, const Services& services) {
    const auto& host = services.options.host;
    if (services.presence.departed())
        throw Error(503, "conductor_stopping", "This conductor is about to stop: retry later.");
    Taken taken;
    taken.node = store::nodes::get(db, uuid);
    taken.lease = store::nodes::reserve(db, taken.node.id, host);
    if (!taken.lease) return taken;
    taken.node.reservation = host;
    taken.node.reservation_generation = taken.lease->generation;
    taken.ports = store::ports::of_node(db, taken.node.uuid);
    return taken;
}

/// What hardware, agents and drivers say is not always text that a database takes: not more than
/// `most` bytes, and no half character at the end.
void tidy(std::optional<std::string>& text, std::size_t most) {
    if (!text) return;
    mend_text(*text);
    if (text->size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>((*text)[most]) & 0xC0) == 0x80) --most;
    text->resize(most);
}

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{30};

Task<> give_back_later(std::shared_ptr<Services> services, store::nodes::Lease lease,
                       std::chrono::seconds pause);

/// Gives the lock back: while the database cannot take it, again and again in the background, as
/// nobody else would until the next start.
Task<> give_back(std::shared_ptr<Services> services, store::nodes::Lease lease,
                 std::chrono::seconds pause = kFirstPause) {
    auto failure = co_await failure_of(
        services->store.write([&](store::Sql& db) { store::nodes::release(db, lease); }));
    if (!failure || services->ended) co_return;
    log_error("NODE_LOCK_KEPT", "node_id={} retry_seconds={} error={}", lease.node_id,
              pause.count(), *failure);
    services->runtime.spawn("release", give_back_later(services, lease, pause));
}

Task<> give_back_later(std::shared_ptr<Services> services, store::nodes::Lease lease,
                       std::chrono::seconds pause) {
    co_await sleep_for(pause);
    if (!services->ended) co_await give_back(services, lease, std::min(2 * pause, kLongestPause));
}

/// Takes the lock, or tells who has it. When nobody knows whether it was taken, it is given back.
Task<Taken> try_lock(Services* services, std::string uuid) {
    Taken taken;
    try {
        co_await services->store.write(
            [&](store::Sql& db) { taken = take_lock(db, uuid, *services); });
    } catch (const Error& error) {
        if (error.code() == "database_in_doubt" && taken.lease)
            services->runtime.spawn("release " + uuid,
                                    give_back(services->shared_from_this(), *taken.lease));
        throw;
    }
    co_return taken;
}

}  // namespace

Task<std::unique_ptr<NodeSession>> NodeSession::lock(Services* services, std::string uuid,
                                                     Patience patience, Interfaces interfaces) {
    const auto& options = services->options;
    unsigned attempts = patience == Patience::once      ? 1
                        : patience == Patience::patient ? UINT_MAX
                                                        : options.locked_retry_attempts;
    for (unsigned attempt = 1;; ++attempt) {
        auto epoch = services->presence.epoch();
        auto taken = co_await try_lock(services, uuid);
        if (taken.lease) {
            std::unique_ptr<NodeSession> session(new NodeSession(*services));
            session->stored_ = taken.node;
            session->node = std::move(taken.node);
            session->ports = std::move(taken.ports);
            session->lease_ = std::move(*taken.lease);
            session->epoch_ = epoch;
            session->locked_ = true;
            if (interfaces == Interfaces::resolve) session->resolve_interfaces();
            co_return session;
        }
        if (attempt >= attempts)
            throw Error(409, "node_locked",
                        fmt::format("Node {} is locked by host {}: something is under way on it. "
                                    "Retry after it is done.",
                                    taken.node.uuid, taken.node.reservation.value_or("?")));
        co_await sleep_for(options.locked_retry_interval);
    }
}

std::unique_ptr<NodeSession> NodeSession::look(Services& services, const std::string& uuid) {
    std::unique_ptr<NodeSession> session(new NodeSession(services));
    services.store.read([&](store::Sql& db) {
        session->node = store::nodes::get(db, uuid);
        session->ports = store::ports::of_node(db, session->node.uuid);
    });
    session->stored_ = session->node;
    session->resolve_interfaces();
    return session;
}

NodeSession::~NodeSession() {
    // Once the conductor is gone, its next start gives back what it held.
    if (locked_ && !services_->ended)
        services_->runtime.spawn("release " + stored_.uuid, give_back(services_, lease_));
}

void NodeSession::resolve_interfaces() {
    driver = services_->drivers.interfaces_of(node);
}

void NodeSession::write(store::Sql& db) {
    const auto& options = services_->options;
    tidy(node.last_error, options.max_error_length);
    tidy(node.maintenance_reason, options.max_error_length);
    if (node.chassis_uuid && node.chassis_uuid != stored_.chassis_uuid)
        store::chassis::keep(db, *node.chassis_uuid);
    if (!store::nodes::save(db, stored_, node)) store::nodes::ensure_held(db, lease_);
    if (options.node_history) write_history(db);
}

/// What was recorded, and what changed without anybody recording it.
void NodeSession::write_history(store::Sql& db) const {
    const auto& options = services_->options;
    auto add = [&](const model::Node& state, std::string_view severity, std::string_view type,
                   std::string_view text) {
        store::history::add(db, state,
                            {.conductor = options.host,
                             .severity = severity,
                             .type = type,
                             .text = text,
                             .user = user_,
                             .project = project_},
                            options.node_history_retention);
    };
    for (const auto& event : events_) add(event.state, event.severity, event.type, event.text);
    if (options.node_history_events == Options::HistoryEvents::errors) return;
    for (const auto& change : changes_of(stored_, node))
        add(node, "INFO", change.type, change.text);
}

void NodeSession::on_saved() {
    announce_provision(*services_, stored_, node);
    stored_ = node;
    events_.clear();
}

void NodeSession::asked_by(const RequestContext& context) {
    user_ = context.user;
    project_ = context.project;
}

void NodeSession::on_power_action(std::string_view status, std::string_view to_power) {
    announce_power(*services_, node, status, to_power);
}

Task<> NodeSession::write_unless_lost(std::function<void(store::Sql&)> f) {
    if (lease_.generation == 0)
        throw Error(500, "not_locked", "A node is saved that was never locked.");
    if (!locked_) throw store::nodes::lost(lease_);
    try {
        co_await services_->store.write(std::move(f));
    } catch (const Error& error) {
        if (error.code() == "lease_lost") locked_ = false;
        throw;
    }
}

Task<> NodeSession::write_held(std::function<void(store::Sql&)> f) {
    co_await write_unless_lost([&](store::Sql& db) {
        store::nodes::ensure_held(db, lease_);
        f(db);
    });
}

Task<bool> NodeSession::still_holds() {
    auto failure = co_await failure_of(write_held([](store::Sql&) {}));
    if (failure && holds())
        log_warning("NODE_LOCK_IN_DOUBT", "node={} error={}", node.uuid, *failure);
    co_return holds();
}

Task<> NodeSession::save() {
    co_await write_unless_lost([this](store::Sql& db) { write(db); });
    on_saved();
}

Task<> NodeSession::release() {
    co_await write_unless_lost([this](store::Sql& db) {
        node.reservation = stored_.reservation;
        write(db);
        store::nodes::release(db, lease_);
    });
    locked_ = false;
    on_saved();
    services_->on_waiting(node);
}

Task<> NodeSession::abandon() {
    if (!std::exchange(locked_, false)) co_return;
    co_await give_back(services_, lease_);
}

Task<> NodeSession::ensure_held() {
    auto& presence = services_->presence;
    bool looks_only = lease_.generation == 0;
    if (looks_only || (locked_ && presence.certain(epoch_))) co_return;
    auto before = Presence::now();
    co_await write_held([&](store::Sql& db) {
        if (!presence.renew(db)) throw store::nodes::lost(lease_);
    });
    presence.renewed(before);
}

Task<> give_back_on_failure(NodeSession* session, Task<> work) {
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    co_await session->abandon();
    std::rethrow_exception(failure);
}

void NodeSession::record_error(std::string_view event_type, std::string text) {
    log_error("NODE_ERROR", "node={} type={} error={}", node.uuid, event_type, text);
    mend_text(text);
    events_.push_back({"ERROR", std::string(event_type), text, node});
    node.last_error = std::move(text);
}

void NodeSession::record(std::string_view event_type, std::string text) {
    mend_text(text);
    events_.push_back({"INFO", std::string(event_type), std::move(text), node});
}

namespace {

namespace states = model::states;

/// Work that ended in an unforeseen way leaves nothing half done behind: neither a state in which
/// the node would stay for ever, nor a power action that nobody carries out.
void fail_whatever_it_was(NodeSession* session, std::string_view name, std::string_view cause) {
    auto& node = session->node;
    session->record_error("conductor",
                          fmt::format("Async execution of {} failed with error: {}", name, cause));
    node.target_power_state.reset();
    if (states::next(node.provision_state.value_or(""), "fail"))
        change_state(node, "fail", Follows::nothing);
}

/// What came of the work must not get lost to, say, a full disk: the lock is kept until it is safe.
Task<> keep_result(NodeSession* session) {
    for (auto pause = kFirstPause; session->holds(); pause = std::min(2 * pause, kLongestPause)) {
        auto failure = co_await failure_of(session->release());
        if (!failure) co_return;
        if (!session->holds()) break;
        log_error("NODE_NOT_SAVED", "node={} retry_seconds={} error={}", session->node.uuid,
                  pause.count(), *failure);
        co_await sleep_for(pause);
    }
    log_warning("NODE_LOST", "node={}", session->node.uuid);
}

Task<> run_to_end(std::shared_ptr<Services> services, std::unique_ptr<NodeSession> session,
                  std::string name, Work work) {
    CountedWorker counted{services};
    auto failure = co_await failure_of(work(services.get(), session.get()));
    if (failure) fail_whatever_it_was(session.get(), name, *failure);
    co_await keep_result(session.get());
}

}  // namespace

void refuse_when_full(const Services& services) {
    if (services.workers >= services.options.max_workers)
        throw Error(503, "no_free_worker",
                    "The conductor is at its limit of operations under way; retry later.");
}

void carry_out(Services& services, std::unique_ptr<NodeSession> session, std::string name,
               Work work) {
    ++services.workers;
    auto label = fmt::format("{} of node {}", name, session->node.uuid);
    services.runtime.spawn(
        std::move(label),
        with_log_words(log_words(), run_to_end(services.shared_from_this(), std::move(session),
                                               std::move(name), std::move(work))));
}

}  // namespace ferrite::conductor
