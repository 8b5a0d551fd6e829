#include "conductor/agent_driven.h"

#include "base/error.h"
#include "conductor/flow_steps.h"
#include "conductor/state_change.h"

namespace ferrite::conductor {
namespace {

using hardware::AgentProgress;

Task<> go_on_after(const AgentDriven* operation, NodeSession* session, AgentProgress progress,
                   bool was_waiting) {
    auto& node = session->node;
    int index = step_index(node, operation->kind);
    using Kind = AgentProgress::Kind;
    switch (progress.kind) {
        case Kind::running:
            change_state(node, "wait", Follows::work);
            break;
        case Kind::fresh:
            co_await operation->meet_agent(session);
            break;
        case Kind::version_mismatch:
            co_await operation->meet_changed_agent(session);
            break;
        case Kind::succeeded:
            node.driver_internal_info.erase({"step_attempts"});
            co_await operation->run_from(session, index + 1);
            break;
        case Kind::lost:
            // A conductor that was interrupted may never have given the step.
            if (was_waiting) count_lost_step(node, operation->kind);
            co_await operation->run_from(session, index);
            break;
        case Kind::not_given:
            co_await operation->run_from(session, index);
            break;
        case Kind::failed:
            throw step_failed(node, operation->kind, progress.error);
    }
}

}  // namespace

Task<> continue_agent_driven(const AgentDriven* operation, Services* services,
                             NodeSession* session) {
    auto& node = session->node;
    auto kind = operation->kind;
    bool was_waiting = node.in_state(operation->wait_state);
    bool agent_known = !node.driver_internal_info.get_text("agent_url").empty();
    auto current = current_step(node, kind);
    bool is_ours = is_flow_step(current) || current.on_children;
    if (!was_waiting && (!agent_known || is_ours)) {
        // Interrupted before the agent came up or after it was gone, or at a step that it knows
        // nothing of: the step is done again.
        int index = step_index(node, kind);
        if (index < 0)
            co_await operation->begin(services, session);
        else
            co_await guarded(session, operation->run_from(session, index), operation->fail);
        co_return;
    }
    if (was_waiting && is_flow_step(current)) {
        // It waited for nothing but this call.
        change_state(node, "resume", Follows::work);
        co_await guarded(session, operation->run_from(session, step_index(node, kind) + 1),
                         operation->fail);
        co_return;
    }
    auto progress = co_await ask_agent(session, kind);
    if (!progress && !was_waiting) change_state(node, "wait", Follows::work);
    if (!progress || (was_waiting && progress->kind == AgentProgress::Kind::running)) co_return;
    if (was_waiting && aborts_after_step(node, kind)) {
        change_state(node, "abort", Follows::work);
        co_await operation->abort(services, session);
        co_return;
    }
    if (was_waiting) change_state(node, "resume", Follows::work);
    co_await guarded(session, go_on_after(operation, session, *progress, was_waiting),
                     operation->fail);
}

}  // namespace ferrite::conductor
