#include "conductor/node_session.h"

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "store/history.h"
#include "store/nodes.h"
#include "store/ports.h"

namespace ferrite::conductor {
namespace {

struct Taken {
    model::Node node;
    std::vector<model::Port> ports;
    bool locked = false;
};

Taken take_lock(store::Sql& db, const std::string& uuid, const std::string& host) {
    Taken taken;
    taken.node = store::nodes::get(db, uuid);
    taken.locked = store::nodes::reserve(db, taken.node.id, host);
    if (!taken.locked) return taken;
    taken.node.reservation = host;
    taken.ports = store::ports::of_node(db, taken.node.uuid);
    return taken;
}

Task<> give_back(Services* services, std::int64_t id) {
    co_await services->store.write(
        [&](store::Sql& db) { store::nodes::release(db, id, services->options.host); });
}

}  // namespace

Task<std::unique_ptr<NodeSession>> NodeSession::lock(Services* services, std::string uuid,
                                                     Patience patience, Interfaces interfaces) {
    const auto& options = services->options;
    unsigned attempts = patience == Patience::once ? 1 : options.locked_retry_attempts;
    for (unsigned attempt = 1;; ++attempt) {
        auto taken = co_await services->store.write(
            [&](store::Sql& db) { return take_lock(db, uuid, options.host); });
        if (taken.locked) {
            std::unique_ptr<NodeSession> session(new NodeSession(*services));
            session->stored_ = taken.node;
            session->node = std::move(taken.node);
            session->ports = std::move(taken.ports);
            session->locked_ = true;
            if (interfaces == Interfaces::resolve)
                session->driver = services->drivers.interfaces_of(session->node);
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
    session->driver = services.drivers.interfaces_of(session->node);
    return session;
}

NodeSession::~NodeSession() {
    if (locked_)
        services_.runtime.spawn("release " + stored_.uuid, give_back(&services_, stored_.id));
}

void NodeSession::write(store::Sql& db) {
    if (!locked_) throw Error(500, "not_locked", "A node is saved without its lock.");
    if (node.last_error && node.last_error->size() > services_.options.max_error_length)
        node.last_error->resize(services_.options.max_error_length);
    store::nodes::save(db, stored_, node);
    if (services_.options.node_history)
        for (const auto& event : events_)
            store::history::add(db, event.state, services_.options.host, event.severity, event.type,
                                event.text, services_.options.node_history_max_entries);
}

Task<> NodeSession::save() {
    co_await services_.store.write([this](store::Sql& db) { write(db); });
    stored_ = node;
    events_.clear();
}

Task<> NodeSession::release() {
    co_await services_.store.write([this](store::Sql& db) {
        node.reservation = stored_.reservation;
        write(db);
        store::nodes::release(db, node.id, services_.options.host);
    });
    locked_ = false;
    stored_ = node;
    events_.clear();
}

Task<> NodeSession::abandon() {
    if (!std::exchange(locked_, false)) co_return;
    co_await give_back(&services_, stored_.id);
}

void NodeSession::record_error(std::string_view event_type, std::string text) {
    log_error("NODE_ERROR", "node={} type={} error={}", node.uuid, event_type, text);
    events_.push_back({"ERROR", std::string(event_type), text, node});
    node.last_error = std::move(text);
}

void NodeSession::record(std::string_view event_type, std::string text) {
    events_.push_back({"INFO", std::string(event_type), std::move(text), node});
}

namespace {

Task<> run_to_end(Services* services, std::unique_ptr<NodeSession> session, std::string name,
                  Work work) {
    try {
        co_await work(services, session.get());
    } catch (const std::exception& error) {
        session->record_error(
            "conductor",
            fmt::format("Async execution of {} failed with error: {}", name, error.what()));
    }
    co_await session->release();
}

Task<> counted(Services* services, std::unique_ptr<NodeSession> session, std::string name,
               Work work) {
    struct Count {
        std::atomic<std::size_t>& workers;
        ~Count() { --workers; }
    } count{services->workers};
    co_await run_to_end(services, std::move(session), std::move(name), std::move(work));
}

}  // namespace

void carry_out(Services& services, std::unique_ptr<NodeSession> session, std::string name,
               Work work) {
    if (++services.workers > services.options.max_workers) {
        --services.workers;
        throw Error(503, "no_free_worker",
                    "The conductor is at its limit of operations under way; retry later.");
    }
    auto label = fmt::format("{} of node {}", name, session->node.uuid);
    services.runtime.spawn(
        std::move(label), counted(&services, std::move(session), std::move(name), std::move(work)));
}

}  // namespace ferrite::conductor
