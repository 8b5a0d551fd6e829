#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/config_drive.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/runbooks.h"
#include "api/steps.h"
#include "api/text.h"
#include "api/traits.h"
#include "base/error.h"
#include "model/states.h"

/// PUT states/provision; the checks stand in the order of the reference's table 10.4.
namespace ferrite::api {
namespace {

using conductor::ProvisionRequest;
using model::Node;
using model::since;
namespace states = model::states;

struct Asked {
    ProvisionRequest request;
    bool rescue_password_given = false;
    std::optional<std::string> runbook;
};

/// 1.
Asked read(const Call& call) {
    auto arguments = Arguments::of_query_and_body(call);
    Asked asked;
    auto& request = asked.request;
    request.verb = arguments.required_text("target").value_or("");
    request.configdrive = read_config_drive(arguments.json("configdrive"));
    request.clean_steps = read_step_list("clean_steps", arguments.json("clean_steps"));
    request.deploy_steps = read_step_list("deploy_steps", arguments.json("deploy_steps"));
    request.service_steps = read_step_list("service_steps", arguments.json("service_steps"));
    auto password = arguments.text("rescue_password");
    asked.rescue_password_given = password.has_value();
    request.rescue_password = password.value_or("");
    request.disable_ramdisk = arguments.flag("disable_ramdisk");
    asked.runbook = arguments.ident("runbook");
    arguments.finish();
    return asked;
}

/// Verbs whose version is asked for after the state of the node, or, for undeploy, never was.
bool has_no_early_version(std::string_view verb) {
    return verb == "unhold" || verb == "service" || verb == "undeploy";
}

/// Operators may have ruled who runs which step.
void check_step_rules(const Call& call, const Node& node, const JsonArray& steps) {
    for (const auto& step : steps)
        call.access.require_if_defined(
            fmt::format("step:execute:{}.{}", string_member(step, "interface"),
                        string_member(step, "step")),
            target_of(node));
}

/// 4.
void check_steps_rules(const Call& call, const Node& node, const Asked& asked) {
    const auto& request = asked.request;
    if (asked.runbook) return;
    if (!request.clean_steps.empty())
        call.access.require("node:set_provision_state:clean_steps", target_of(node));
    if (!request.service_steps.empty())
        call.access.require("node:set_provision_state:service_steps", target_of(node));
    for (const auto* steps : {&request.clean_steps, &request.deploy_steps, &request.service_steps})
        check_step_rules(call, node, *steps);
}

/// A verb that this service has at some version it offers.
const states::Verb* find_verb(const Call& call, std::string_view target) {
    const auto* verb = states::find_verb(target);
    return verb && call.offers(verb->since) ? verb : nullptr;
}

/// 3.
void check_verb_version(const Call& call, std::string_view target) {
    const auto* verb = find_verb(call, target);
    if (verb && !has_no_early_version(target))
        require_version(call, verb->since, fmt::format("The target {}", target));
}

/// True when the machine has an edge for the verb. Two edges are for the service alone: a cleaning
/// that ends in `manageable`, and the cleaning after a tear-down.
bool is_possible(const Node& node, const states::Verb& verb) {
    auto state = node.provision_state.value_or("");
    if (state == states::cleaning && verb.event == "manage") return false;
    if (state == states::deleting && verb.event == "clean") return false;
    return states::next(state, verb.event).has_value();
}

/// 5 and 6.
void check_state(const Call& call, const Node& node, std::string_view target) {
    const auto* verb = find_verb(call, target);
    bool deploys = verb && (verb->event == "deploy" || verb->event == "rebuild");
    if (deploys && node.maintenance)
        throw InvalidValue(fmt::format(
            "Node {} is in maintenance and is not deployed: end that first.", node.label()));
    if (verb && is_possible(node, *verb)) return;
    if (node.reservation)
        throw Error(409, "node_locked",
                    fmt::format("Node {} is locked by host {}: try again when its present "
                                "operation is over.",
                                node.label(), *node.reservation));
    throw InvalidValue(
        fmt::format("The target '{}' is not possible for node {}, which is in "
                    "provision state '{}'.",
                    target.substr(0, 100), node.label(), node.provision_state.value_or("")));
}

/// A runbook is for nodes that share a trait with it; until 1.112, for those with its name as a
/// trait (section 10.6).
void check_fits(const Call& call, const Node& node, const model::Runbook& runbook) {
    bool fits = has_trait(node.traits, runbook.name);
    if (call.has(since(1, 112)))
        fits = std::ranges::any_of(runbook.traits.array(), [&](const Json& trait) {
            return has_trait(node.traits, std::string_view(trait.as_string()));
        });
    if (fits) return;
    throw InvalidValue(fmt::format(
        "Runbook {} is not for node {}: they need a trait in common{}.", runbook.name, node.label(),
        call.has(since(1, 112)) ? "" : ", which before version 1.112 is the runbook's name"));
}

/// The steps of a runbook in their order.
JsonArray ordered_steps(const model::Runbook& runbook) {
    std::multimap<std::int64_t, Json> by_order;
    for (auto& step : runbook.steps.array())
        by_order.emplace(member(step, "order").as_int64(), std::move(step));
    JsonArray steps;
    for (auto& [order, step] : by_order) steps.push_back(std::move(step));
    return steps;
}

/// 8. What the runbook says takes the place of steps and disable_ramdisk in the request.
void take_runbook(const Call& call, const Node& node, Asked& asked) {
    if (!asked.runbook) return;
    require_version(call, since(1, 92), "The argument runbook");
    auto runbook = find_runbook(call, *asked.runbook, "runbook:use");
    check_fits(call, node, runbook);
    auto& request = asked.request;
    if (!request.clean_steps.empty() || !request.service_steps.empty())
        throw InvalidValue("A runbook and steps exclude each other: leave one out.");
    if (request.verb != "clean" && request.verb != "service")
        throw InvalidValue("A runbook goes with the targets clean and service only.");
    auto& steps = request.verb == "clean" ? request.clean_steps : request.service_steps;
    steps = ordered_steps(runbook);
    if (!runbook.is_public && runbook.owner) check_step_rules(call, node, steps);
    request.disable_ramdisk = runbook.disable_ramdisk;
}

/// 9 to 12 and 15: what goes with which target.
void check_payload(const Call& call, const Asked& asked) {
    const auto& request = asked.request;
    const auto& target = request.verb;
    if (request.disable_ramdisk) {
        if (target != "clean" && target != "service")
            throw InvalidValue("disable_ramdisk goes with the targets clean and service only.");
        if (!asked.runbook)
            require_version(call, target == "clean" ? since(1, 70) : since(1, 108),
                            "The argument disable_ramdisk");
    }
    if (!request.clean_steps.empty() && target != "clean")
        throw InvalidValue("clean_steps go with the target clean only.");
    if (!request.deploy_steps.empty()) {
        require_version(call, since(1, 69), "The argument deploy_steps");
        if (target != "active" && target != "rebuild")
            throw InvalidValue("deploy_steps go with the targets active and rebuild only.");
    }
    if (asked.rescue_password_given && target != "rescue")
        throw InvalidValue("rescue_password goes with the target rescue only.");
}

/// 13 to 16: verbs whose version depends on where the node is.
void check_late_versions(const Call& call, const Node& node, const Asked& asked) {
    const auto& target = asked.request.verb;
    if (target == "abort" && node.in_state(states::inspect_wait))
        require_version(call, since(1, 41), "Aborting an inspection");
    if (target == "abort" && node.in_state(states::deploy_wait))
        require_version(call, since(1, 110), "Aborting a deployment");
    if (target == "unhold") require_version(call, since(1, 85), "The target unhold");
    if (!asked.request.service_steps.empty() && target != "service")
        throw InvalidValue("service_steps go with the target service only.");
    if (target == "service") require_version(call, since(1, 87), "The target service");
}

/// 18.
void check_required(const Call& call, const Asked& asked) {
    const auto& request = asked.request;
    if (request.verb == "rescue" && trimmed(request.rescue_password).empty())
        throw InvalidValue("The target rescue needs a rescue_password that is not blank.");
    if (request.verb == "clean" && request.clean_steps.empty())
        throw InvalidValue("The target clean needs clean_steps: the steps to run.");
    if (request.verb == "service" && request.service_steps.empty())
        throw InvalidValue("The target service needs service_steps: the steps to run.");
    const auto& options = call.options();
    check_steps("clean_steps", StepKind::clean, request.clean_steps, options.disallow_clean_steps);
    check_steps("deploy_steps", StepKind::deploy, request.deploy_steps,
                options.disallow_deploy_steps);
    check_steps("service_steps", StepKind::service, request.service_steps,
                options.disallow_service_steps);
}

}  // namespace

Task<HttpResponse> set_node_provision(Call call) {
    auto asked = read(call);
    auto node = find_node(call, call.words[0]);
    const auto& target = asked.request.verb;
    check_verb_version(call, target);
    check_steps_rules(call, node, asked);
    check_state(call, node, target);
    check_config_drive(call, target, asked.request.configdrive);
    take_runbook(call, node, asked);
    check_payload(call, asked);
    check_late_versions(call, node, asked);
    require_conductor(call, node, 404);
    check_required(call, asked);
    co_await call.conductor().provision(call.context, node.uuid, std::move(asked.request));
    co_return located(empty_reply(202), call, fmt::format("nodes/{}/states", call.words[0]));
}

}  // namespace ferrite::api
