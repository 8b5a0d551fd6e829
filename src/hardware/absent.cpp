#include "hardware/absent.h"

#include <algorithm>

namespace ferrite::hardware {

Task<> NoConsole::start(NodeContext* context) {
    throw unsupported(*context, "console");
    co_return;
}

Task<> NoConsole::stop(NodeContext* context) {
    throw unsupported(*context, "console");
    co_return;
}

Task<JsonObject> NoConsole::access(NodeContext* context) {
    throw unsupported(*context, "console");
    co_return JsonObject();
}

Task<StepOutcome> NoInspect::inspect(NodeContext* context) {
    throw unsupported(*context, "inspect");
    co_return StepOutcome::done;
}

Task<StepOutcome> NoRescue::rescue(NodeContext* context) {
    throw unsupported(*context, "rescue");
    co_return StepOutcome::done;
}

Task<> NoRescue::unrescue(NodeContext* context) {
    throw unsupported(*context, "rescue");
    co_return;
}

Task<> NoRescue::clean_up(NodeContext*) {
    co_return;
}

Task<Json> NoVendor::call(NodeContext* context, std::string, JsonObject) {
    throw unsupported(*context, "vendor");
    co_return Json();
}

void AgentPower::validate(const NodeContext& context) const {
    throw InvalidValue("Node " + context.node.uuid +
                       " has power_interface agent, which needs [deploy]fast_track and a running "
                       "agent: give it a power interface with a BMC.");
}

Task<std::optional<std::string>> AgentPower::power_state(NodeContext*) {
    co_return std::nullopt;
}

Task<> AgentPower::set_power_state(NodeContext* context, std::string, std::chrono::seconds) {
    throw unsupported(*context, "power on and off");
    co_return;
}

Task<> AgentPower::reboot(NodeContext* context, bool, std::chrono::seconds) {
    throw unsupported(*context, "a reboot without an agent");
    co_return;
}

std::vector<std::string> AgentPower::supported_power_states() const {
    return {"rebooting", "soft rebooting"};
}

Task<BootDeviceSetting> NoopManagement::boot_device(NodeContext*) {
    co_return BootDeviceSetting{"pxe", true};
}

Task<> NoopManagement::set_boot_device(NodeContext*, std::string device, bool) {
    auto devices = supported_boot_devices();
    if (std::find(devices.begin(), devices.end(), device) == devices.end())
        throw InvalidValue("Boot device " + device + " is not one of: pxe, disk.");
    co_return;
}

std::vector<Step> NoopDeploy::steps(const NodeContext&, StepKind kind) const {
    if (kind != StepKind::deploy) return {};
    return {{.interface = "deploy", .name = "deploy", .priority = 100}};
}

Task<StepOutcome> NoopDeploy::run_step(NodeContext*, StepKind, Step) {
    co_return StepOutcome::done;
}

Task<> NoopDeploy::prepare(NodeContext*) {
    co_return;
}
Task<> NoopDeploy::clean_up(NodeContext*) {
    co_return;
}
Task<> NoopDeploy::tear_down(NodeContext*) {
    co_return;
}
Task<StepOutcome> NoopDeploy::prepare_cleaning(NodeContext*) {
    co_return StepOutcome::done;
}
Task<> NoopDeploy::tear_down_cleaning(NodeContext*) {
    co_return;
}
Task<> NoopDeploy::refresh_steps(NodeContext*, StepKind) {
    co_return;
}
Task<AgentProgress> NoopDeploy::progress(NodeContext*, StepKind) {
    co_return AgentProgress{AgentProgress::Kind::fresh, ""};
}

}  // namespace ferrite::hardware
