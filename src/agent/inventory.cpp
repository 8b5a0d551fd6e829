#include "agent/inventory.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <sys/utsname.h>
#include <unistd.h>

#include "agent/bmc_address.h"
#include "agent/disks.h"
#include "agent/network_interfaces.h"
#include "agent/smbios.h"

namespace ferrite::agent {
namespace {

/// Calls `take(key, value)` for every `key : value` line.
template <typename Take>
void each_field(std::string_view text, Take take) {
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (auto colon = line.find(':'); colon != line.npos)
            take(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
}

JsonArray words(std::string_view text) {
    JsonArray list;
    while (!text.empty()) {
        auto end = std::min(text.find(' '), text.size());
        if (end > 0) list.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return list;
}

/// Megahertz as text, like `3500.0000`: the nominal maximum, else the present clock.
std::string frequency(const MachineFiles& machine, const std::string& present_mhz) {
    auto khz = machine.sys_number("devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    if (!khz) return present_mhz;
    return std::to_string(*khz / 1000) + "." + std::to_string(10000 + *khz % 1000 * 10).substr(1);
}

JsonObject collect_cpu(const MachineFiles& machine) {
    std::string model, mhz, flags;
    std::set<std::string> sockets;
    std::int64_t count = 0;
    each_field(machine.proc_text("cpuinfo").value_or(""),
               [&](const std::string& key, const std::string& value) {
                   if (key == "processor") ++count;
                   if (key == "physical id") sockets.insert(value);
                   if (key == "model name" && model.empty()) model = value;
                   if (key == "cpu MHz" && mhz.empty()) mhz = value;
                   if ((key == "flags" || key == "Features") && flags.empty()) flags = value;
               });
    utsname system{};
    ::uname(&system);
    return {{"model_name", model},
            {"frequency", frequency(machine, mhz)},
            {"count", count},
            {"architecture", system.machine},
            {"flags", words(flags)},
            {"socket_count", std::max<std::int64_t>(1, static_cast<std::int64_t>(sockets.size()))}};
}

std::uint64_t usable_memory_bytes(const MachineFiles& machine) {
    std::uint64_t kib = 0;
    each_field(machine.proc_text("meminfo").value_or(""),
               [&](const std::string& key, const std::string& value) {
                   if (key == "MemTotal")
                       std::from_chars(value.data(), value.data() + value.size(), kib);
               });
    return kib * 1024;
}

JsonObject collect_memory(const MachineFiles& machine, const SmbiosFacts& smbios) {
    auto total = usable_memory_bytes(machine);
    // Machines without SMBIOS memory devices: what the kernel uses is the best guess.
    auto installed = smbios.installed_memory_mib != 0 ? smbios.installed_memory_mib : total >> 20;
    return {{"total", total}, {"physical_mb", installed}};
}

SmbiosFacts read_smbios(const MachineFiles& machine) {
    SmbiosFacts facts;
    if (auto table = read_file(machine.sys("firmware/dmi/tables/DMI")))
        facts = parse_smbios(*table);
    auto fill = [&](std::string& field, std::string_view file) {
        if (field.empty())
            field = machine.sys_text("class/dmi/id/" + std::string(file)).value_or("");
    };
    fill(facts.manufacturer, "sys_vendor");
    fill(facts.product_name, "product_name");
    fill(facts.serial_number, "product_serial");
    fill(facts.firmware_vendor, "bios_vendor");
    fill(facts.firmware_version, "bios_version");
    fill(facts.firmware_date, "bios_date");
    return facts;
}

JsonObject vendor_json(const SmbiosFacts& smbios) {
    JsonObject firmware{{"vendor", smbios.firmware_vendor},
                        {"version", smbios.firmware_version},
                        {"build_date", smbios.firmware_date}};
    return {{"product_name", smbios.product_name},
            {"serial_number", smbios.serial_number},
            {"manufacturer", smbios.manufacturer},
            {"firmware", std::move(firmware)}};
}

JsonObject bmc_json(const BmcAddresses& bmc) {
    JsonObject object{{"bmc_address", bmc.ipv4 ? Json(*bmc.ipv4) : Json(nullptr)},
                      {"bmc_v6address", bmc.ipv6 ? Json(*bmc.ipv6) : Json(nullptr)}};
    if (bmc.mac) object["bmc_mac"] = *bmc.mac;
    return object;
}

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

std::string without_0x(std::string text) {
    return text.starts_with("0x") ? text.substr(2) : text;
}

}  // namespace

Inventory::Inventory(const MachineFiles& machine, std::string boot_interface)
    : machine_(machine), boot_interface_(std::move(boot_interface)) {}

JsonObject Inventory::collect() {
    auto smbios = read_smbios(machine_);
    if (!bmc_asked_) {
        bmc_ = bmc_json(read_bmc_addresses(machine_));
        bmc_asked_ = true;
    }
    JsonArray interfaces;
    for (const auto& interface : list_network_interfaces(machine_))
        interfaces.push_back(interface.to_json());
    JsonArray disks;
    for (const auto& disk : list_disks(machine_)) disks.push_back(disk.to_json());
    std::error_code error;
    bool uefi = std::filesystem::exists(machine_.sys("firmware/efi"), error);

    JsonObject inventory{
        {"interfaces", std::move(interfaces)},
        {"cpu", collect_cpu(machine_)},
        {"disks", std::move(disks)},
        {"memory", collect_memory(machine_, smbios)},
        {"system_vendor", vendor_json(smbios)},
        {"boot", JsonObject{{"current_boot_mode", uefi ? "uefi" : "bios"},
                            {"pxe_interface",
                             boot_interface_.empty() ? Json(nullptr) : Json(boot_interface_)}}},
        {"hostname", host_name()}};
    for (const auto& [key, value] : bmc_) inventory[key] = value;
    return inventory;
}

std::vector<std::string> Inventory::mac_addresses() const {
    std::vector<std::string> addresses;
    for (const auto& interface : list_network_interfaces(machine_))
        addresses.push_back(interface.mac_address);
    return addresses;
}

JsonArray list_pci_devices(const MachineFiles& machine) {
    JsonArray devices;
    for (const auto& address : list_names(machine.sys("bus/pci/devices"))) {
        const std::string base = "bus/pci/devices/" + address;
        auto hex = [&](std::string_view file) -> Json {
            auto text = machine.sys_text(base + "/" + std::string(file));
            return text ? Json(without_0x(*text)) : Json(nullptr);
        };
        devices.push_back(JsonObject{{"vendor_id", hex("vendor")},
                                     {"product_id", hex("device")},
                                     {"class", hex("class")},
                                     {"revision", hex("revision")},
                                     {"bus", address},
                                     {"numa_node_id", hex("numa_node")}});
    }
    return devices;
}

}  // namespace ferrite::agent
