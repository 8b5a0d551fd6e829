#include "agent/disks.h"

#include <algorithm>
#include <array>

namespace ferrite::agent {
namespace {

Json nullable(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

bool all_of(std::string_view text, std::string_view alphabet) {
    return !text.empty() && text.find_first_not_of(alphabet) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

bool is_ignored_name(std::string_view name) {
    for (auto prefix : {"fd", "ram", "zram", "loop", "sr", "nbd", "mtdblock"})
        if (name.starts_with(prefix)) return true;
    return false;
}

bool is_multipath_map(const MachineFiles& machine, const std::string& name) {
    return machine.sys_text("block/" + name + "/dm/uuid").value_or("").starts_with("mpath-");
}

bool is_multipath_member(const MachineFiles& machine, const std::string& name) {
    for (const auto& holder : list_names(machine.sys("block/" + name + "/holders")))
        if (is_multipath_map(machine, holder)) return true;
    return false;
}

bool is_candidate(const MachineFiles& machine, const std::string& name) {
    if (is_ignored_name(name)) return false;
    if (machine.sys_text("block/" + name + "/hidden") == "1") return false;
    if (name.starts_with("dm-") && !is_multipath_map(machine, name)) return false;
    // SCSI type 5 is an optical drive whatever it is called.
    if (machine.sys_text("block/" + name + "/device/type") == "5") return false;
    return !is_multipath_member(machine, name);
}

/// The serial number of a SCSI device: vital product data page 0x80, text behind four bytes.
std::optional<std::string> scsi_serial(const MachineFiles& machine, const std::string& base) {
    auto page = read_file(machine.sys(base + "/device/vpd_pg80"), 512);
    if (!page || page->size() <= 4) return std::nullopt;
    auto text = trimmed(as_text(ByteView(*page).subspan(4)));
    bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
    if (text.empty() || !printable) return std::nullopt;
    return text;
}

std::optional<std::string> serial_of(const MachineFiles& machine, const std::string& base) {
    for (auto file : {"/device/serial", "/serial"})
        if (auto text = machine.sys_text(base + file)) return text;
    return scsi_serial(machine, base);
}

/// Fills the WWN fields from the kernel's `wwid`: `naa.` with 16 or 32 digits for SCSI and ATA,
/// `eui.`, `uuid.` or `nvme.` for NVMe.
void read_wwn(const MachineFiles& machine, const std::string& base, Disk& disk) {
    auto wwid = machine.sys_text(base + "/wwid");
    if (!wwid) wwid = machine.sys_text(base + "/device/wwid");
    if (!wwid) return;
    if (wwid->starts_with("naa.")) {
        auto digits = lower_case(wwid->substr(4));
        if (!all_of(digits, kHexDigits)) return;
        disk.wwn = disk.wwn_with_extension = "0x" + digits;
        disk.wwn_base = "0x" + digits.substr(0, 16);
        if (digits.size() > 16) disk.wwn_vendor_extension = "0x" + digits.substr(16);
    } else if (wwid->starts_with("eui.") || wwid->starts_with("uuid.") ||
               wwid->starts_with("nvme.")) {
        disk.wwn = disk.wwn_with_extension = disk.wwn_base = wwid;
    }
}

std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        auto slash = std::min(path.find('/'), path.size());
        if (slash > 0) parts.push_back(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

/// `0000:00:1f.2`
bool is_pci_address(std::string_view part) {
    return part.size() >= 12 && part[part.size() - 8] == ':' && part[part.size() - 5] == ':' &&
           part[part.size() - 2] == '.' && all_of(part.substr(0, part.size() - 8), kHexDigits);
}

/// `2:0:0:0`
bool is_scsi_address(std::string_view part) {
    return std::ranges::count(part, ':') == 3 && all_of(part, "0123456789:");
}

bool numbered(std::string_view part, std::string_view prefix) {
    return part.starts_with(prefix) && all_of(part.substr(prefix.size()), kDigits);
}

std::optional<std::string> transport_of(std::string_view path, std::string_view name) {
    if (name.starts_with("nvme")) return "nvme";
    for (auto part : split_path(path)) {
        if (numbered(part, "virtio")) return "virtio";
        if (numbered(part, "ata")) return "sata";
        if (numbered(part, "usb")) return "usb";
        if (part.starts_with("end_device-")) return "sas";
        if (part.starts_with("rport-")) return "fc";
        if (numbered(part, "session")) return "iscsi";
    }
    return std::nullopt;
}

std::string device_path(const MachineFiles& machine, const std::string& name) {
    std::error_code error;
    auto path = std::filesystem::canonical(machine.sys("block/" + name), error);
    return error ? std::string() : path.string();
}

/// udev's own link when there is a udev, else the name it would have made.
std::optional<std::string> by_path_of(const MachineFiles& machine, const std::string& name,
                                      const std::string& sysfs_path) {
    for (const auto& link : list_names(machine.dev("disk/by-path")))
        if (link_name(machine.dev("disk/by-path/" + link)) == name)
            return "/dev/disk/by-path/" + link;
    if (auto id = path_id(sysfs_path, name)) return "/dev/disk/by-path/" + *id;
    return std::nullopt;
}

Disk read_disk(const MachineFiles& machine, const std::string& name) {
    const std::string base = "block/" + name;
    const std::string path = device_path(machine, name);
    Disk disk;
    disk.name = "/dev/" + name;
    disk.size = machine.sys_number(base + "/size").value_or(0) * 512;
    disk.model = machine.sys_text(base + "/device/model");
    disk.vendor = machine.sys_text(base + "/device/vendor");
    disk.serial = serial_of(machine, base);
    read_wwn(machine, base, disk);
    if (auto names = list_names(machine.sys(base + "/device/scsi_device")); !names.empty())
        disk.hctl = names.front();
    disk.by_path = by_path_of(machine, name, path);
    disk.transport = transport_of(path, name);
    disk.rotational = machine.sys_text(base + "/queue/rotational") == "1";
    disk.removable = machine.sys_text(base + "/removable") == "1";
    disk.read_only = machine.sys_text(base + "/ro") == "1";
    disk.logical_sector = static_cast<std::uint32_t>(
        machine.sys_number(base + "/queue/logical_block_size").value_or(512));
    disk.physical_sector = static_cast<std::uint32_t>(
        machine.sys_number(base + "/queue/physical_block_size").value_or(512));
    return disk;
}

}  // namespace

JsonObject Disk::to_json() const {
    return {{"name", name},
            {"model", nullable(model)},
            {"size", size},
            {"rotational", rotational},
            {"wwn", nullable(wwn)},
            {"serial", nullable(serial)},
            {"vendor", nullable(vendor)},
            {"wwn_with_extension", nullable(wwn_with_extension)},
            {"wwn_vendor_extension", nullable(wwn_vendor_extension)},
            {"hctl", nullable(hctl)},
            {"by_path", nullable(by_path)},
            {"logical_sectors", logical_sector},
            {"physical_sectors", physical_sector},
            {"tran", nullable(transport)}};
}

std::vector<Disk> list_disks(const MachineFiles& machine) {
    std::vector<Disk> disks;
    for (const auto& name : list_names(machine.sys("block"))) {
        if (!is_candidate(machine, name)) continue;
        if (auto disk = read_disk(machine, name); disk.size > 0) disks.push_back(std::move(disk));
    }
    return disks;
}

std::vector<std::string> list_partitions(const MachineFiles& machine, std::string_view disk) {
    std::vector<std::string> partitions;
    const std::string base = "block/" + std::string(disk);
    for (const auto& name : list_names(machine.sys(base)))
        if (name.starts_with(disk) && machine.sys_text(base + "/" + name + "/partition"))
            partitions.push_back(name);
    return partitions;
}

std::optional<std::string> path_id(std::string_view sysfs_device_path, std::string_view disk) {
    auto parts = split_path(sysfs_device_path);
    std::string_view pci, ata, scsi, usb;
    for (auto part : parts) {
        if (is_pci_address(part)) pci = part;
        if (numbered(part, "ata")) ata = part.substr(3);
        if (is_scsi_address(part)) scsi = part;
        // A USB interface looks like 1-2:1.0: bus 1, port 2, configuration 1, interface 0.
        if (auto dash = part.find('-');
            dash != part.npos && part.find(':') != part.npos && all_of(part, "0123456789-:."))
            usb = part.substr(dash + 1);
    }
    if (pci.empty()) return std::nullopt;
    std::string id = "pci-" + std::string(pci);
    if (disk.starts_with("nvme")) {
        auto namespace_id = disk.substr(std::min(disk.rfind('n') + 1, disk.size()));
        return id + "-nvme-" + std::string(namespace_id);
    }
    // Host numbers depend on the order of discovery, so the persistent name counts from zero.
    std::string relative_scsi;
    if (!scsi.empty()) relative_scsi = "0" + std::string(scsi.substr(scsi.find(':')));
    if (!ata.empty()) return id + "-ata-" + std::string(ata);
    if (!usb.empty()) id += "-usb-0:" + std::string(usb);
    if (!relative_scsi.empty()) id += "-scsi-" + relative_scsi;
    return id;
}

bool is_virtual_media(const MachineFiles& machine, const Disk& disk) {
    auto label = link_name(machine.dev("disk/by-label/ir-vfd-dev"));
    if (label && label->starts_with(disk.kernel_name())) return true;
    return lower_case(disk.model.value_or("")).find("virtual media") != std::string::npos;
}

}  // namespace ferrite::agent
