#include "conductor/allocations.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/failure.h"
#include "conductor/node_session.h"
#include "model/states.h"
#include "store/allocation_match.h"
#include "store/allocations.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

using model::Allocation;
using model::Node;
namespace allocation_states = model::allocation_states;

constexpr std::chrono::seconds kAfterTrouble{5};

Task<> fail(Services* services, std::string uuid, std::string why) {
    // The nodes one by one are in last_error.
    log_warning("ALLOCATION_FAILED", "allocation={} error={}", uuid, why.substr(0, why.find(':')));
    co_await services->store.write(
        [&](store::Sql& db) { store::allocations::fail(db, uuid, why); });
}

/// One try. True when it was the last that is needed.
Task<bool> try_to_place(Services* services, std::string uuid, bool last_try) {
    std::string why;
    try {
        bool over = co_await services->store.write(
            [&](store::Sql& db) { return store::allocations::place(db, uuid); });
        if (over) co_return true;
    } catch (const Conflict& conflict) {
        why = conflict.message();
    }
    if (why.empty()) {
        auto [allocation, explanation] = services->store.read([&](store::Sql& db) {
            auto found = store::allocations::find(db, uuid);
            auto reasons =
                found ? store::allocations::explain(db, *found) : store::allocations::Explanation();
            return std::pair(std::move(found), std::move(reasons));
        });
        if (!allocation) co_return true;
        if (explanation.worth_waiting() && !last_try) co_return false;
        why = explanation.text(*allocation);
    }
    co_await fail(services, uuid, std::move(why));
    co_return true;
}

/// Tries as often as it is tried to lock a node. What the database refuses is tried until it can be
/// written: an allocation does not stay without an answer.
Task<> look_for_node(std::shared_ptr<Services> services, std::string uuid) {
    CountedWorker counted{services};
    const auto& options = services->options;
    for (unsigned attempt = 1; !services->ended; ++attempt) {
        auto pause = std::chrono::milliseconds(options.locked_retry_interval);
        try {
            if (co_await try_to_place(services.get(), uuid,
                                      attempt >= options.locked_retry_attempts))
                co_return;
        } catch (const std::exception& trouble) {
            log_error("ALLOCATION_TROUBLE", "allocation={} error={}", uuid, trouble.what());
            pause = kAfterTrouble;
        }
        co_await sleep_for(pause);
    }
}

void start_search(Services& services, const std::string& uuid) {
    ++services.workers;
    services.runtime.spawn("search for allocation " + uuid,
                           look_for_node(services.shared_from_this(), uuid));
}

/// Why the node can not become the allocation's; empty when it can.
std::string backfill_refusal(store::Sql& db, const Allocation& allocation, const Node& node) {
    if (node.allocation_uuid)
        return fmt::format("Node {} belongs to allocation {} already.", node.label(),
                           *node.allocation_uuid);
    if (node.instance_uuid && node.instance_uuid != allocation.uuid)
        return fmt::format("Node {} belongs to instance {}: the allocation must have that UUID.",
                           node.label(), *node.instance_uuid);
    if (!node.in_state(model::states::active))
        return fmt::format(
            "Node {} is in the state '{}': an allocation can be made afterwards only for an active "
            "node. For any other leave 'node' out, or name it in candidate_nodes.",
            node.label(), node.provision_state.value_or(""));
    if (auto unfit = store::allocations::unfit_for(db, allocation, node.uuid))
        return fmt::format("Node {} {}.", node.label(), unfit->why);
    return "";
}

/// Gives the node to the stored allocation, or ends the allocation with the refusal it returns.
std::string refused_backfill(store::Sql& db, Allocation& allocation, const Node& node) {
    auto refusal = backfill_refusal(db, allocation, node);
    try {
        if (refusal.empty()) store::allocations::give(db, allocation, node);
    } catch (const Conflict& conflict) {
        refusal = conflict.message();
    }
    if (!refusal.empty()) store::allocations::fail(db, allocation.uuid, refusal);
    return refusal;
}

void check_may_be_freed(const Node& node, const std::string& allocation) {
    if (node.maintenance) return;
    const auto* state = model::states::find(node.provision_state.value_or(""));
    if (node.target_provision_state && !(state && state->update_allowed))
        throw Conflict(fmt::format(
            "Allocation {} can not be deleted while its node {} is in the state '{}': wait until "
            "that is over.",
            allocation, node.label(), node.provision_state.value_or("")));
    if (node.in_state(model::states::active))
        throw Conflict(fmt::format(
            "Allocation {} can not be deleted while its node {} is active: undeploy the node, "
            "which ends the allocation as well, or put it into maintenance.",
            allocation, node.label()));
}

/// Instance and traits are what the allocation gave the node.
void take_back(const Allocation& allocation, Node& node) {
    node.instance_uuid.reset();
    node.allocation_uuid.reset();
    if (node.instance_info.get("traits") == Json(allocation.traits.array()))
        node.instance_info.erase({"traits"});
}

/// Ends an allocation that has no node; false when it has one.
bool remove_unplaced(store::Sql& db, const std::string& uuid) {
    auto allocation = store::allocations::get(db, uuid);
    if (allocation.node_uuid) return false;
    store::allocations::remove(db, allocation);
    return true;
}

Task<> let_go(NodeSession* session, Allocation allocation) {
    auto& node = session->node;
    if (node.allocation_uuid != allocation.uuid)
        throw NotFound(fmt::format("Allocation {} could not be found.", allocation.uuid));
    check_may_be_freed(node, allocation.uuid);
    take_back(allocation, node);
    co_await session->release();
}

Task<> free_node(Services* services, Allocation allocation) {
    auto session =
        co_await NodeSession::lock(services, *allocation.node_uuid, NodeSession::Patience::retry,
                                   NodeSession::Interfaces::skip);
    co_await give_back_on_failure(session.get(), let_go(session.get(), std::move(allocation)));
}

}  // namespace

Task<Allocation> begin_allocation(Services* services, Allocation allocation) {
    refuse_when_full(*services);
    allocation.conductor_affinity = services->options.host;
    co_await services->store.write(
        [&](store::Sql& db) { store::allocations::insert(db, allocation); });
    log_info("ALLOCATION_CREATED", "allocation={} resource_class={}", allocation.uuid,
             allocation.resource_class.value_or(""));
    start_search(*services, allocation.uuid);
    co_return allocation;
}

Task<Allocation> backfill(Services* services, Allocation allocation, std::string node_uuid) {
    allocation.conductor_affinity = services->options.host;
    auto session = co_await NodeSession::lock(services, node_uuid, NodeSession::Patience::retry,
                                              NodeSession::Interfaces::skip);
    std::string refusal;
    const auto asked = allocation;
    auto store_it = [&](store::Sql& db) {
        allocation = asked;
        store::allocations::insert(db, allocation);
        refusal = refused_backfill(db, allocation, session->node);
    };
    co_await give_back_on_failure(session.get(), session->write_held(store_it));
    co_await session->abandon();
    if (!refusal.empty()) throw Conflict(refusal);
    log_info("ALLOCATION_CREATED", "allocation={} node={}", allocation.uuid, node_uuid);
    co_return allocation;
}

Task<> end_allocation(Services* services, std::string uuid) {
    while (!co_await services->store.write(
        [&](store::Sql& db) { return remove_unplaced(db, uuid); })) {
        auto allocation =
            services->store.read([&](store::Sql& db) { return store::allocations::get(db, uuid); });
        if (!allocation.node_uuid) continue;
        co_await free_node(services, std::move(allocation));
        break;
    }
    log_info("ALLOCATION_DELETED", "allocation={}", uuid);
}

void resume_allocations(Services& services) {
    auto uuids = services.store.read(
        [&](store::Sql& db) { return store::allocations::unplaced_of(db, services.options.host); });
    for (const auto& uuid : uuids) start_search(services, uuid);
}

Task<> adopt_allocations(Services* services) {
    auto orphans =
        services->store.read([](store::Sql& db) { return store::allocations::orphans(db); });
    if (orphans.empty()) co_return;
    auto uuids = co_await services->store.write([&](store::Sql& db) {
        auto mine = orphans;
        std::erase_if(mine, [&](const std::string& uuid) {
            return !store::allocations::adopt(db, uuid, services->options.host);
        });
        return mine;
    });
    for (const auto& uuid : uuids) {
        log_info("ALLOCATION_ADOPTED", "allocation={}", uuid);
        start_search(*services, uuid);
    }
}

}  // namespace ferrite::conductor
