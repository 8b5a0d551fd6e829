#include "hardware/direct_deploy.h"

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

}  // namespace

std::map<std::string, std::string> DirectDeploy::properties() const {
    auto all = AgentDeploy::properties();
    all["image_download_source"] = "http or local: where the agent gets the image from.";
    all["image_http_proxy"] = "URL of the proxy by which the agent gets images from http URLs.";
    all["image_https_proxy"] = "URL of the proxy by which the agent gets images from https URLs.";
    all["image_no_proxy"] =
        "Hosts and domains, with commas between, that the agent reaches without those proxies.";
    return all;
}

std::span<const AgentDeploy::OwnStep> DirectDeploy::own_steps() const {
    static constexpr OwnStep kSteps[] = {
        {.name = kBootAgent, .priority = 100, .abortable = true},
        {.name = kWriteImage, .priority = 80, .in_band = true},
        {.name = "prepare_instance_boot", .priority = 60},
        {.name = "tear_down_agent", .priority = 40},
        {.name = "switch_to_tenant_network", .priority = 30},
        {.name = "boot_instance", .priority = 20},
    };
    return kSteps;
}

void DirectDeploy::validate(const NodeContext& context) const {
    context.driver.boot->validate(context);
    check_capabilities(context.node);
    images_.validate(context.node);
}

Task<> DirectDeploy::prepare(NodeContext* context) {
    if (!context->node.in_state(states::deploying)) {
        co_await context->driver.boot->prepare_instance(context);
        co_return;
    }
    co_await images_.prepare(context);
    co_await prepare_agent(context);
}

Task<> DirectDeploy::clean_up(NodeContext* context) {
    images_.discard(context->node);
    co_await context->driver.boot->clean_up_ramdisk(context);
    co_await context->driver.boot->clean_up_instance(context);
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
        co_await context->ensure_held();
        co_await agent_.run(&context->node, "image.install_bootloader", std::move(params),
                            std::chrono::seconds(600));
    }
    co_await context->driver.boot->prepare_instance(context);
    images_.discard(context->node);
}

Task<> DirectDeploy::tear_down_agent(NodeContext* context) {
    if (context->node.disable_power_off) {
        co_await context->ensure_held();
        co_await agent_.run(&context->node, "system.lockdown", {});
        co_return;
    }
    bool asked = true;
    try {
        co_await context->ensure_held();
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
        co_await prepare_agent(context);
        co_await start_machine(context);
        co_return StepOutcome::wait;
    }
    if (step.name == "prepare_instance_boot") co_await prepare_instance_boot(context);
    if (step.name == "tear_down_agent") co_await tear_down_agent(context);
    if (step.name == "boot_instance") co_await start_machine(context);
    co_return StepOutcome::done;
}

}  // namespace ferrite::hardware
