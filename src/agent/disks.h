#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/machine_files.h"
#include "base/json.h"

namespace ferrite::agent {

/// A whole disk as the inventory shows it (reference: agent.md section 7.2), read from sysfs only.
struct Disk {
    std::string name;        ///< `/dev/sda`
    std::uint64_t size = 0;  ///< Bytes.
    std::optional<std::string> model;
    std::optional<std::string> vendor;
    std::optional<std::string> serial;
    std::optional<std::string> wwn;  ///< With extension when there is one.
    std::optional<std::string> wwn_with_extension;
    std::optional<std::string> wwn_vendor_extension;
    std::optional<std::string> wwn_base;   ///< Without extension; a second spelling for hints.
    std::optional<std::string> hctl;       ///< SCSI host:channel:target:lun.
    std::optional<std::string> by_path;    ///< `/dev/disk/by-path/…`
    std::optional<std::string> transport;  ///< nvme, sata, sas, usb, virtio, …
    bool rotational = false;
    bool removable = false;
    bool read_only = false;
    std::uint32_t logical_sector = 512;   ///< Bytes.
    std::uint32_t physical_sector = 512;  ///< Bytes.

    std::string_view kernel_name() const { return std::string_view(name).substr(5); }
    JsonObject to_json() const;
};

/// The disks of the machine, ordered by name. Left out: floppies, RAM disks, loop devices, optical
/// drives, empty drives, hidden NVMe paths, members of multipath maps and device-mapper devices
/// that are not multipath maps.
std::vector<Disk> list_disks(const MachineFiles& machine);

/// The partitions of a disk as the kernel knows them: `sda1`, `nvme0n1p2`. Ordered by name.
std::vector<std::string> list_partitions(const MachineFiles& machine, std::string_view disk);

/// The persistent path name that udev would give, made from the device's place in sysfs
/// (`pci-0000:00:1f.2-ata-1`); nothing when the bus is not understood.
std::optional<std::string> path_id(std::string_view sysfs_device_path, std::string_view disk);

/// True for the small removable medium a BMC presents, which no step may erase: file system label
/// `ir-vfd-dev`, or a model that says "virtual media".
bool is_virtual_media(const MachineFiles& machine, const Disk& disk);

}  // namespace ferrite::agent
