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
