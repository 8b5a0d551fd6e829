#include "conductor/wait_timeouts.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::chrono::seconds kLocked{5};  ///< Before a node that is at work is looked at again.

/// How long a node may stay silent in its state; zero: for ever.
std::chrono::seconds limit_of(const Options& options, const model::Node& node) {
    if (!options.ends_waits && !node.in_state(states::rescue_wait)) return std::chrono::seconds(0);
    if (node.in_state(states::deploy_wait)) return options.deploy_callback_timeout;
    if (node.in_state(states::clean_wait)) return options.clean_callback_timeout;
    if (node.in_state(states::rescue_wait)) return options.rescue_callback_timeout;
    if (node.in_state(states::inspect_wait)) return options.inspect_wait_timeout;
    if (node.in_state(states::service_wait)) return options.service_callback_timeout;
    return std::chrono::seconds(0);
}

std::chrono::seconds silence(const model::Node& node) {
    auto heard = node.in_state(states::inspect_wait) ? node.inspection_started_at
                                                     : node.provision_updated_at;
    auto now = now_seconds();
    return std::chrono::duration_cast<std::chrono::seconds>(now - heard.value_or(now));
}

/// Without its interfaces nothing can be taken back, but it must not wait for ever.
bool has_interfaces(NodeSession* session) {
    try {
        session->resolve_interfaces();
    } catch (const Error& error) {
        log_error("NODE_WITHOUT_INTERFACES", "node={} error={}", session->node.uuid,
                  error.message());
        return false;
    }
    return true;
}

Task<> fail_waiting(NodeSession* session) {
    auto& node = session->node;
    bool whole = has_interfaces(session);
    auto why = fmt::format("Timeout reached while waiting for callback for node {}", node.uuid);
    if (whole && node.in_state(states::deploy_wait)) {
        co_await fail_deploy(session, why);
    } else if (whole && node.in_state(states::clean_wait)) {
        co_await fail_clean(session,
                            fmt::format("Timeout reached while cleaning the node. Please check if "
                                        "the ramdisk responsible for the cleaning is running on "
                                        "the node {}.",
                                        node.uuid));
    } else if (whole && node.in_state(states::inspect_wait)) {
        co_await fail_inspect(session, why);
    } else if (whole && node.in_state(states::service_wait)) {
        co_await fail_service(session,
                              fmt::format("Timeout reached while servicing node {}: is the ramdisk "
                                          "running on it?",
                                          node.uuid));
    } else if (whole && node.in_state(states::rescue_wait)) {
        co_await fail_rescue(session, why);
    } else {
        session->record_error("conductor", why);
        change_state(node, "fail", Follows::nothing);
    }
}

}  // namespace

std::optional<std::chrono::seconds> wait_left(const Options& options, const model::Node& node) {
    auto limit = limit_of(options, node);
    if (limit.count() <= 0) return std::nullopt;
    return std::max(limit - silence(node), std::chrono::seconds(0));
}

Task<std::chrono::seconds> check_wait_timeout(Services* services, std::string uuid) {
    const auto& options = services->options;
    auto node = services->store.read([&](store::Sql& db) { return store::nodes::find(db, uuid); });
    auto left = node ? wait_left(options, *node) : std::nullopt;
    if (!left) co_return std::chrono::seconds(0);
    if (node->maintenance) co_return limit_of(options, *node);
    if (left->count() > 0) co_return *left;

    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once,
                                             NodeSession::Interfaces::skip);
    } catch (const Error&) {
        // Whoever has it brings it on.
    }
    if (!session) co_return kLocked;
    auto& locked = session->node;
    if (locked.maintenance || wait_left(options, locked) != std::chrono::seconds(0)) {
        co_await session->abandon();
        co_return kLocked;
    }
    log_warning("NODE_WAIT_TIMEOUT", "node={} state=\"{}\" seconds={}", uuid,
                locked.provision_state.value_or(""), limit_of(options, locked).count());
    carry_out(*services, std::move(session), "wait time-out",
              [](Services*, NodeSession* late) { return fail_waiting(late); });
    co_return std::chrono::seconds(0);
}

}  // namespace ferrite::conductor
