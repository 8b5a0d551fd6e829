#include <fmt/core.h>

#include "base/error.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "model/states.h"

namespace ferrite::conductor {

Begun begin_inspect(NodeSession& session, const ProvisionRequest&) {
    session.driver.power->validate(session);
    session.driver.inspect->validate(session);
    change_state(session.node, "inspect", Follows::work);
    return Work(inspect);
}

Task<> inspect(Services* services, NodeSession* session) {
    auto& node = session->node;
    std::string failure;
    auto outcome = hardware::StepOutcome::done;
    try {
        outcome = co_await session->driver.inspect->inspect(session);
    } catch (const Error& error) {
        failure = error.message();
    }
    if (!failure.empty()) {
        session->record_error("introspection", failure);
        auto error = node.last_error;
        change_state(node, "fail", Follows::nothing);
        node.last_error = error;
        co_return;
    }
    bool waits = outcome == hardware::StepOutcome::wait;
    change_state(node, waits ? "wait" : "done", waits ? Follows::work : Follows::nothing);
    if (waits) services->on_waiting(node);
}

}  // namespace ferrite::conductor
