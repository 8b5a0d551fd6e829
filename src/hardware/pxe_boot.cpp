#include "hardware/pxe_boot.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "image/image_source.h"
#include "model/capabilities.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace states = model::states;

/// States in which the machine is booted for the agent's sake.
constexpr std::array kRamdiskStates = {
    states::deploying,    states::deploy_wait,  states::cleaning,   states::clean_wait,
    states::inspecting,   states::inspect_wait, states::rescuing,   states::rescue_wait,
    states::servicing,    states::service_wait, states::clean_hold, states::deploy_hold,
    states::service_hold,
};

/// Whether the agent is booted to tell what the machine is.
bool inspects(const model::Node& node) {
    return node.inspect_interface == "agent" &&
           (node.in_state(states::inspecting) || node.in_state(states::inspect_wait));
}

/// A kernel or ramdisk setting as something that the boot service can hand out.
std::string bootable(const std::string& setting, std::string_view what, const std::string& node,
                     const std::vector<std::filesystem::path>& allowed) {
    if (setting.empty())
        throw InvalidValue(fmt::format(
            "Node {} has no {}: set it in driver_info, or for all nodes with [conductor]{}.", node,
            what, what));
    std::string href = setting.starts_with('/') ? "file://" + setting : setting;
    auto source = image::parse_image_source(href, {allowed});
    return source.path.empty() ? href : source.path.string();
}

/// "Never" keeps the BMC from being told anything that lasts.
bool may_persist(const model::Node& node) {
    auto word = node.driver_info.get_text("force_persistent_boot_device");
    return word != "Never" && word != "never";
}

}  // namespace

bool boots_ramdisk(const model::Node& node) {
    return node.provision_state &&
           std::ranges::find(kRamdiskStates, *node.provision_state) != kRamdiskStates.end();
}

std::map<std::string, std::string> PxeBoot::properties() const {
    return {
        {"deploy_kernel", "URL (http, https, file) of the agent's kernel."},
        {"deploy_ramdisk", "URL (http, https, file) of the agent's ramdisk."},
        {"kernel_append_params", "Kernel parameters in place of [pxe]kernel_append_params."},
        {"force_persistent_boot_device", "Always, Default or Never."},
    };
}

RamdiskBoot PxeBoot::ramdisk(const model::Node& node) const {
    auto kernel = node.driver_info.get_text("deploy_kernel");
    auto initrd = node.driver_info.get_text("deploy_ramdisk");
    if (kernel.empty() && initrd.empty()) {
        kernel = options_.deploy_kernel;
        initrd = options_.deploy_ramdisk;
    }
    RamdiskBoot boot;
    boot.kernel = bootable(kernel, "deploy_kernel", node.uuid, options_.file_url_allowed);
    boot.ramdisk = bootable(initrd, "deploy_ramdisk", node.uuid, options_.file_url_allowed);
    auto append = node.instance_info.get_text(
        "kernel_append_params",
        node.driver_info.get_text("kernel_append_params", options_.kernel_append_params));
    if (auto place = append.find("%default%"); place != std::string::npos)
        append.replace(place, 9, options_.kernel_append_params);
    boot.kernel_command_line =
        fmt::format("selinux=0 troubleshoot=0 text {} ipa-api-url={}{}", append, options_.api_url,
                    options_.debug ? " ipa-debug=1" : "");
    if (inspects(node))
        boot.kernel_command_line +=
            fmt::format(" {} ipa-inspection-callback-url={}/v1/continue_inspection",
                        options_.inspection_kernel_params, options_.api_url);
    return boot;
}

void PxeBoot::validate(const NodeContext& context) const {
    if (context.ports.empty())
        throw InvalidValue(
            fmt::format("Node {} does not have any port associated with it", context.node.uuid));
    ramdisk(context.node);
}

Task<> PxeBoot::prepare_ramdisk(NodeContext* context) {
    ramdisk(context->node);
    auto& node = context->node;
    node.driver_internal_info.set("deploy_boot_mode",
                                  Json(model::boot_mode_of(node, options_.default_boot_mode)));
    co_await context->driver.management->set_boot_device(context, "pxe", false);
}

Task<> PxeBoot::clean_up_ramdisk(NodeContext*) {
    co_return;
}

Task<> PxeBoot::prepare_instance(NodeContext* context) {
    if (context->node.in_state(states::active) || context->node.in_state(states::adopting))
        co_return;
    co_await context->driver.management->set_boot_device(context, "disk",
                                                         may_persist(context->node));
}

Task<> PxeBoot::clean_up_instance(NodeContext*) {
    co_return;
}

}  // namespace ferrite::hardware
