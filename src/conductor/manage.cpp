#include <fmt/core.h>

#include "conductor/failure.h"
#include "conductor/hardware_cache.h"
#include "conductor/node_events.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "model/states.h"

namespace ferrite::conductor {

namespace states = model::states;

Begun begin_manage(NodeSession& session, const ProvisionRequest&) {
    if (!session.node.in_state(states::enroll)) {
        change_state(session.node, "manage", Follows::nothing);
        return std::nullopt;
    }
    change_state(session.node, "manage", Follows::work);
    return Work(verify);
}

namespace {

Task<> read_power(NodeSession* session) {
    session->driver.power->validate(*session);
    session->node.power_state = co_await session->driver.power->power_state(session);
}

}  // namespace

Task<> verify(Services*, NodeSession* session) {
    auto& node = session->node;
    auto from_power = node.power_state;
    auto failure = co_await failure_of(read_power(session));
    if (failure)
        session->record_error("verify", fmt::format("Failed to get the power state of node {}: {}",
                                                    node.uuid, *failure));
    else
        co_await refresh_hardware_cache(session);
    if (!failure && node.power_state != from_power)
        announce_corrected_power(session->services(), node, from_power);
    change_state(node, failure ? "fail" : "done", Follows::nothing);
}

}  // namespace ferrite::conductor
