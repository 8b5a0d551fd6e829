#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/agent_driven.h"
#include "conductor/failure.h"
#include "conductor/hardware_cache.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::array kBusyCleaning = {states::deleting, states::cleaning, states::clean_wait};

bool is_manual(const model::Node& node) {
    return node.target_provision_state == states::manageable;
}

bool automated_clean_wanted(const NodeSession& session) {
    return session.node.automated_clean.value_or(session.services().options.automated_clean);
}

void leave_clean(NodeSession* session) {
    change_state(session->node,
                 is_manual(session->node) || session->node.retired ? "manage" : "done",
                 Follows::nothing);
}

Task<> take_ramdisk_down(NodeSession* session) {
    if (!ramdisk_is_off(session->node, StepKind::clean))
        co_await session->driver.deploy->tear_down_cleaning(session);
}

Task<> finish(NodeSession* session) {
    auto& node = session->node;
    // The agent is about to go. Were this interrupted, there would be only this left to do.
    begin_step(node, StepKind::clean,
               static_cast<int>(planned_steps(node, StepKind::clean).size()));
    hardware::forget_agent(node);
    co_await session->save();
    co_await take_ramdisk_down(session);
    co_await refresh_hardware_cache(session);
    forget_steps(node, StepKind::clean);
    forget_operation(node, Forget::steps_and_agent);
    leave_clean(session);
    log_info("CLEAN_DONE", "node={}", node.uuid);
}

Task<> run_from(NodeSession* session, int from) {
    auto result = co_await run_steps(session, StepKind::clean, from);
    if (result == StepsResult::finished)
        co_await finish(session);
    else
        pause_operation(session->node, result);
}

/// The agent is up, or is not needed: what it offers is known now.
Task<> begin_steps(NodeSession* session) {
    auto& node = session->node;
    const auto& disallowed = session->services().options.disallow_clean_steps;
    auto steps = is_manual(node) ? user_steps(*session, StepKind::clean,
                                              given_steps(node, StepKind::clean), Unknown::refused)
                                 : automatic_steps(*session, StepKind::clean, disallowed);
    check_ramdisk(node, StepKind::clean, steps);
    plan_steps(node, StepKind::clean, steps);
    co_await run_from(session, 0);
}

Task<> meet_agent(NodeSession* session) {
    co_await session->driver.deploy->refresh_steps(session, StepKind::clean);
    co_await begin_steps(session);
}

constexpr AgentDriven kClean = {.kind = StepKind::clean,
                                .wait_state = states::clean_wait,
                                .begin = clean,
                                .run_from = run_from,
                                .meet_agent = meet_agent,
                                .meet_changed_agent = meet_agent,
                                .fail = fail_clean,
                                .abort = abort_clean};

Task<> first_phase(NodeSession* session) {
    auto& node = session->node;
    session->driver.power->validate(*session);
    co_await refresh_hardware_cache(session);
    if (is_manual(node) && !needs_ramdisk(*session, StepKind::clean))
        switch_ramdisk(node, StepKind::clean, false);
    auto outcome = hardware::StepOutcome::done;
    if (!ramdisk_is_off(node, StepKind::clean))
        outcome = co_await session->driver.deploy->prepare_cleaning(session);
    if (outcome == hardware::StepOutcome::done)
        co_await begin_steps(session);
    else
        change_state(node, "wait", Follows::work);
}

}  // namespace

Begun begin_provide(NodeSession& session, const ProvisionRequest&) {
    if (!session.services().options.allow_provisioning_in_maintenance)
        refuse_in_maintenance(session, "provide");
    if (session.node.retired)
        throw InvalidValue(
            fmt::format("Node {} is retired and can not be made available; unset retired first.",
                        session.node.uuid));
    change_state(session.node, "provide", Follows::work);
    return Work(clean);
}

Begun begin_clean(NodeSession& session, const ProvisionRequest& request) {
    const auto& options = session.services().options;
    refuse_above_limit(session, kBusyCleaning, options.max_concurrent_clean,
                       "max_concurrent_clean");
    refuse_in_maintenance(session, "clean");
    session.driver.power->validate(session);
    check_allowed(request.clean_steps, options.disallow_clean_steps, "[api]disallow_clean_steps");
    change_state(session.node, "clean", Follows::work, states::manageable);
    session.node.driver_internal_info.set("clean_steps", Json(request.clean_steps));
    switch_ramdisk(session.node, StepKind::clean, !request.disable_ramdisk.value_or(false));
    return Work(clean);
}

Task<> clean(Services*, NodeSession* session) {
    auto& node = session->node;
    if (!is_manual(node) && !automated_clean_wanted(*session)) {
        forget_steps(node, StepKind::clean);
        leave_clean(session);
        co_return;
    }
    auto given = given_steps(node, StepKind::clean);
    bool without_ramdisk = ramdisk_is_off(node, StepKind::clean);
    forget_operation(node, Forget::steps_and_agent);
    if (is_manual(node)) {
        node.driver_internal_info.set("clean_steps", Json(std::move(given)));
        switch_ramdisk(node, StepKind::clean, !without_ramdisk);
    }
    co_await guarded(session, first_phase(session), fail_clean);
}

Task<> continue_clean(Services* services, NodeSession* session) {
    return continue_agent_driven(&kClean, services, session);
}

namespace {

/// Takes back what the cleaning did and keeps `why` as last_error; state and history are the
/// caller's: an abort by request is no error of the node.
Task<> take_back_clean(NodeSession* session, std::string why) {
    auto& node = session->node;
    node.last_error = why;
    if (auto failure = co_await failure_of(take_ramdisk_down(session)))
        node.last_error = fmt::format("{} Also failed to tear down cleaning: {}", why, *failure);
    forget_steps(node, StepKind::clean);
    forget_operation(node, Forget::steps_and_agent);
}

}  // namespace

Task<> fail_clean(NodeSession* session, std::string why) {
    auto& node = session->node;
    if (!current_step(node, StepKind::clean).name.empty()) {
        node.maintenance = true;
        node.fault = model::faults::clean_failure;
        if (!node.maintenance_reason) node.maintenance_reason = why;
    }
    session->record_error("cleaning", why);
    co_await take_back_clean(session, why);
    if (session->services().options.power_off_in_clean_fail) co_await power_off_failed(session);
    change_state(node, "fail", Follows::nothing);
}

Task<> abort_clean(Services*, NodeSession* session) {
    co_await take_back_clean(session, abort_reason(session->node, StepKind::clean));
}

}  // namespace ferrite::conductor
