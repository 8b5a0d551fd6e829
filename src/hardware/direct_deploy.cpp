#include "hardware/direct_deploy.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime.h"
#include "hardware/config_drive.h"
#include "model/capabilities.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;
namespace states = model::states;

constexpr const char* kBootAgent = "deploy";
constexpr const char* kWriteImage = "write_image";

/// What happens on the conductor's side of a deploy, in order.
constexpr std::array kDeploySteps = {
    std::pair{kBootAgent, 100},
    std::pair{kWriteImage, 80},
    std::pair{"prepare_instance_boot", 60},
    std::pair{"tear_down_agent", 40},
    std::pair{"switch_to_tenant_network", 30},
    std::pair{"boot_instance", 20},
};

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

/// Whether a step is carried out by the agent: what is neither one of the above nor another
/// interface's.
bool is_in_band(StepKind kind, const Step& step) {
    if (step.interface != "deploy") return false;
    if (kind != StepKind::deploy || step.name == kWriteImage) return true;
    return std::ranges::none_of(kDeploySteps, [&](auto s) { return step.name == s.first; });
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

std::map<std::string, std::string> DirectDeploy::properties() const {
    return {
        {"image_download_source", "http or local: where the agent gets the image from."},
        {"agent_verify_ca", "CA certificates to verify the agent with, unless it has its own."},
    };
}

void DirectDeploy::validate(const NodeContext& context) const {
    context.driver.boot->validate(context);
    check_choice(context.node, "boot_mode", {"bios", "uefi"});
    check_choice(context.node, "secure_boot", {"true", "false"});
    check_choice(context.node, "disk_label", {"msdos", "gpt"});
    images_.validate(context.node);
}

int DirectDeploy::clean_priority(const Step& step) const {
    if (step.interface != "deploy") return step.priority;
    if (step.name == "erase_devices")
        return options_.erase_devices_priority.value_or(step.priority);
    if (step.name == "erase_devices_metadata")
        return options_.erase_devices_metadata_priority.value_or(step.priority);
    return step.priority;
}

std::vector<Step> DirectDeploy::steps(const NodeContext& context, StepKind kind) const {
    std::vector<Step> steps;
    if (kind == StepKind::deploy)
        for (auto [name, priority] : kDeploySteps)
            steps.push_back({.interface = "deploy",
                             .name = name,
                             .priority = priority,
                             .abortable = name == kBootAgent});
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

Task<> DirectDeploy::boot_agent(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    forget_agent(context->node);
    co_await context->driver.boot->prepare_ramdisk(context);
}

/// From off to on; a machine that is never switched off is restarted.
Task<> DirectDeploy::start_machine(NodeContext* context) {
    auto action = context->node.disable_power_off ? power::reboot : power::on;
    co_await power_action(context, std::string(action), options_.power);
}

Task<> DirectDeploy::prepare(NodeContext* context) {
    if (!context->node.in_state(states::deploying)) {
        co_await context->driver.boot->prepare_instance(context);
        co_return;
    }
    co_await images_.prepare(context);
    co_await boot_agent(context);
}

Task<> DirectDeploy::clean_up(NodeContext* context) {
    images_.discard(context->node);
    co_await context->driver.boot->clean_up_ramdisk(context);
    co_await context->driver.boot->clean_up_instance(context);
}

Task<> DirectDeploy::tear_down(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
}

Task<StepOutcome> DirectDeploy::prepare_cleaning(NodeContext* context) {
    for (const auto& [key, value] : options_.erase_settings)
        context->node.driver_internal_info.set(key, value);
    co_await boot_agent(context);
    co_await start_machine(context);
    co_return StepOutcome::wait;
}

Task<> DirectDeploy::tear_down_cleaning(NodeContext* context) {
    if (!context->node.disable_power_off && context->node.fault != model::faults::clean_failure)
        co_await power_action(context, std::string(power::off), options_.power);
    co_await context->driver.boot->clean_up_ramdisk(context);
}

Task<> DirectDeploy::refresh_steps(NodeContext* context, StepKind kind) {
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

Task<AgentProgress> DirectDeploy::progress(NodeContext* context, StepKind kind) {
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

Task<StepOutcome> DirectDeploy::start_in_band(NodeContext* context, StepKind kind, Step step) {
    auto word = to_text(kind);
    JsonObject params;
    params["step"] = to_json(step);
    params["node"] = agent_view(context->node);
    params["ports"] = port_views(*context);
    params[fmt::format("{}_version", word)] =
        context->node.driver_internal_info.get("hardware_manager_version");
    co_await agent_.start(&context->node, fmt::format("{0}.execute_{0}_step", word),
                          std::move(params));
    co_return StepOutcome::wait;
}

Task<StepOutcome> DirectDeploy::write_image(NodeContext* context) {
    Step step{.interface = "deploy", .name = kWriteImage, .priority = 80};
    step.args["image_info"] = images_.image_info(context->node);
    auto drive = config_drive_for_agent(context->node);
    step.args["configdrive"] = drive.empty() ? Json() : Json(drive);
    log_info("DEPLOY_WRITE_IMAGE", "node={} image={}", context->node.uuid,
             image::display_url(context->node.instance_info.get_text("image_url")));
    co_return co_await start_in_band(context, StepKind::deploy, std::move(step));
}

Task<> DirectDeploy::prepare_instance_boot(NodeContext* context) {
    auto mode = model::boot_mode_of(context->node, options_.default_boot_mode);
    if (mode == "uefi") {
        JsonObject params;
        params["root_uuid"] = Json();
        params["efi_system_part_uuid"] = Json();
        params["prep_boot_part_uuid"] = Json();
        params["target_boot_mode"] = mode;
        co_await agent_.run(&context->node, "image.install_bootloader", std::move(params),
                            std::chrono::seconds(600));
    }
    co_await context->driver.boot->prepare_instance(context);
    images_.discard(context->node);
}

Task<> DirectDeploy::tear_down_agent(NodeContext* context) {
    if (context->node.disable_power_off) {
        co_await agent_.run(&context->node, "system.lockdown", {});
        co_return;
    }
    bool asked = true;
    try {
        co_await agent_.start(&context->node, "standby.power_off", {});
    } catch (const Error& error) {
        log_warning("DEPLOY_AGENT_POWER_OFF", "node={} error={}", context->node.uuid,
                    error.message());
        asked = false;
    }
    auto deadline = std::chrono::steady_clock::now() + options_.soft_stop_limit;
    while (asked && std::chrono::steady_clock::now() < deadline) {
        if (co_await context->driver.power->power_state(context) == power::off) break;
        co_await sleep_for(options_.poll_interval);
    }
    co_await power_action(context, std::string(power::off), options_.power);
    forget_agent(context->node);
    context->node.power_state = power::off;
}

Task<StepOutcome> DirectDeploy::run_step(NodeContext* context, StepKind kind, Step step) {
    if (kind == StepKind::deploy && step.name == kWriteImage)
        co_return co_await write_image(context);
    if (is_in_band(kind, step)) co_return co_await start_in_band(context, kind, std::move(step));
    if (step.name == kBootAgent) {
        co_await power_action(context, std::string(power::reboot), options_.power);
        co_return StepOutcome::wait;
    }
    if (step.name == "prepare_instance_boot") co_await prepare_instance_boot(context);
    if (step.name == "tear_down_agent") co_await tear_down_agent(context);
    if (step.name == "boot_instance") co_await start_machine(context);
    co_return StepOutcome::done;
}

}  // namespace ferrite::hardware
