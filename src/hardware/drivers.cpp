#include "hardware/drivers.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite::hardware {
namespace {

using Names = std::vector<std::string_view>;

const Names kBoot = {"ipxe", "pxe"};
const Names kDeploy = {"direct", "ramdisk"};
const Names kNetwork = {"noop"};
const Names kStorage = {"noop"};

const HardwareType kTypes[] = {
    {"fake-hardware",
     {{"bios", {"fake", "no-bios"}},
      {"boot", {"fake", "ipxe", "pxe"}},
      {"console", {"fake", "no-console"}},
      {"deploy", {"fake", "direct", "ramdisk"}},
      {"firmware", {"fake", "no-firmware"}},
      {"inspect", {"fake", "agent", "no-inspect"}},
      {"management", {"fake"}},
      {"network", kNetwork},
      {"power", {"fake"}},
      {"raid", {"fake", "no-raid"}},
      {"rescue", {"fake", "no-rescue"}},
      {"storage", {"fake", "noop"}},
      {"vendor", {"fake", "no-vendor"}}}},
    {"ipmi",
     {{"bios", {"no-bios"}},
      {"boot", kBoot},
      {"console", {"no-console"}},
      {"deploy", kDeploy},
      {"firmware", {"no-firmware"}},
      {"inspect", {"agent", "no-inspect"}},
      {"management", {"ipmitool", "noop"}},
      {"network", kNetwork},
      {"power", {"ipmitool"}},
      {"raid", {"no-raid"}},
      {"rescue", {"no-rescue"}},
      {"storage", kStorage},
      {"vendor", {"ipmitool", "no-vendor"}}}},
    {"redfish",
     {{"bios", {"redfish", "no-bios"}},
      {"boot", kBoot},
      {"console", {"no-console"}},
      {"deploy", kDeploy},
      {"firmware", {"redfish", "no-firmware"}},
      {"inspect", {"redfish", "agent", "no-inspect"}},
      {"management", {"redfish", "noop"}},
      {"network", kNetwork},
      {"power", {"redfish"}},
      {"raid", {"redfish", "no-raid"}},
      {"rescue", {"no-rescue"}},
      {"storage", kStorage},
      {"vendor", {"redfish", "no-vendor"}}}},
    {"manual-management",
     {{"bios", {"no-bios"}},
      {"boot", kBoot},
      {"console", {"no-console"}},
      {"deploy", kDeploy},
      {"firmware", {"no-firmware"}},
      {"inspect", {"agent", "no-inspect"}},
      {"management", {"noop", "fake"}},
      {"network", kNetwork},
      {"power", {"agent", "fake"}},
      {"raid", {"no-raid"}},
      {"rescue", {"no-rescue"}},
      {"storage", kStorage},
      {"vendor", {"no-vendor"}}}},
};

/// What configuration files of Ironic may enable and Ferrite does not have: such a name costs a
/// warning, while a name that nobody knows is an error.
constexpr std::array<std::string_view, 5> kTypesElsewhere = {"idrac", "intel-ipmi", "ilo", "irmc",
                                                             "snmp"};
constexpr std::array<std::string_view, 35> kInterfacesElsewhere = {"agent",
                                                                   "anaconda",
                                                                   "ansible",
                                                                   "autodetect",
                                                                   "bootc",
                                                                   "cinder",
                                                                   "custom-agent",
                                                                   "external",
                                                                   "fake-graphical",
                                                                   "flat",
                                                                   "http",
                                                                   "http-ipxe",
                                                                   "idrac-redfish",
                                                                   "idrac-redfish-virtual-media",
                                                                   "ilo",
                                                                   "ilo-ipxe",
                                                                   "ilo-pxe",
                                                                   "ilo-virtual-media",
                                                                   "inspector",
                                                                   "intel-ipmitool",
                                                                   "ipmitool-shellinabox",
                                                                   "ipmitool-socat",
                                                                   "irmc",
                                                                   "irmc-pxe",
                                                                   "irmc-virtual-media",
                                                                   "ironic-networking",
                                                                   "iscsi",
                                                                   "neutron",
                                                                   "noop",
                                                                   "redfish-graphical",
                                                                   "redfish-https",
                                                                   "redfish-virtual-media",
                                                                   "snmp",
                                                                   "wsman",
                                                                   "xclarity"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// fake-hardware takes whatever is enabled: tests combine it with the real ones.
bool takes_anything(const HardwareType& type) {
    return type.name == "fake-hardware";
}

using Overrides = std::map<std::string, std::string, std::less<>>;

/// By kind: the interfaces that `<kind>_interface` in the node's instance_info names.
Overrides overrides(const model::Node& node) {
    Overrides named;
    if (node.instance_info.text().find("_interface\"") == std::string::npos) return named;
    auto info = node.instance_info.object();
    for (const auto& kind : model::interface_kinds())
        if (const auto* name = info.if_contains(fmt::format("{}_interface", kind.name));
            name && name->is_string())
            named.emplace(kind.name, std::string(name->get_string()));
    return named;
}

}  // namespace

std::span<const HardwareType> hardware_types() {
    return kTypes;
}

Drivers::Drivers(Options options, Implementations implementations)
    : options_(std::move(options)), implementations_(std::move(implementations)) {
    std::erase_if(options_.enabled_hardware_types, [](const std::string& name) {
        if (!is_in(kTypesElsewhere, name)) return false;
        log_warning("DRIVER_NOT_BUILT_IN",
                    "hardware_type={} remedy=\"take it out of "
                    "enabled_hardware_types\"",
                    name);
        return true;
    });
    for (const auto& name : options_.enabled_hardware_types) type(name);
    for (const auto& kind : model::interface_kinds()) {
        auto& names = options_.enabled_interfaces[std::string(kind.name)];
        const auto& known = implementations_.find(kind.name)->second;
        std::erase_if(names, [&](const std::string& name) {
            if (known.contains(name) || !is_in(kInterfacesElsewhere, name)) return false;
            log_warning("DRIVER_NOT_BUILT_IN",
                        "{}_interface={} remedy=\"take it out of "
                        "enabled_{}_interfaces\"",
                        kind.name, name, kind.name);
            return true;
        });
        for (const auto& name : names) {
            if (known.contains(name)) continue;
            std::vector<std::string> all;
            for (const auto& [implementation, _] : known) all.push_back(implementation);
            throw InvalidValue(
                fmt::format("Option [DEFAULT]enabled_{}_interfaces names '{}', which is not built "
                            "in. Known: {}.",
                            kind.name, name, fmt::join(all, ", ")));
        }
        if (!names.empty()) continue;
        for (const auto& enabled : options_.enabled_hardware_types) {
            const auto& supported = type(enabled).supported.at(kind.name);
            std::string first(supported.front());
            if (std::ranges::find(names, first) == names.end()) names.push_back(first);
        }
    }
    for (const auto& name : options_.enabled_hardware_types)
        for (const auto& kind : model::interface_kinds())
            if (!default_for(name, kind.name))
                throw InvalidValue(
                    fmt::format("Hardware type {} has no enabled {} interface: add one of {} to "
                                "[DEFAULT]enabled_{}_interfaces.",
                                name, kind.name,
                                fmt::join(type(name).supported.at(kind.name), ", "), kind.name));
}

const HardwareType& Drivers::type(std::string_view name) const {
    for (const auto& type : kTypes)
        if (type.name == name) return type;
    std::vector<std::string_view> all;
    for (const auto& type : kTypes) all.push_back(type.name);
    throw InvalidValue(fmt::format(
        "Hardware type '{}' is not known. [DEFAULT]enabled_hardware_types may name: {}.", name,
        fmt::join(all, ", ")));
}

std::vector<std::string> Drivers::names() const {
    auto names = options_.enabled_hardware_types;
    std::ranges::sort(names);
    return names;
}

bool Drivers::enabled(std::string_view name) const {
    return std::ranges::find(options_.enabled_hardware_types, name) !=
           options_.enabled_hardware_types.end();
}

bool Drivers::supports(const HardwareType& type, std::string_view kind,
                       std::string_view name) const {
    const auto& enabled = options_.enabled_interfaces.find(kind)->second;
    if (std::ranges::find(enabled, name) == enabled.end()) return false;
    const auto& supported = type.supported.at(kind);
    return takes_anything(type) || std::ranges::find(supported, name) != supported.end();
}

std::vector<std::string> Drivers::choices(std::string_view name, std::string_view kind) const {
    const auto& hardware_type = type(name);
    std::vector<std::string> found;
    for (auto candidate : hardware_type.supported.at(kind))
        if (supports(hardware_type, kind, candidate)) found.emplace_back(candidate);
    return found;
}

std::optional<std::string> Drivers::default_for(std::string_view name,
                                                std::string_view kind) const {
    auto configured = options_.default_interfaces.find(kind);
    if (configured != options_.default_interfaces.end() && !configured->second.empty() &&
        supports(type(name), kind, configured->second))
        return configured->second;
    auto candidates = choices(name, kind);
    if (!candidates.empty()) return candidates.front();
    const auto& enabled = options_.enabled_interfaces.find(kind)->second;
    if (takes_anything(type(name)) && !enabled.empty()) return enabled.front();
    return std::nullopt;
}

std::map<std::string, std::string, std::less<>> Drivers::properties(std::string_view name) const {
    std::map<std::string, std::string, std::less<>> all;
    for (const auto& kind : model::interface_kinds()) {
        auto chosen = default_for(name, kind.name);
        if (!chosen) continue;
        const auto& implementation = implementations_.find(kind.name)->second.find(*chosen)->second;
        for (const auto& [key, meaning] : implementation->properties()) all.emplace(key, meaning);
    }
    return all;
}

void Drivers::check_choice(std::string_view driver, std::string_view kind,
                           std::string_view name) const {
    if (supports(type(driver), kind, name)) return;
    throw InvalidValue(fmt::format(
        "'{}' can not be the {}_interface of a node with driver {}: choose one of {}, or enable "
        "it with [DEFAULT]enabled_{}_interfaces.",
        name, kind, driver, fmt::join(choices(driver, kind), ", "), kind));
}

std::map<std::string, std::string, std::less<>> Drivers::logical_disk_properties(
    std::string_view name) const {
    auto chosen = default_for(name, "raid");
    if (!chosen) return {};
    const auto& known = implementations_.find("raid")->second;
    const auto* raid = dynamic_cast<const RaidInterface*>(known.find(*chosen)->second.get());
    auto properties = raid->logical_disk_properties();
    return {properties.begin(), properties.end()};
}

void Drivers::settle_interfaces(model::Node& node) const {
    auto instance = overrides(node);
    for (const auto& kind : model::interface_kinds()) {
        auto& chosen = node.*kind.field;
        auto of_instance = instance.find(kind.name);
        if (of_instance != instance.end())
            check_choice(node.driver, kind.name, of_instance->second);
        if (chosen)
            check_choice(node.driver, kind.name, *chosen);
        else if (of_instance == instance.end())
            chosen = default_for(node.driver, kind.name);
    }
}

DriverInterfaces Drivers::interfaces_of(const model::Node& node) const {
    DriverInterfaces set;
    auto instance = overrides(node);
    for (const auto& kind : model::interface_kinds()) {
        auto chosen = node.*kind.field;
        if (auto of_instance = instance.find(kind.name); of_instance != instance.end())
            chosen = of_instance->second;
        // A node whose instance had an interface of its own may have none when that is gone.
        if (!chosen) chosen = default_for(node.driver, kind.name);
        const auto& known = implementations_.find(kind.name)->second;
        auto found = known.find(chosen.value_or(""));
        if (found == known.end())
            throw InvalidValue(
                fmt::format("Node {} has {}_interface '{}', which this conductor does not have.",
                            node.uuid, kind.name, chosen.value_or("")));
        set.all.emplace(kind.name, found->second.get());
    }
    auto as = [&]<class I>(I*& slot, std::string_view kind) {
        slot = dynamic_cast<I*>(set.all.find(kind)->second);
    };
    as(set.power, "power");
    as(set.management, "management");
    as(set.boot, "boot");
    as(set.deploy, "deploy");
    as(set.inspect, "inspect");
    as(set.rescue, "rescue");
    as(set.network, "network");
    as(set.vendor, "vendor");
    as(set.bios, "bios");
    as(set.firmware, "firmware");
    as(set.raid, "raid");
    as(set.console, "console");
    return set;
}

void Drivers::forget_node(const std::string& uuid) const {
    for (const auto& [kind, known] : implementations_)
        for (const auto& [name, implementation] : known) implementation->forget_node(uuid);
}

}  // namespace ferrite::hardware
