#include "hardware/ramdisk_deploy.h"

#include <fmt/core.h>

#include "base/error.h"
#include "model/states.h"

namespace ferrite::hardware {

namespace power = model::power;
namespace states = model::states;

std::span<const AgentDeploy::OwnStep> RamdiskDeploy::own_steps() const {
    static constexpr OwnStep kSteps[] = {{.name = "deploy", .priority = 100}};
    return kSteps;
}

void RamdiskDeploy::validate(const NodeContext& context) const {
    const auto& node = context.node;
    if (!context.driver.boot->boots_user_ramdisk())
        throw InvalidValue(
            fmt::format("Node {} can not run a ramdisk with boot_interface {}: set one that boots "
                        "it from the network (ipxe, pxe).",
                        node.uuid, node.boot_interface.value_or("")));
    context.driver.boot->validate(context);
    check_capabilities(node);
    auto drive = node.instance_info.get("configdrive");
    if (!drive.is_null() && drive != Json(""))
        throw InvalidValue(
            fmt::format("Node {} runs a ramdisk from the network, which can have no config drive: "
                        "leave configdrive out, or deploy to the disk (deploy_interface direct).",
                        node.uuid));
}

Task<> RamdiskDeploy::prepare(NodeContext* context) {
    if (!context->node.in_state(states::deploying))
        co_await context->driver.boot->prepare_instance(context);
}

Task<> RamdiskDeploy::clean_up(NodeContext* context) {
    co_await context->driver.boot->clean_up_ramdisk(context);
    co_await context->driver.boot->clean_up_instance(context);
}

Task<> RamdiskDeploy::start_instance(NodeContext* context) {
    if (!context->node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    co_await context->driver.boot->prepare_instance(context);
    co_await start_machine(context);
}

Task<StepOutcome> RamdiskDeploy::run_step(NodeContext* context, StepKind kind, Step step) {
    if (is_in_band(kind, step)) co_return co_await start_in_band(context, kind, std::move(step));
    if (kind == StepKind::deploy && step.id() == "deploy.deploy") co_await start_instance(context);
    co_return StepOutcome::done;
}

}  // namespace ferrite::hardware
