#include <fmt/core.h>

#include "base/error.h"
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

Task<> verify(Services*, NodeSession* session) {
    std::string failure;
    try {
        session->driver.power->validate(*session);
        session->node.power_state = co_await session->driver.power->power_state(session);
    } catch (const Error& error) {
        failure = error.message();
    }
    if (failure.empty()) {
        change_state(session->node, "done", Follows::nothing);
        co_return;
    }
    session->record_error("verify", fmt::format("Failed to get the power state of node {}: {}",
                                                session->node.uuid, failure));
    change_state(session->node, "fail", Follows::nothing);
}

}  // namespace ferrite::conductor
