#include "hardware/interfaces.h"

#include <fmt/core.h>

#include "base/error.h"
#include "hardware/raid_config.h"
#include "model/states.h"

namespace ferrite::hardware {

Task<StepOutcome> Interface::run_step(NodeContext* context, StepKind kind, Step step) {
    throw InvalidValue(
        fmt::format("Node {} has no {} step {}.", context->node.uuid, to_text(kind), step.id()));
    co_return StepOutcome::done;
}

void Interface::forget_node(const std::string&) {}

std::vector<std::string> PowerInterface::supported_power_states() const {
    namespace power = model::power;
    return {std::string(power::on), std::string(power::off), std::string(power::reboot),
            std::string(power::soft_reboot), std::string(power::soft_off)};
}

Task<> ManagementInterface::attach_virtual_media(NodeContext* context, VirtualMediaImage) {
    throw unsupported(*context, "virtual media");
    co_return;
}

Task<> ManagementInterface::detach_virtual_media(NodeContext* context, std::vector<std::string>) {
    throw unsupported(*context, "virtual media");
    co_return;
}

Task<JsonObject> ManagementInterface::virtual_media(NodeContext* context) {
    throw unsupported(*context, "virtual media");
    co_return JsonObject();
}

Task<> ManagementInterface::set_boot_mode(NodeContext* context, std::string) {
    throw unsupported(*context, "set_boot_mode");
    co_return;
}

Task<> ManagementInterface::set_secure_boot(NodeContext* context, bool) {
    throw unsupported(*context, "set_secure_boot_state");
    co_return;
}

Task<> ManagementInterface::inject_nmi(NodeContext* context) {
    throw unsupported(*context, "inject_nmi");
    co_return;
}

std::vector<Indicator> ManagementInterface::indicators(const NodeContext& context) const {
    throw unsupported(context, "indicators");
}

Task<std::string> ManagementInterface::indicator_state(NodeContext* context, Indicator) {
    throw unsupported(*context, "get_indicator_state");
    co_return std::string();
}

Task<> ManagementInterface::set_indicator_state(NodeContext* context, Indicator, std::string) {
    throw unsupported(*context, "set_indicator_state");
    co_return;
}

Task<JsonObject> ManagementInterface::sensors(NodeContext* context) {
    throw unsupported(*context, "get_sensors_data");
    co_return JsonObject();
}

void RaidInterface::validate(const NodeContext& context) const {
    auto target = context.node.target_raid_config.object();
    if (!target.empty()) validate_target(context, target);
}

void RaidInterface::validate_target(const NodeContext&, const JsonObject& config) const {
    check_raid_config(config);
}

std::map<std::string, std::string> RaidInterface::logical_disk_properties() const {
    return ferrite::hardware::logical_disk_properties();
}

Error unsupported(const NodeContext& context, std::string_view what) {
    return InvalidValue(fmt::format("Driver {} does not support {} (disabled or not implemented).",
                                    context.node.driver, what));
}

Task<StepOutcome> DeployInterface::prepare_service(NodeContext*) {
    co_return StepOutcome::done;
}

Task<> DeployInterface::tear_down_service(NodeContext*) {
    co_return;
}

}  // namespace ferrite::hardware
