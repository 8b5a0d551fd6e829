#include "conductor/wait_timeouts.h"

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

std::chrono::seconds silence(const model::Node& node) {
    auto since = node.provision_updated_at.value_or(now_seconds());
    return std::chrono::duration_cast<std::chrono::seconds>(now_seconds() - since);
}

Task<> fail_waiting(NodeSession* session) {
    auto& node = session->node;
    auto why = fmt::format("Timeout reached while waiting for callback for node {}", node.uuid);
    if (node.in_state(states::deploy_wait)) {
        co_await fail_deploy(session, why);
    } else if (node.in_state(states::clean_wait)) {
        co_await fail_clean(session,
                            fmt::format("Timeout reached while cleaning the node. Please "
                                        "check if the ramdisk responsible for the cleaning "
                                        "is running on the node {}.",
                                        node.uuid));
    } else {
        session->record_error("conductor", why);
        auto error = node.last_error;
        change_state(node, "fail", Follows::nothing);
        node.last_error = error;
    }
}

}  // namespace

std::chrono::seconds wait_limit(const Options& options, const model::Node& node) {
    if (node.in_state(states::deploy_wait)) return options.deploy_callback_timeout;
    if (node.in_state(states::clean_wait)) return options.clean_callback_timeout;
    if (node.in_state(states::rescue_wait)) return options.rescue_callback_timeout;
    if (node.in_state(states::inspect_wait)) return options.inspect_wait_timeout;
    if (node.in_state(states::service_wait)) return options.service_callback_timeout;
    return std::chrono::seconds(0);
}

Task<std::chrono::seconds> check_wait_timeout(Services* services, std::string uuid) {
    auto node = services->store.read([&](store::Sql& db) { return store::nodes::find(db, uuid); });
    if (!node) co_return std::chrono::seconds(0);
    auto limit = wait_limit(services->options, *node);
    if (limit.count() == 0) co_return limit;
    if (node->maintenance) co_return limit;
    if (silence(*node) < limit) co_return limit - silence(*node);
    if (node->reservation) co_return kLocked;

    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    } catch (const Error&) {
        // Whoever has it brings it on.
    }
    if (!session) co_return kLocked;
    bool still_late =
        wait_limit(services->options, session->node).count() > 0 && silence(session->node) >= limit;
    if (still_late) {
        log_warning("NODE_WAIT_TIMEOUT", "node={} state=\"{}\" seconds={}", uuid,
                    session->node.provision_state.value_or(""), limit.count());
        carry_out(*services, std::move(session), "wait time-out",
                  [](Services*, NodeSession* late) { return fail_waiting(late); });
        co_return std::chrono::seconds(0);
    }
    co_await session->abandon();
    co_return kLocked;
}

}  // namespace ferrite::conductor
