#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"

namespace ferrite::conductor {

Begun begin_inspect(NodeSession& session, const ProvisionRequest&) {
    session.driver.power->validate(session);
    session.driver.inspect->validate(session);
    change_state(session.node, "inspect", Follows::work);
    return Work(inspect);
}

namespace {

Task<> ask_hardware(NodeSession* session, hardware::StepOutcome* outcome) {
    *outcome = co_await session->driver.inspect->inspect(session);
}

}  // namespace

Task<> inspect(Services*, NodeSession* session) {
    auto& node = session->node;
    forget_operation(node, Forget::steps_and_agent);
    auto outcome = hardware::StepOutcome::done;
    if (auto failure = co_await failure_of(ask_hardware(session, &outcome))) {
        session->record_error("introspection", *failure);
        change_state(node, "fail", Follows::nothing);
    } else if (outcome == hardware::StepOutcome::wait) {
        change_state(node, "wait", Follows::work);
    } else {
        change_state(node, "done", Follows::nothing);
    }
}

}  // namespace ferrite::conductor
