#include "hardware/agent_inspect.h"

#include "base/error.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/udp_socket.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;

/// `https://[fd00::7]:8443/redfish` and `10.0.0.7:623` without what is around the address.
std::string host_of(std::string_view address) {
    if (auto scheme = address.find("://"); scheme != address.npos)
        address.remove_prefix(scheme + 3);
    address = address.substr(0, address.find('/'));
    if (address.starts_with('[')) return std::string(address.substr(1, address.find(']') - 1));
    bool has_port = address.find(':') != address.npos && address.find(':') == address.rfind(':');
    return std::string(has_port ? address.substr(0, address.find(':')) : address);
}

bool is_loopback(const IpAddress& address) {
    auto text = address.to_text();
    return text == "::1" || text.starts_with("127.");
}

bool can_boot(const NodeContext& context) {
    try {
        context.driver.boot->validate(context);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// The addresses of a node's BMC, by which a report finds its node when no port is known yet.
Task<JsonArray> bmc_addresses(std::vector<std::string> hosts) {
    JsonArray found;
    for (const auto& host : hosts) {
        auto address = IpAddress::parse(host);
        try {
            if (!address && !host.empty()) address = co_await resolve_host(host);
        } catch (const Error& error) {
            log_warning("BMC_NOT_RESOLVED", "host={} error=\"{}\"", host, error.message());
        }
        if (address && !is_loopback(*address)) found.emplace_back(address->to_text());
    }
    co_return found;
}

}  // namespace

std::vector<std::string> bmc_hosts(const model::Node& node) {
    std::vector<std::string> hosts;
    for (const auto& entry : node.driver_info.object())
        if (std::string_view(entry.key()).ends_with("_address") && entry.value().is_string())
            hosts.push_back(host_of(entry.value().get_string()));
    return hosts;
}

void AgentInspect::validate(const NodeContext& context) const {
    if (options_.require_managed_boot) context.driver.boot->validate(context);
}

Task<StepOutcome> AgentInspect::inspect(NodeContext* context) {
    auto& node = context->node;
    bool managed = options_.require_managed_boot || can_boot(*context);
    node.driver_internal_info.set("inspector_manage_boot", Json(managed));
    node.driver_internal_info.set("lookup_bmc_addresses",
                                  Json(co_await bmc_addresses(bmc_hosts(node))));
    if (!node.disable_power_off)
        co_await power_action(context, std::string(power::off), options_.power);
    if (managed)
        co_await context->driver.boot->prepare_ramdisk(context);
    else
        co_await context->driver.management->set_boot_device(context, "pxe", false);
    co_await power_action(context, std::string(node.disable_power_off ? power::reboot : power::on),
                          options_.power);
    co_return StepOutcome::wait;
}

Task<> AgentInspect::clean_up(NodeContext* context) {
    auto& node = context->node;
    bool managed = node.driver_internal_info.get("inspector_manage_boot") == Json(true);
    node.driver_internal_info.erase({"inspector_manage_boot", "lookup_bmc_addresses"});
    if (managed) co_await context->driver.boot->clean_up_ramdisk(context);
    if (!options_.power_off) co_return;
    co_await power_action(context, std::string(node.disable_power_off ? power::reboot : power::off),
                          options_.power);
}

}  // namespace ferrite::hardware
