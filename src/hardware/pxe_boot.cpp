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

/// States in which a ramdisk of the user's is the node's instance. No agent takes part in its
/// deploy.
constexpr std::array kUserRamdiskStates = {
    states::deploying,     states::deploy_wait, states::deploy_hold,     states::active,
    states::rescue_failed, states::unrescuing,  states::unrescue_failed, states::service_failed,
};

template <std::size_t N>
bool is_in(const model::Node& node, const std::array<std::string_view, N>& list) {
    return node.provision_state && std::ranges::find(list, *node.provision_state) != list.end();
}

/// A kernel, ramdisk or ISO as something that the boot service can hand out.
std::string bootable(const std::string& setting,
                     const std::vector<std::filesystem::path>& allowed) {
    std::string href = setting.starts_with('/') ? "file://" + setting : setting;
    auto source = image::parse_image_source(href, {allowed});
    return source.path.empty() ? href : source.path.string();
}

void require_setting(const std::string& setting, std::string_view what, const std::string& node) {
    if (setting.empty())
        throw InvalidValue(fmt::format(
            "Node {} has no {}: set it in driver_info, or for all nodes with [conductor]{}.", node,
            what, what));
}

void check_user_ramdisk(const std::string& node, const std::string& kernel,
                        const std::string& ramdisk, const std::string& iso) {
    if (!iso.empty() && !(kernel.empty() && ramdisk.empty()))
        throw InvalidValue(
            fmt::format("Node {} has both boot_iso and kernel or ramdisk in instance_info, and can "
                        "start only one: take the others out.",
                        node));
    if (!iso.empty() || !(kernel.empty() || ramdisk.empty())) return;
    throw InvalidValue(fmt::format(
        "Node {} is to run a ramdisk (deploy_interface ramdisk) and its instance_info has no {}: "
        "set kernel and ramdisk, or boot_iso.",
        node, kernel.empty() ? ramdisk.empty() ? "kernel and no ramdisk" : "kernel" : "ramdisk"));
}

/// "Never" keeps the BMC from being told anything that lasts.
bool may_persist(const model::Node& node) {
    auto word = node.driver_info.get_text("force_persistent_boot_device");
    return word != "Never" && word != "never";
}

}  // namespace

bool runs_user_ramdisk(const model::Node& node) {
    return node.deploy_interface == "ramdisk";
}

bool boots_ramdisk(const model::Node& node) {
    if (runs_user_ramdisk(node) && is_in(node, kUserRamdiskStates)) return false;
    auto is_set = [&](std::string_view key) {
        return node.driver_internal_info.get(key) == Json(true);
    };
    if (is_set("cleaning_disable_ramdisk") || is_set("service_disable_ramdisk")) return false;
    return is_in(node, kRamdiskStates);
}

std::map<std::string, std::string> PxeBoot::properties() const {
    return {
        {"deploy_kernel", "URL (http, https, file) of the agent's kernel."},
        {"deploy_ramdisk", "URL (http, https, file) of the agent's ramdisk."},
        {"kernel_append_params", "Kernel parameters in place of [pxe]kernel_append_params."},
        {"force_persistent_boot_device", "Always, Default or Never."},
    };
}

std::string PxeBoot::append_params(const model::Node& node) const {
    auto append = node.instance_info.get_text(
        "kernel_append_params",
        node.driver_info.get_text("kernel_append_params", options_.kernel_append_params));
    if (auto place = append.find("%default%"); place != std::string::npos)
        append.replace(place, 9, options_.kernel_append_params);
    return append;
}

RamdiskBoot PxeBoot::ramdisk(const model::Node& node) const {
    auto kernel = node.driver_info.get_text("deploy_kernel");
    auto initrd = node.driver_info.get_text("deploy_ramdisk");
    if (kernel.empty() && initrd.empty()) {
        kernel = options_.deploy_kernel;
        initrd = options_.deploy_ramdisk;
    }
    RamdiskBoot boot;
    require_setting(kernel, "deploy_kernel", node.uuid);
    require_setting(initrd, "deploy_ramdisk", node.uuid);
    boot.kernel = bootable(kernel, options_.file_url_allowed);
    boot.ramdisk = bootable(initrd, options_.file_url_allowed);
    boot.kernel_command_line =
        fmt::format("selinux=0 troubleshoot=0 text {} ipa-api-url={}{}", append_params(node),
                    options_.api_url, options_.debug ? " ipa-debug=1" : "");
    if (inspects(node))
        boot.kernel_command_line +=
            fmt::format(" {} ipa-inspection-callback-url={}/v1/continue_inspection",
                        options_.inspection_kernel_params, options_.api_url);
    return boot;
}

RamdiskBoot PxeBoot::user_ramdisk(const model::Node& node) const {
    auto kernel = node.instance_info.get_text("kernel");
    auto initrd = node.instance_info.get_text("ramdisk");
    auto iso = node.instance_info.get_text("boot_iso");
    check_user_ramdisk(node.uuid, kernel, initrd, iso);
    RamdiskBoot boot;
    if (!iso.empty()) {
        boot.iso = bootable(iso, options_.file_url_allowed);
        return boot;
    }
    boot.kernel = bootable(kernel, options_.file_url_allowed);
    boot.ramdisk = bootable(initrd, options_.file_url_allowed);
    auto arguments = node.instance_info.get_text("ramdisk_kernel_arguments");
    boot.kernel_command_line = fmt::format("root=/dev/ram0 text {}{}{}", append_params(node),
                                           arguments.empty() ? "" : " ", arguments);
    return boot;
}

std::optional<RamdiskBoot> PxeBoot::next_boot(const model::Node& node) const {
    if (boots_ramdisk(node)) return ramdisk(node);
    if (runs_user_ramdisk(node) && is_in(node, kUserRamdiskStates)) return user_ramdisk(node);
    return std::nullopt;
}

void PxeBoot::validate(const NodeContext& context) const {
    if (context.ports.empty())
        throw InvalidValue(
            fmt::format("Node {} does not have any port associated with it", context.node.uuid));
    if (runs_user_ramdisk(context.node))
        user_ramdisk(context.node);
    else
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
    bool from_network = runs_user_ramdisk(context->node);
    if (from_network) user_ramdisk(context->node);
    co_await context->driver.management->set_boot_device(context, from_network ? "pxe" : "disk",
                                                         may_persist(context->node));
}

Task<> PxeBoot::clean_up_instance(NodeContext*) {
    co_return;
}

}  // namespace ferrite::hardware
