#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/agent_driven.h"
#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "conductor/templates.h"
#include "hardware/power_action.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::array kBusyDeploying = {states::deploying, states::deploy_wait};

Task<> finish(NodeSession* session) {
    auto& node = session->node;
    forget_steps(node, StepKind::deploy);
    forget_operation(node, Forget::steps_and_agent);
    change_state(node, "done", Follows::nothing);
    log_info("DEPLOY_DONE", "node={}", node.uuid);
    co_return;
}

Task<> run_from(NodeSession* session, int from) {
    auto result = co_await run_steps(session, StepKind::deploy, from);
    if (result == StepsResult::finished)
        co_await finish(session);
    else
        pause_operation(session->node, result);
}

/// The step that installs: it can be switched off, but nothing else can take its place.
constexpr std::string_view kCoreStep = "deploy.deploy";

/// Puts `wanted` in the place of steps of the same name; with a priority of 0, nothing.
void override_steps(std::vector<Step>& steps, const std::vector<Step>& wanted) {
    std::erase_if(steps, [&](const Step& step) {
        return std::ranges::any_of(wanted, [&](const Step& w) { return w.id() == step.id(); });
    });
    for (const auto& step : wanted) {
        if (step.id() == kCoreStep && step.priority > 0)
            throw InvalidValue(fmt::format(
                "The step {} can not be asked for: it can only be switched off, with priority 0.",
                kCoreStep));
        if (step.priority > 0) steps.push_back(step);
    }
}

/// The node's own steps, with those of templates and of the user over them.
std::vector<Step> plan(const NodeSession& session, const JsonArray& users, Unknown unknown) {
    auto steps = automatic_steps(session, StepKind::deploy,
                                 session.services().options.disallow_deploy_steps);
    override_steps(steps, user_steps(session, StepKind::deploy, template_steps(session), unknown));
    override_steps(steps, user_steps(session, StepKind::deploy, users, unknown));
    sort_to_run(steps);
    return steps;
}

/// What begin_deploy() kept of the steps that the user asked for.
JsonArray kept_user_steps(const model::Node& node) {
    Json list = node.driver_internal_info.get("user_deploy_steps");
    return list.is_array() ? list.as_array() : JsonArray();
}

Task<> first_phase(NodeSession* session) {
    auto& node = session->node;
    co_await session->driver.deploy->prepare(session);
    auto steps = plan(*session, kept_user_steps(node), Unknown::skipped);
    if (steps.empty())
        throw Error(500, "no_steps", fmt::format("Node {} has no deploy steps.", node.uuid));
    plan_steps(node, StepKind::deploy, steps);
    node.conductor_affinity = session->services().options.host;
    session->record("deploying", fmt::format("Starting deployment with {} steps", steps.size()));
    co_await run_from(session, 0);
}

/// The agent came up: its own steps join the list, behind what was done already.
Task<> meet_agent(NodeSession* session) {
    auto& node = session->node;
    auto done = current_step(node, StepKind::deploy);
    int index = step_index(node, StepKind::deploy);
    co_await session->driver.deploy->refresh_steps(session, StepKind::deploy);
    auto steps = plan(*session, kept_user_steps(node), Unknown::refused);
    plan_steps(node, StepKind::deploy, steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i].id() == done.id()) index = static_cast<int>(i);
    co_await run_from(session, index + 1);
}

Task<> meet_changed_agent(NodeSession* session) {
    co_await session->driver.deploy->refresh_steps(session, StepKind::deploy);
    co_await run_from(session, step_index(session->node, StepKind::deploy));
}

constexpr AgentDriven kDeploy = {.kind = StepKind::deploy,
                                 .wait_state = states::deploy_wait,
                                 .begin = deploy,
                                 .run_from = run_from,
                                 .meet_agent = meet_agent,
                                 .meet_changed_agent = meet_changed_agent,
                                 .fail = fail_deploy,
                                 .abort = abort_deploy};

void derive_image_type(model::Node& node) {
    if (node.instance_info.get_text("image_source").empty()) return;
    node.driver_internal_info.set("is_whole_disk_image", Json(true));
    if (node.instance_info.get_text("image_type").empty())
        node.instance_info.set("image_type", Json("whole-disk"));
}

/// What makes a deploy impossible is told at once, as a bad request of the one who asked.
void validate(NodeSession& session, const JsonArray& user_steps) {
    try {
        session.driver.power->validate(session);
        session.driver.deploy->validate(session);
        check_deploy_steps(session, user_steps);
    } catch (Error& error) {
        error.within(fmt::format("Failed to validate the deploy of node {}", session.node.uuid));
        throw;
    }
}

}  // namespace

void check_deploy_steps(const NodeSession& session, const JsonArray& user_steps) {
    check_instance_traits(session.node);
    plan(session, user_steps, Unknown::skipped);
}

Begun begin_deploy(NodeSession& session, const ProvisionRequest& request) {
    auto& options = session.services().options;
    auto& node = session.node;
    bool rebuild = request.verb == "rebuild";
    refuse_above_limit(session, kBusyDeploying, options.max_concurrent_deploy,
                       "max_concurrent_deploy");
    refuse_in_maintenance(session, request.verb);
    if (rebuild) refuse_protected(session, "rebuild");
    check_allowed(request.deploy_steps, options.disallow_deploy_steps,
                  "[api]disallow_deploy_steps");
    if (!states::next(node.provision_state.value_or(""), rebuild ? "rebuild" : "deploy"))
        change_state(node, rebuild ? "rebuild" : "deploy", Follows::work);
    derive_image_type(node);
    if (!request.configdrive.is_null()) node.instance_info.set("configdrive", request.configdrive);
    validate(session, request.deploy_steps);
    change_state(node, rebuild ? "rebuild" : "deploy", Follows::work);
    forget_operation(node, Forget::steps_and_agent);
    forget_steps(node, StepKind::deploy);
    if (!request.deploy_steps.empty())
        node.driver_internal_info.set("user_deploy_steps", Json(request.deploy_steps));
    return Work(deploy);
}

Task<> deploy(Services*, NodeSession* session) {
    co_await guarded(session, first_phase(session), fail_deploy);
}

Task<> continue_deploy(Services* services, NodeSession* session) {
    return continue_agent_driven(&kDeploy, services, session);
}

namespace {

Task<> power_off_and_clean_up(NodeSession* session) {
    auto& options = session->services().options;
    auto& node = session->node;
    co_await session->driver.deploy->clean_up(session);
    if (options.power_off_after_deploy_failure && !node.disable_power_off && node.power_state)
        co_await hardware::power_action(session, std::string(model::power::off), options.power);
}

/// Takes back what the deploy did and keeps `why` as last_error; state and history are the
/// caller's: an abort by request is no error of the node.
Task<> take_back_deploy(NodeSession* session, std::string why) {
    auto& node = session->node;
    node.last_error = why;
    if (auto failure = co_await failure_of(power_off_and_clean_up(session)))
        node.last_error = fmt::format("{} Also failed to clean up: {}", why, *failure);
    forget_steps(node, StepKind::deploy);
    forget_operation(node, Forget::steps_and_agent);
}

}  // namespace

Task<> fail_deploy(NodeSession* session, std::string why) {
    session->record_error("deploying", why);
    co_await take_back_deploy(session, why);
    change_state(session->node, "fail", Follows::nothing);
}

Task<> abort_deploy(Services*, NodeSession* session) {
    co_await take_back_deploy(session, abort_reason(session->node, StepKind::deploy));
}

}  // namespace ferrite::conductor
