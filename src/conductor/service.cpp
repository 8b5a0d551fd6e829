#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/agent_driven.h"
#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

/// Steps on a node that is in use, beside its instance (reference: conductor.md section 9.6).
namespace ferrite::conductor {
namespace {

namespace states = model::states;

Task<> take_ramdisk_down(NodeSession* session) {
    if (!ramdisk_is_off(session->node, StepKind::service))
        co_await session->driver.deploy->tear_down_service(session);
}

Task<> finish(NodeSession* session) {
    auto& node = session->node;
    // The agent is about to go. Were this interrupted, there would be only this left to do.
    begin_step(node, StepKind::service,
               static_cast<int>(planned_steps(node, StepKind::service).size()));
    hardware::forget_agent(node);
    co_await session->save();
    co_await take_ramdisk_down(session);
    forget_steps(node, StepKind::service);
    forget_operation(node, Forget::steps_and_agent);
    change_state(node, "done", Follows::nothing);
    log_info("SERVICE_DONE", "node={}", node.uuid);
}

Task<> run_from(NodeSession* session, int from) {
    auto result = co_await run_steps(session, StepKind::service, from);
    if (result == StepsResult::finished)
        co_await finish(session);
    else
        pause_operation(session->node, result);
}

Task<> begin_steps(NodeSession* session) {
    auto& node = session->node;
    auto steps = user_steps(*session, StepKind::service, given_steps(node, StepKind::service),
                            Unknown::refused);
    check_ramdisk(node, StepKind::service, steps);
    plan_steps(node, StepKind::service, steps);
    co_await run_from(session, 0);
}

Task<> meet_agent(NodeSession* session) {
    co_await session->driver.deploy->refresh_steps(session, StepKind::service);
    co_await begin_steps(session);
}

/// Steps that were done already stay done.
Task<> meet_changed_agent(NodeSession* session) {
    co_await session->driver.deploy->refresh_steps(session, StepKind::service);
    co_await run_from(session, step_index(session->node, StepKind::service));
}

constexpr AgentDriven kService = {.kind = StepKind::service,
                                  .wait_state = states::service_wait,
                                  .begin = service,
                                  .run_from = run_from,
                                  .meet_agent = meet_agent,
                                  .meet_changed_agent = meet_changed_agent,
                                  .fail = fail_service,
                                  .abort = abort_service};

Task<> first_phase(NodeSession* session) {
    auto& node = session->node;
    session->driver.power->validate(*session);
    if (!needs_ramdisk(*session, StepKind::service)) switch_ramdisk(node, StepKind::service, false);
    auto outcome = hardware::StepOutcome::done;
    if (!ramdisk_is_off(node, StepKind::service))
        outcome = co_await session->driver.deploy->prepare_service(session);
    if (outcome == hardware::StepOutcome::done)
        co_await begin_steps(session);
    else
        change_state(node, "wait", Follows::work);
}

}  // namespace

Begun begin_service(NodeSession& session, const ProvisionRequest& request) {
    refuse_in_maintenance(session, "service");
    session.driver.power->validate(session);
    check_allowed(request.service_steps, session.services().options.disallow_service_steps,
                  "[api]disallow_service_steps");
    auto& node = session.node;
    change_state(node, "service", Follows::work);
    forget_operation(node, Forget::steps_and_agent);
    forget_steps(node, StepKind::service);
    node.driver_internal_info.set("service_steps", Json(request.service_steps));
    switch_ramdisk(node, StepKind::service, !request.disable_ramdisk.value_or(false));
    if (node.fault == model::faults::service_failure) node.fault.reset();
    return Work(service);
}

Task<> service(Services*, NodeSession* session) {
    co_await guarded(session, first_phase(session), fail_service);
}

Task<> continue_service(Services* services, NodeSession* session) {
    return continue_agent_driven(&kService, services, session);
}

Task<> fail_service(NodeSession* session, std::string why) {
    auto& node = session->node;
    session->record_error("servicing", why);
    if (!current_step(node, StepKind::service).name.empty()) {
        node.maintenance = true;
        node.fault = model::faults::service_failure;
        if (!node.maintenance_reason) node.maintenance_reason = why;
    }
    if (auto failure = co_await failure_of(take_ramdisk_down(session)))
        node.last_error = fmt::format("{} Also failed to tear down servicing: {}", why, *failure);
    if (session->services().options.power_off_in_service_fail) co_await power_off_failed(session);
    forget_steps(node, StepKind::service);
    forget_operation(node, Forget::steps_and_agent);
    change_state(node, "fail", Follows::nothing);
}

Task<> abort_service(Services*, NodeSession* session) {
    auto& node = session->node;
    auto why = abort_reason(node, StepKind::service);
    auto failure = co_await failure_of(session->driver.deploy->tear_down_service(session));
    forget_steps(node, StepKind::service);
    forget_operation(node, Forget::steps_and_agent);
    if (failure) {
        session->record_error(
            "servicing", fmt::format("{} Failed to start the instance again: {}", why, *failure));
        co_return;
    }
    // An abort by request is no error of the node.
    session->record("servicing", why);
    node.last_error = why;
    change_state(node, "abort", Follows::nothing);
}

}  // namespace ferrite::conductor
