#include "hardware/raid_config.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace ferrite::hardware {
namespace {

constexpr std::array<std::string_view, 9> kLevels = {"JBOD", "0",   "1",   "2",  "5",
                                                     "6",    "1+0", "5+0", "6+0"};
constexpr std::array<std::string_view, 2> kDiskTypes = {"hdd", "ssd"};
constexpr std::array<std::string_view, 3> kInterfaceTypes = {"sata", "scsi", "sas"};

std::string one_of(std::span<const std::string_view> words) {
    return fmt::format("one of {}", fmt::join(words, ", "));
}

bool is_word_of(const Json& value, std::span<const std::string_view> words) {
    return value.is_string() &&
           std::ranges::find(words, std::string_view(value.get_string())) != words.end();
}

bool is_whole_from(const Json& value, std::int64_t least) {
    if (value.is_uint64()) return true;
    return value.is_int64() && value.get_int64() >= least;
}

bool are_disks(const Json& value) {
    return value.is_array() && std::ranges::all_of(value.get_array(), [](const Json& disk) {
               return disk.is_string() || disk.is_object();
           });
}

enum class Takes { text, flag, size, level, disk_type, interface_type, count, disks };

bool fits(Takes takes, const Json& value) {
    switch (takes) {
        case Takes::text:
            return value.is_string();
        case Takes::flag:
            return value.is_bool();
        case Takes::size:
            return value == Json("MAX") || is_whole_from(value, 0);
        case Takes::level:
            return is_word_of(value, kLevels);
        case Takes::disk_type:
            return is_word_of(value, kDiskTypes);
        case Takes::interface_type:
            return is_word_of(value, kInterfaceTypes);
        case Takes::count:
            return is_whole_from(value, 1);
        case Takes::disks:
            return are_disks(value);
    }
    return false;
}

std::string described(Takes takes) {
    switch (takes) {
        case Takes::text:
            return "a text";
        case Takes::flag:
            return "true or false";
        case Takes::size:
            return "a whole number of GiB, or MAX";
        case Takes::level:
            return one_of(kLevels);
        case Takes::disk_type:
            return one_of(kDiskTypes);
        case Takes::interface_type:
            return one_of(kInterfaceTypes);
        case Takes::count:
            return "a whole number from 1";
        case Takes::disks:
            return "a list of names or descriptions of disks";
    }
    return "";
}

/// A member of a logical disk.
struct Member {
    std::string_view name;
    Takes takes;
    bool required;
    std::string_view meaning;
};

constexpr Member kMembers[] = {
    {"raid_level", Takes::level, true, "RAID level: JBOD, 0, 1, 2, 5, 6, 1+0, 5+0 or 6+0."},
    {"size_gb", Takes::size, true, "Size in whole GiB; MAX takes all the space that is left."},
    {"volume_name", Takes::text, false, "Name of the volume; made up when there is none."},
    {"is_root_volume", Takes::flag, false,
     "Whether the operating system goes on this disk, as it may on one at most."},
    {"share_physical_disks", Takes::flag, false,
     "Whether other logical disks may use the same physical disks."},
    {"disk_type", Takes::disk_type, false, "Use only physical disks of this type: hdd or ssd."},
    {"interface_type", Takes::interface_type, false,
     "Use only physical disks with this interface: sata, scsi or sas."},
    {"number_of_physical_disks", Takes::count, false,
     "How many physical disks to use; as few as the RAID level allows unless given."},
    {"controller", Takes::text, false,
     "The RAID controller to use; the driver finds a suitable one unless given."},
    {"physical_disks", Takes::disks, false,
     "The physical disks to use, which needs controller; the driver finds suitable ones unless "
     "given."},
};

[[noreturn]] void refuse(std::size_t index, std::string_view what) {
    throw InvalidValue(fmt::format("RAID configuration: logical_disks[{}] {}.", index, what));
}

void check_logical_disk(const Json& disk, std::size_t index) {
    if (!disk.is_object()) refuse(index, "must be an object");
    for (const auto& entry : disk.get_object()) {
        auto known = std::ranges::find(kMembers, std::string_view(entry.key()), &Member::name);
        if (known == std::end(kMembers))
            refuse(index, fmt::format("has no member '{}': take it out",
                                      std::string_view(entry.key()).substr(0, 100)));
        if (!fits(known->takes, entry.value()))
            refuse(index, fmt::format("has a wrong {}: it must be {}", known->name,
                                      described(known->takes)));
    }
    for (const auto& row : kMembers)
        if (row.required && !disk.get_object().contains(row.name))
            refuse(index, fmt::format("needs {}: {}", row.name, described(row.takes)));
    if (disk.get_object().contains("physical_disks") && !disk.get_object().contains("controller"))
        refuse(index, "names physical_disks without their controller: add it");
}

}  // namespace

void check_raid_config(const JsonObject& config) {
    for (const auto& entry : config)
        if (entry.key() != "logical_disks")
            throw InvalidValue(
                fmt::format("RAID configuration: '{}' is unknown, there is logical_disks only.",
                            std::string_view(entry.key()).substr(0, 100)));
    const auto* disks = config.if_contains("logical_disks");
    if (!disks || !disks->is_array() || disks->get_array().empty())
        throw InvalidValue(
            "RAID configuration: logical_disks must be a list of at least one logical disk.");
    std::size_t index = 0;
    int roots = 0;
    for (const auto& disk : disks->get_array()) {
        check_logical_disk(disk, index++);
        if (member(disk, "is_root_volume") == Json(true)) ++roots;
    }
    if (roots > 1)
        throw InvalidValue(fmt::format(
            "RAID configuration: {} logical disks say is_root_volume, and only one may.", roots));
}

std::map<std::string, std::string> logical_disk_properties() {
    std::map<std::string, std::string> properties;
    for (const auto& row : kMembers)
        properties.emplace(
            row.name, fmt::format("{} {}", row.meaning, row.required ? "Required." : "Optional."));
    return properties;
}

}  // namespace ferrite::hardware
