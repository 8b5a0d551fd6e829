#include "conductor/steps.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/child_steps.h"
#include "conductor/flow_steps.h"
#include "conductor/hardware_cache.h"
#include "conductor/state_change.h"
#include "hardware/agent_client.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

/// Interfaces in the order in which steps of equal priority run.
constexpr std::array<std::string_view, 8> kRanking = {"network",  "vendor", "power", "management",
                                                      "firmware", "deploy", "bios",  "raid"};

/// A step that the agent loses, by crashing or rebooting under it, is given again this often.
constexpr int kMaxStepAttempts = 3;

int rank(const Step& step) {
    auto place = std::ranges::find(kRanking, step.interface);
    return static_cast<int>(place - kRanking.begin());
}

std::string list_key(StepKind kind) {
    return fmt::format("{}_steps", to_text(kind));
}
std::string index_key(StepKind kind) {
    return fmt::format("{}_step_index", to_text(kind));
}

model::JsonText model::Node::* step_field(StepKind kind) {
    switch (kind) {
        case StepKind::clean:
            return &model::Node::clean_step;
        case StepKind::deploy:
            return &model::Node::deploy_step;
        case StepKind::service:
            break;
    }
    return &model::Node::service_step;
}

void check_arguments(const Step& offered, const Step& wanted) {
    const auto& known = offered.argsinfo;
    for (const auto& [name, value] : wanted.args)
        if (!known.is_object() || !known.as_object().contains(name))
            throw InvalidValue(fmt::format("Step {} takes no argument '{}'.", wanted.id(),
                                           std::string_view(name)));
    if (!known.is_object()) return;
    for (const auto& [name, info] : known.as_object())
        if (member(info, "required") == Json(true) && !wanted.args.contains(name))
            throw InvalidValue(fmt::format("Step {} needs the argument '{}'.", wanted.id(),
                                           std::string_view(name)));
}

Task<StepsResult> run_one(NodeSession* session, StepKind kind, Step step) {
    if (step.on_children) {
        co_await run_on_children(session, kind, std::move(step));
        co_return StepsResult::finished;
    }
    if (is_flow_step(step)) co_return co_await run_flow_step(session, std::move(step));
    auto found = session->driver.all.find(step.interface);
    if (found == session->driver.all.end())
        throw InvalidValue(fmt::format("There is no interface '{}'.", step.interface));
    auto outcome = co_await found->second->run_step(session, kind, std::move(step));
    co_return outcome == hardware::StepOutcome::wait ? StepsResult::waiting : StepsResult::finished;
}

/// A step agrees with what is offered, and takes over what only the offer says.
void settle(const Step& offered, Step& wanted) {
    check_arguments(offered, wanted);
    wanted.abortable = offered.abortable;
    wanted.requires_ramdisk = offered.requires_ramdisk;
    wanted.argsinfo = offered.argsinfo;
}

/// A step that no interface of the node offers: what it is good for shows when it runs.
void settle_own(Step& step) {
    if (is_flow_step(step)) settle_flow_step(step);
    if (step.on_children) step.requires_ramdisk = false;
}

std::string ramdisk_key(StepKind kind) {
    return kind == StepKind::clean ? "cleaning_disable_ramdisk"
                                   : fmt::format("{}_disable_ramdisk", to_text(kind));
}

std::string_view title(StepKind kind) {
    switch (kind) {
        case StepKind::clean:
            return "Clean";
        case StepKind::deploy:
            return "Deploy";
        case StepKind::service:
            break;
    }
    return "Service";
}

}  // namespace

void sort_to_run(std::vector<Step>& steps) {
    std::ranges::sort(steps, [](const Step& a, const Step& b) {
        return std::tuple(-a.priority, rank(a), a.name) < std::tuple(-b.priority, rank(b), b.name);
    });
}

std::vector<Step> offered_steps(const NodeSession& session, StepKind kind) {
    std::vector<Step> steps;
    for (const auto& [name, interface] : session.driver.all)
        for (auto& step : interface->steps(session, kind)) steps.push_back(std::move(step));
    sort_to_run(steps);
    return steps;
}

std::vector<Step> automatic_steps(const NodeSession& session, StepKind kind,
                                  const std::vector<std::string>& disallowed) {
    auto steps = offered_steps(session, kind);
    std::erase_if(steps, [&](const Step& step) {
        return step.priority <= 0 || std::ranges::find(disallowed, step.id()) != disallowed.end();
    });
    return steps;
}

std::vector<Step> user_steps(const NodeSession& session, StepKind kind, const JsonArray& wanted,
                             Unknown unknown) {
    auto offered = offered_steps(session, kind);
    std::vector<Step> steps;
    for (const auto& item : wanted) {
        Step step = hardware::step_from_json(item);
        if (is_flow_step(step) || step.on_children) {
            settle_own(step);
            steps.push_back(std::move(step));
            continue;
        }
        auto known =
            std::ranges::find_if(offered, [&](const Step& o) { return o.id() == step.id(); });
        if (known != offered.end()) {
            settle(*known, step);
            steps.push_back(std::move(step));
        } else if (unknown == Unknown::refused) {
            throw InvalidValue(fmt::format("Node {} does not support the {} step {}.",
                                           session.node.uuid, to_text(kind), step.id()));
        }
    }
    return steps;
}

JsonArray given_steps(const model::Node& node, StepKind kind) {
    Json list = node.driver_internal_info.get(list_key(kind));
    return list.is_array() ? list.as_array() : JsonArray();
}

bool ramdisk_is_off(const model::Node& node, StepKind kind) {
    return node.driver_internal_info.get(ramdisk_key(kind)) == Json(true);
}

void switch_ramdisk(model::Node& node, StepKind kind, bool on) {
    node.driver_internal_info.set(ramdisk_key(kind), Json(!on));
}

bool needs_ramdisk(const NodeSession& session, StepKind kind) {
    auto given = given_steps(session.node, kind);
    auto known = user_steps(session, kind, given, Unknown::skipped);
    return known.size() < given.size() || std::ranges::any_of(known, &Step::requires_ramdisk);
}

void check_ramdisk(const model::Node& node, StepKind kind, const std::vector<Step>& steps) {
    if (!ramdisk_is_off(node, kind)) return;
    for (const auto& step : steps)
        if (step.requires_ramdisk)
            throw InvalidValue(fmt::format(
                "{} step {} needs the ramdisk, which was switched off for this operation.",
                title(kind), step.id()));
}

void check_allowed(const JsonArray& wanted, const std::vector<std::string>& disallowed,
                   std::string_view option) {
    for (const auto& item : wanted) {
        auto id = hardware::step_from_json(item).id();
        if (std::ranges::find(disallowed, id) != disallowed.end())
            throw InvalidValue(
                fmt::format("Step {} is not allowed here: the option {} names it.", id, option));
    }
}

std::vector<Step> planned_steps(const model::Node& node, StepKind kind) {
    std::vector<Step> steps;
    Json list = node.driver_internal_info.get(list_key(kind));
    if (list.is_array())
        for (const auto& item : list.as_array()) steps.push_back(hardware::step_from_json(item));
    return steps;
}

void plan_steps(model::Node& node, StepKind kind, const std::vector<Step>& steps) {
    JsonArray list;
    for (const auto& step : steps) list.push_back(to_json(step));
    node.driver_internal_info.set(list_key(kind), std::move(list));
}

int step_index(const model::Node& node, StepKind kind) {
    Json index = node.driver_internal_info.get(index_key(kind));
    return index.is_int64() ? static_cast<int>(index.as_int64()) : -1;
}

void begin_step(model::Node& node, StepKind kind, int index) {
    auto steps = planned_steps(node, kind);
    auto place = static_cast<std::size_t>(index);
    node.*step_field(kind) =
        place < steps.size() ? model::JsonText(Json(to_json(steps[place]))) : model::JsonText();
    node.driver_internal_info.set(index_key(kind), Json(index));
}

void forget_steps(model::Node& node, StepKind kind) {
    node.driver_internal_info.set(list_key(kind), Json());
    node.driver_internal_info.erase({index_key(kind)});
    node.*step_field(kind) = model::JsonText();
}

Step current_step(const model::Node& node, StepKind kind) {
    return hardware::step_from_json((node.*step_field(kind)).value());
}

void abort_after_step(model::Node& node, StepKind kind) {
    (node.*step_field(kind)).set("abort_after", Json(true));
}

bool aborts_after_step(const model::Node& node, StepKind kind) {
    return (node.*step_field(kind)).get("abort_after") == Json(true);
}

std::string abort_reason(const model::Node& node, StepKind kind) {
    auto why = fmt::format("By request, the {} operation was aborted", to_text(kind));
    if (auto step = current_step(node, kind); !step.name.empty())
        why += fmt::format(" during or after the completion of step \"{}\"", step.id());
    return why;
}

Error step_failed(const model::Node& node, StepKind kind, std::string_view why) {
    return Error(
        500, "step_failed",
        fmt::format("{} step {} failed: {}", title(kind), current_step(node, kind).id(), why));
}

void count_lost_step(model::Node& node, StepKind kind) {
    Json attempts = node.driver_internal_info.get("step_attempts");
    auto count = attempts.is_int64() ? attempts.as_int64() + 1 : 1;
    if (count >= kMaxStepAttempts)
        throw step_failed(node, kind, fmt::format("the agent lost it {} times.", count));
    node.driver_internal_info.set("step_attempts", Json(count));
}

Task<std::optional<hardware::AgentProgress>> ask_agent(NodeSession* session, StepKind kind) {
    std::optional<hardware::AgentProgress> progress;
    std::string failure;
    try {
        progress = co_await session->driver.deploy->progress(session, kind);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!progress)
        log_warning("AGENT_SILENT", "node={} kind={} error={}", session->node.uuid, to_text(kind),
                    failure);
    co_return progress;
}

Task<> guarded(NodeSession* session, Task<> body, Task<> (*fail)(NodeSession*, std::string)) {
    bool agent_busy = false;
    std::optional<std::string> failure;
    try {
        co_await std::move(body);
    } catch (const hardware::AgentBusy& error) {
        log_info("AGENT_BUSY", "node={} {}", session->node.uuid, error.message());
        agent_busy = true;
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (agent_busy) change_state(session->node, "wait", Follows::work);
    // On a node that somebody else has by now, nothing is to be taken back either.
    if (failure && co_await session->still_holds()) co_await fail(session, std::move(*failure));
}

Task<StepsResult> run_steps(NodeSession* session, StepKind kind, int from) {
    auto steps = planned_steps(session->node, kind);
    for (int index = from; index < static_cast<int>(steps.size()); ++index) {
        const auto& step = steps[static_cast<std::size_t>(index)];
        begin_step(session->node, kind, index);
        co_await session->save();
        log_info("NODE_STEP", "node={} kind={} step={}", session->node.uuid, to_text(kind),
                 step.id());
        auto result = StepsResult::finished;
        try {
            result = co_await run_one(session, kind, step);
        } catch (Error& error) {
            error.within(fmt::format("{} step {} failed", title(kind), step.id()));
            throw;
        } catch (const std::exception& error) {
            throw step_failed(session->node, kind, error.what());
        }
        if (result != StepsResult::finished) co_return result;
        if (changes_hardware_cache(step.interface)) co_await refresh_hardware_cache(session);
    }
    co_return StepsResult::finished;
}

void pause_operation(model::Node& node, StepsResult result) {
    change_state(node, result == StepsResult::held ? "hold" : "wait", Follows::work);
}

}  // namespace ferrite::conductor
