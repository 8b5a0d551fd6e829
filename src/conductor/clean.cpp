#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using hardware::AgentProgress;

constexpr std::array kBusyCleaning = {states::deleting, states::cleaning, states::clean_wait};

/// A step that the agent loses, by crashing or rebooting under it, is given again this often.
constexpr int kMaxStepAttempts = 3;

bool is_manual(const model::Node& node) {
    return node.target_provision_state == states::manageable;
}

bool automated_clean_wanted(const NodeSession& session) {
    return session.node.automated_clean.value_or(
        const_cast<NodeSession&>(session).services().options.automated_clean);
}

/// Steps that the operator gave, as begin_clean() left them.
JsonArray wanted_steps(const model::Node& node) {
    Json list = node.driver_internal_info.get("clean_steps");
    return list.is_array() ? list.as_array() : JsonArray();
}

void leave_clean(NodeSession* session) {
    change_state(session->node,
                 is_manual(session->node) || session->node.retired ? "manage" : "done",
                 Follows::nothing);
}

Task<> finish(NodeSession* session) {
    forget_steps(session->node, StepKind::clean);
    forget_operation(session->node, Forget::steps_and_agent);
    co_await session->driver.deploy->tear_down_cleaning(session);
    leave_clean(session);
    log_info("CLEAN_DONE", "node={}", session->node.uuid);
}

Task<> run_from(NodeSession* session, int from) {
    auto result = co_await run_steps(session, StepKind::clean, from);
    if (result == StepsResult::finished) {
        co_await finish(session);
        co_return;
    }
    change_state(session->node, "wait", Follows::work);
    co_await session->save();
    session->services().on_waiting(session->node);
}

/// The agent is up, or is not needed: what it offers is known now.
Task<> begin_steps(NodeSession* session) {
    auto& node = session->node;
    auto& options = session->services().options;
    auto steps = is_manual(node)
                     ? user_steps(*session, StepKind::clean, wanted_steps(node), Unknown::refused)
                     : automatic_steps(*session, StepKind::clean, options.disallow_clean_steps);
    plan_steps(node, StepKind::clean, steps);
    co_await run_from(session, 0);
}

Task<> go_on_after(NodeSession* session, AgentProgress progress) {
    int index = step_index(session->node, StepKind::clean);
    using Kind = AgentProgress::Kind;
    switch (progress.kind) {
        case Kind::running:
            change_state(session->node, "wait", Follows::work);
            session->services().on_waiting(session->node);
            break;
        case Kind::fresh:
        case Kind::version_mismatch:
            co_await session->driver.deploy->refresh_steps(session, StepKind::clean);
            co_await begin_steps(session);
            break;
        case Kind::succeeded:
            session->node.driver_internal_info.erase({"step_attempts"});
            co_await run_from(session, index + 1);
            break;
        case Kind::lost: {
            Json attempts = session->node.driver_internal_info.get("step_attempts");
            auto count = attempts.is_int64() ? attempts.as_int64() + 1 : 1;
            auto step = current_step(session->node, StepKind::clean).id();
            if (count >= kMaxStepAttempts)
                throw Error(500, "agent",
                            fmt::format("Clean step {} failed: the agent restarted {} "
                                        "times while it ran.",
                                        step, count));
            session->node.driver_internal_info.set("step_attempts", Json(count));
            co_await run_from(session, index);
            break;
        }
        case Kind::failed:
            throw Error(
                500, "agent",
                fmt::format("Clean step {} failed: {}",
                            current_step(session->node, StepKind::clean).id(), progress.error));
    }
}

/// Runs `body` and turns its failure into the failed state.
Task<> guarded(NodeSession* session, Task<> body) {
    std::string failure;
    try {
        co_await std::move(body);
    } catch (const Error& error) {
        failure = error.message();
    }
    if (!failure.empty()) co_await fail_clean(session, failure);
}

Task<> first_phase(NodeSession* session) {
    auto& node = session->node;
    session->driver.power->validate(*session);
    auto outcome = co_await session->driver.deploy->prepare_cleaning(session);
    if (outcome == hardware::StepOutcome::done) {
        co_await begin_steps(session);
        co_return;
    }
    change_state(node, "wait", Follows::work);
    co_await session->save();
    session->services().on_waiting(node);
}

}  // namespace

Begun begin_provide(NodeSession& session, const ProvisionRequest&) {
    auto& services = session.services();
    if (session.node.maintenance && !services.options.allow_provisioning_in_maintenance)
        refuse_in_maintenance(session, "provide");
    if (session.node.retired)
        throw InvalidValue(
            fmt::format("Node {} is retired and can not be made available; unset retired first.",
                        session.node.uuid));
    change_state(session.node, "provide", Follows::work);
    return Work(clean);
}

Begun begin_clean(NodeSession& session, const ProvisionRequest& request) {
    auto& options = session.services().options;
    refuse_above_limit(session, kBusyCleaning, options.max_concurrent_clean,
                       "max_concurrent_clean");
    refuse_in_maintenance(session, "clean");
    session.driver.power->validate(session);
    check_allowed(request.clean_steps, options.disallow_clean_steps, "[api]disallow_clean_steps");
    change_state(session.node, "clean", Follows::work, states::manageable);
    session.node.driver_internal_info.set("clean_steps", Json(request.clean_steps));
    return Work(clean);
}

Task<> clean(Services*, NodeSession* session) {
    auto& node = session->node;
    if (!is_manual(node) && !automated_clean_wanted(*session)) {
        forget_steps(node, StepKind::clean);
        leave_clean(session);
        co_return;
    }
    auto wanted = wanted_steps(node);
    forget_operation(node, Forget::steps_and_agent);
    if (is_manual(node)) node.driver_internal_info.set("clean_steps", Json(std::move(wanted)));
    co_await guarded(session, first_phase(session));
}

Task<> continue_clean(Services* services, NodeSession* session) {
    auto& node = session->node;
    bool was_waiting = node.in_state(states::clean_wait);
    bool agent_known = !node.driver_internal_info.get_text("agent_url").empty();
    if (!was_waiting && !agent_known && step_index(node, StepKind::clean) < 0) {
        // Interrupted before the agent came up: everything up to here may be done again.
        co_await clean(services, session);
        co_return;
    }
    if (!was_waiting && !agent_known) {
        co_await guarded(session, run_from(session, step_index(node, StepKind::clean)));
        co_return;
    }
    AgentProgress progress;
    std::string failure;
    try {
        progress = co_await session->driver.deploy->progress(session, StepKind::clean);
    } catch (const Error& error) {
        failure = error.message();
    }
    if (!failure.empty()) {
        log_warning("CLEAN_AGENT", "node={} error={}", node.uuid, failure);
        if (!was_waiting) change_state(node, "wait", Follows::work);
        services->on_waiting(node);
        co_return;
    }
    if (was_waiting && progress.kind == AgentProgress::Kind::running) {
        services->on_waiting(node);
        co_return;
    }
    if (was_waiting) change_state(node, "resume", Follows::work);
    co_await guarded(session, go_on_after(session, progress));
}

Task<> end_clean_badly(NodeSession* session, std::string why, CleanEnd end) {
    auto& node = session->node;
    bool step_running = !current_step(node, StepKind::clean).name.empty();
    session->record_error("cleaning", std::move(why));
    if (step_running && end == CleanEnd::fail) {
        node.maintenance = true;
        node.fault = model::faults::clean_failure;
        if (!node.maintenance_reason) node.maintenance_reason = node.last_error;
    }
    auto error = node.last_error;
    try {
        co_await session->driver.deploy->tear_down_cleaning(session);
    } catch (const Error& failure) {
        error = fmt::format("{} Also failed to tear down cleaning: {}", error.value_or(""),
                            failure.message());
    }
    forget_steps(node, StepKind::clean);
    forget_operation(node, Forget::steps_and_agent);
    // In clean failed the API still shows whom the clean was for.
    change_state(node, end == CleanEnd::fail ? "fail" : "abort", Follows::nothing);
    node.last_error = error;
}

Task<> fail_clean(NodeSession* session, std::string why) {
    co_await end_clean_badly(session, std::move(why), CleanEnd::fail);
}

}  // namespace ferrite::conductor
