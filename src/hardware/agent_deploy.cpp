#include "hardware/agent_deploy.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/time.h"
#include "model/capabilities.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;

std::string cache_key(StepKind kind) {
    return fmt::format("agent_cached_{}_steps", to_text(kind));
}

/// The step that the node is at, as stored.
Step current_step(const model::Node& node, StepKind kind) {
    switch (kind) {
        case StepKind::clean:
            return step_from_json(node.clean_step.value());
        case StepKind::deploy:
            return step_from_json(node.deploy_step.value());
        case StepKind::service:
            return step_from_json(node.service_step.value());
    }
    return {};
}

JsonArray port_views(const NodeContext& context) {
    JsonArray views;
    for (const auto& port : context.ports) {
        JsonObject view;
        view["uuid"] = port.uuid;
        view["address"] = port.address;
        view["pxe_enabled"] = port.pxe_enabled;
        views.push_back(std::move(view));
    }
    return views;
}

void check_choice(const model::Node& node, std::string_view capability,
                  std::initializer_list<std::string_view> words) {
    for (const auto* document : {&node.properties, &node.instance_info}) {
        auto found = model::capabilities(*document);
        auto value = found.find(capability);
        if (value == found.end() || std::ranges::find(words, value->second) != words.end())
            continue;
        std::string known;
        for (auto word : words) known += fmt::format("{}'{}'", known.empty() ? "" : " or ", word);
        throw InvalidValue(fmt::format("Node {}: capability {} must be {}, not '{}'.", node.uuid,
                                       capability, known, value->second));
    }
}

}  // namespace

void AgentDeploy::check_capabilities(const model::Node& node) {
    check_choice(node, "boot_mode", {"bios", "uefi"});
    check_choice(node, "secure_boot", {"true", "false"});
    check_choice(node, "disk_label", {"msdos", "gpt"});
}

std::map<std::string, std::string> AgentDeploy::properties() const {
    return {
        {"agent_verify_ca", "CA certificates to verify the agent with, unless it has its own."},
    };
}

bool AgentDeploy::is_in_band(StepKind kind, const Step& step) const {
    if (step.interface != "deploy") return false;
    if (kind != StepKind::deploy) return true;
    auto own = own_steps();
    auto found = std::ranges::find(own, step.name, &OwnStep::name);
    return found == own.end() || found->in_band;
}

int AgentDeploy::clean_priority(const Step& step) const {
    if (step.interface != "deploy") return step.priority;
    if (step.name == "erase_devices")
        return options_.erase_devices_priority.value_or(step.priority);
    if (step.name == "erase_devices_metadata")
        return options_.erase_devices_metadata_priority.value_or(step.priority);
    return step.priority;
}

std::vector<Step> AgentDeploy::steps(const NodeContext& context, StepKind kind) const {
    std::vector<Step> steps;
    if (kind == StepKind::deploy)
        for (const auto& own : own_steps())
            steps.push_back({.interface = "deploy",
                             .name = std::string(own.name),
                             .priority = own.priority,
                             .abortable = own.abortable});
    Json cached = context.node.driver_internal_info.get(cache_key(kind));
    for (const auto& item : cached.is_array() ? cached.as_array() : JsonArray()) {
        Step step = step_from_json(item);
        bool known = std::ranges::any_of(steps, [&](const Step& s) { return s.id() == step.id(); });
        if (known) continue;
        if (kind == StepKind::clean) step.priority = clean_priority(step);
        steps.push_back(std::move(step));
    }
    return steps;
}

Task<> AgentDeploy::prepare_agent(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    forget_agent(context->node);
    co_await context->driver.boot->prepare_ramdisk(context);
}

Task<> AgentDeploy::start_machine(NodeContext* context) {
    auto action = context->node.disable_power_off ? power::reboot : power::on;
    co_await power_action(context, std::string(action), options_.power);
}

Task<> AgentDeploy::tear_down(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
}

Task<StepOutcome> AgentDeploy::prepare_cleaning(NodeContext* context) {
    for (const auto& [key, value] : options_.erase_settings)
        context->node.driver_internal_info.set(key, value);
    co_await prepare_agent(context);
    co_await start_machine(context);
    co_return StepOutcome::wait;
}

Task<> AgentDeploy::tear_down_cleaning(NodeContext* context) {
    if (!context->node.disable_power_off && context->node.fault != model::faults::clean_failure)
        co_await power_action(context, std::string(power::off), options_.power);
    co_await context->driver.boot->clean_up_ramdisk(context);
}

Task<StepOutcome> AgentDeploy::prepare_service(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    co_await context->driver.boot->clean_up_instance(context);
    co_await prepare_agent(context);
    co_await start_machine(context);
    co_return StepOutcome::wait;
}

/// A machine whose servicing went wrong is left as it is for whoever looks into it.
Task<> AgentDeploy::tear_down_service(NodeContext* context) {
    bool failed = context->node.fault == model::faults::service_failure;
    if (!failed && !context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    co_await context->driver.boot->clean_up_ramdisk(context);
    if (failed) co_return;
    co_await context->driver.boot->prepare_instance(context);
    co_await start_machine(context);
}

Task<> AgentDeploy::refresh_steps(NodeContext* context, StepKind kind) {
    JsonObject params;
    params["node"] = agent_view(context->node);
    params["ports"] = port_views(*context);
    auto word = std::string(to_text(kind));
    auto answer = co_await agent_.run(&context->node, fmt::format("{0}.get_{0}_steps", word),
                                      std::move(params));
    JsonArray steps;
    if (const auto& managers = member(answer.result, word + "_steps"); managers.is_object())
        for (const auto& [manager, list] : managers.as_object())
            if (list.is_array())
                for (const auto& step : list.as_array()) steps.push_back(step);
    auto& info = context->node.driver_internal_info;
    info.set(cache_key(kind), std::move(steps));
    info.set(cache_key(kind) + "_refreshed", Json(ferrite::to_text(now_seconds())));
    info.set("hardware_manager_version", member(answer.result, "hardware_manager_version"));
}

Task<AgentProgress> AgentDeploy::progress(NodeContext* context, StepKind kind) {
    using Kind = AgentProgress::Kind;
    auto step = current_step(context->node, kind);
    bool boots = step.name.empty() || (kind == StepKind::deploy && step.id() == "deploy.deploy");
    if (!boots && !is_in_band(kind, step)) co_return AgentProgress{Kind::not_given, ""};

    auto commands = co_await agent_.commands(&context->node);
    std::erase_if(commands, [](const AgentCommand& c) {
        return c.name.starts_with("get_") && c.name.ends_with("_steps");
    });
    if (boots) co_return AgentProgress{commands.empty() ? Kind::fresh : Kind::running, ""};
    if (commands.empty()) co_return AgentProgress{Kind::lost, ""};
    const auto& last = commands.back();
    if (last.running() || !last.name.starts_with("execute_"))
        co_return AgentProgress{Kind::running, ""};
    if (last.status.ends_with("VERSION_MISMATCH"))
        co_return AgentProgress{Kind::version_mismatch, ""};
    if (!last.succeeded()) co_return AgentProgress{Kind::failed, last.failure()};
    auto done = step_from_json(member(last.result, fmt::format("{}_step", to_text(kind))));
    if (done.id() != step.id()) co_return AgentProgress{Kind::lost, ""};
    co_return AgentProgress{Kind::succeeded, ""};
}

Task<StepOutcome> AgentDeploy::start_in_band(NodeContext* context, StepKind kind, Step step) {
    auto word = to_text(kind);
    JsonObject params;
    params["step"] = to_json(step);
    params["node"] = agent_view(context->node);
    params["ports"] = port_views(*context);
    params[fmt::format("{}_version", word)] =
        context->node.driver_internal_info.get("hardware_manager_version");
    co_await context->ensure_held();
    co_await agent_.start(&context->node, fmt::format("{0}.execute_{0}_step", word),
                          std::move(params));
    co_return StepOutcome::wait;
}

}  // namespace ferrite::hardware
