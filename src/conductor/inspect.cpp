#include <fmt/core.h>

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

Task<> abort_inspect(Services*, NodeSession* session) {
    forget_operation(session->node, Forget::steps_and_agent);
    auto failure = co_await failure_of(session->driver.inspect->clean_up(session));
    if (failure)
        session->record_error(
            "introspection",
            fmt::format("The inspection is over, but not cleaned up after: {}", *failure));
}

Task<> fail_inspect(NodeSession* session, std::string why) {
    auto failure = co_await failure_of(session->driver.inspect->clean_up(session));
    forget_operation(session->node, Forget::steps_and_agent);
    if (failure) why += fmt::format(" Nor could it be cleaned up after: {}", *failure);
    session->record_error("introspection", std::move(why));
    change_state(session->node, "fail", Follows::nothing);
}

}  // namespace ferrite::conductor
