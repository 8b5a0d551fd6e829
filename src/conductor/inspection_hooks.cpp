#include "conductor/inspection_hooks.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "model/capabilities.h"

namespace ferrite::conductor {
namespace {

Error failed(std::string why) {
    return Error(500, "inspection_failed", std::move(why));
}

/// The agent, or what collected the data, says that it did not work.
void find_ramdisk_error(const InspectionOptions&, Inspected& inspected) {
    const auto* error = inspected.plugin_data.if_contains("error");
    if (!error || error->is_null() || *error == Json("")) return;
    throw failed(
        fmt::format("The inspection ramdisk reported: {}",
                    error->is_string() ? std::string(error->get_string()) : to_text(*error)));
}

/// A MAC as the boot loader writes it, `01-52-54-00-77-00-01`, or as everybody else does.
std::optional<std::string> boot_mac(std::string text) {
    std::ranges::replace(text, '-', ':');
    if (text.size() == 20 && text.starts_with("01:")) text.erase(0, 3);
    return model::normalised_mac(text);
}

std::string ip_of(const Json& interface) {
    for (auto key : {"ipv4_address", "ipv6_address"})
        if (auto ip = string_member(interface, key); !ip.empty()) return ip.substr(0, ip.find('%'));
    return {};
}

bool is_loopback(std::string_view name, std::string_view ip) {
    return name == "lo" || ip.starts_with("127.") || ip == "::1";
}

/// Fills in plugin_data: all_interfaces, valid_interfaces and macs, by which the other hooks go.
void find_interfaces(const InspectionOptions& options, Inspected& inspected) {
    auto booted =
        boot_mac(string_member(member(Json(inspected.inventory), "boot"), "pxe_interface"));
    JsonObject all, valid;
    JsonArray macs;
    const auto* list = inspected.inventory.if_contains("interfaces");
    for (const auto& interface : list && list->is_array() ? list->get_array() : JsonArray()) {
        auto name = string_member(interface, "name");
        auto mac = model::normalised_mac(string_member(interface, "mac_address"));
        auto ip = ip_of(interface);
        if (name.empty() || !mac || is_loopback(name, ip)) continue;
        bool pxe = booted == mac;
        auto known = interface.get_object();
        known["mac_address"] = *mac;
        known["pxe_enabled"] = pxe;
        all[name] = known;
        if (options.add_ports == "pxe" && booted && !pxe) continue;
        if (options.add_ports == "active" && ip.empty()) continue;
        macs.emplace_back(*mac);
        valid[name] = std::move(known);
    }
    if (all.empty())
        throw failed("The inspection found no network interface with a name and a MAC address.");
    inspected.plugin_data["all_interfaces"] = std::move(all);
    inspected.plugin_data["valid_interfaces"] = std::move(valid);
    inspected.plugin_data["macs"] = std::move(macs);
}

/// The MAC addresses of plugin_data's `list`; only of interfaces that booted the ramdisk if asked.
enum class Which { any, booted };
std::set<std::string> macs_of(const Inspected& inspected, std::string_view list, Which which) {
    std::set<std::string> macs;
    const auto* interfaces = inspected.plugin_data.if_contains(list);
    if (!interfaces || !interfaces->is_object()) return macs;
    for (const auto& entry : interfaces->get_object())
        if (which == Which::any || member(entry.value(), "pxe_enabled") == Json(true))
            macs.insert(string_member(entry.value(), "mac_address"));
    return macs;
}

void add_ports(Inspected& inspected) {
    const auto* interfaces = inspected.plugin_data.if_contains("valid_interfaces");
    if (!interfaces || !interfaces->is_object()) return;
    for (const auto& entry : interfaces->get_object()) {
        model::Port port;
        port.address = string_member(entry.value(), "mac_address");
        if (std::ranges::find(inspected.ports, port.address, &model::Port::address) !=
            inspected.ports.end())
            continue;
        port.uuid = new_uuid();
        port.node_uuid = inspected.node.uuid;
        port.pxe_enabled = member(entry.value(), "pxe_enabled") == Json(true);
        if (auto id = string_member(entry.value(), "client_id"); !id.empty())
            port.extra.set("client-id", Json(id));
        inspected.new_ports.push_back(std::move(port));
    }
}

void settle_ports(const InspectionOptions& options, Inspected& inspected) {
    if (options.add_ports != "disabled") add_ports(inspected);
    if (options.keep_ports != "all") {
        bool present = options.keep_ports == "present";
        auto kept = macs_of(inspected, present ? "all_interfaces" : "valid_interfaces", Which::any);
        std::ranges::copy_if(inspected.ports, std::back_inserter(inspected.lost_ports),
                             [&](const model::Port& port) { return !kept.contains(port.address); });
        std::erase_if(inspected.ports,
                      [&](const model::Port& port) { return !kept.contains(port.address); });
    }
    auto booted = macs_of(inspected, "all_interfaces", Which::booted);
    if (!options.update_pxe_enabled || booted.empty()) return;
    for (auto& port : inspected.ports) port.pxe_enabled = booted.contains(port.address);
}

const Json& part(const Inspected& inspected, std::string_view name, std::string_view key) {
    static const Json kNothing;
    const auto* found = inspected.inventory.if_contains(name);
    return found ? member(*found, key) : kNothing;
}

void take_architecture(const InspectionOptions&, Inspected& inspected) {
    const auto& architecture = part(inspected, "cpu", "architecture");
    if (!architecture.is_string() || architecture.get_string().empty())
        throw failed("The inspection did not find out the architecture of the processor.");
    inspected.node.properties.set("cpu_arch", architecture);
}

void take_cpus(const InspectionOptions&, Inspected& inspected) {
    if (const auto& count = part(inspected, "cpu", "count"); count.is_int64())
        inspected.node.properties.set("cpus", Json(std::to_string(count.get_int64())));
}

void take_memory(const InspectionOptions&, Inspected& inspected) {
    const auto& size = part(inspected, "memory", "physical_mb");
    if (!size.is_int64()) throw failed("The inspection did not find out the size of the memory.");
    inspected.node.properties.set("memory_mb", Json(std::to_string(size.get_int64())));
}

void take_boot_mode(const InspectionOptions&, Inspected& inspected) {
    const auto& mode = part(inspected, "boot", "current_boot_mode");
    if (!mode.is_string()) return;
    auto capabilities = model::capabilities(inspected.node.properties);
    capabilities["boot_mode"] = mode.get_string();
    std::string text;
    for (const auto& [name, value] : capabilities)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, value);
    inspected.node.properties.set("capabilities", Json(text));
}

using Hook = void (*)(const InspectionOptions&, Inspected&);
struct HookRow {
    std::string_view name;
    Hook prepare = nullptr;
    Hook take_over = nullptr;
};
constexpr HookRow kHooks[] = {
    {"ramdisk-error", find_ramdisk_error, nullptr},
    {"validate-interfaces", find_interfaces, nullptr},
    {"ports", nullptr, settle_ports},
    {"architecture", nullptr, take_architecture},
    {"boot-mode", nullptr, take_boot_mode},
    {"cpus", nullptr, take_cpus},
    {"memory", nullptr, take_memory},
};

const HookRow* find_hook(std::string_view name) {
    auto found = std::ranges::find(kHooks, name, &HookRow::name);
    return found == std::end(kHooks) ? nullptr : &*found;
}

}  // namespace

bool is_inspection_hook(std::string_view name) {
    return find_hook(name) != nullptr;
}

void run_inspection_hooks(const InspectionOptions& options, Inspected& inspected) {
    for (auto phase : {&HookRow::prepare, &HookRow::take_over})
        for (const auto& name : options.hooks)
            if (const auto* hook = find_hook(name); hook && hook->*phase)
                (hook->*phase)(options, inspected);
}

}  // namespace ferrite::conductor
