#include "agent/bootloader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/agent_error.h"
#include "agent/efi_boot_entry.h"
#include "agent/target_disk.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace ferrite::agent {
namespace {

constexpr std::string_view kGlobalVariables = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::uint32_t kNonVolatileBootRuntime = 7;

constexpr std::string_view kCsvNames[] = {"bootx64.csv", "bootaa64.csv", "boot.csv"};
constexpr std::string_view kLoaderNames[] = {"bootx64.efi", "bootaa64.efi",    "bootia32.efi",
                                             "bootarm.efi", "bootriscv64.efi", "grubaa64.efi",
                                             "winload.efi"};

/// A file system mounted read-only for the length of a block.
class MountedVfat {
public:
    explicit MountedVfat(const std::filesystem::path& device) {
        char name[] = "/tmp/esp.XXXXXX";
        if (::mkdtemp(name) == nullptr) throw failure("mkdtemp");
        directory_ = name;
        if (::mount(device.c_str(), name, "vfat", MS_RDONLY, nullptr) != 0) {
            auto error = failure(device.string());
            ::rmdir(name);
            throw error;
        }
    }
    ~MountedVfat() {
        ::umount2(directory_.c_str(), MNT_DETACH);
        ::rmdir(directory_.c_str());
    }
    MountedVfat(const MountedVfat&) = delete;
    MountedVfat& operator=(const MountedVfat&) = delete;

    const std::filesystem::path& directory() const { return directory_; }

private:
    static AgentError failure(const std::string& what) {
        return {Fault::command_failed,
                fmt::format("EFI system partition: {}: {}", what, std::strerror(errno))};
    }
    std::filesystem::path directory_;
};

std::string efi_path(const std::filesystem::path& file, const std::filesystem::path& root) {
    auto path = "/" + file.lexically_relative(root).string();
    std::ranges::replace(path, '/', '\\');
    return path;
}

struct Loader {
    std::string path;
    std::string label;
};

/// A CSV of the distribution names loader and label; else the fallback loader will do.
std::optional<Loader> find_loader(const std::filesystem::path& root) {
    std::optional<Loader> fallback;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator it(root, error), end; !error && it != end;
         it.increment(error)) {
        auto name = lower_case(it->path().filename().string());
        if (std::ranges::find(kCsvNames, name) != std::end(kCsvNames)) {
            auto text = read_file(it->path(), 64 * 1024);
            auto csv = text ? parse_boot_csv(*text) : std::nullopt;
            if (csv)
                return Loader{efi_path(it->path().parent_path() / csv->file, root), csv->label};
        }
        if (!fallback && std::ranges::find(kLoaderNames, name) != std::end(kLoaderNames))
            fallback = Loader{efi_path(it->path(), root), "ironic1"};
    }
    return fallback;
}

/// The firmware's variables as files of efivarfs: four bytes of attributes, then the value.
class FirmwareVariables {
public:
    explicit FirmwareVariables(std::filesystem::path directory)
        : directory_(std::move(directory)) {}

    std::optional<Bytes> read(std::string_view name) const {
        auto bytes = read_file(path(name), 64 * 1024);
        if (!bytes || bytes->size() < 4) return std::nullopt;
        return Bytes(bytes->begin() + 4, bytes->end());
    }

    void write(std::string_view name, ByteView value) const {
        ByteWriter out;
        out.u32_le(kNonVolatileBootRuntime).raw(value);
        UniqueFd file(::open(path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        // efivarfs takes a variable in one write or not at all.
        if (!file ||
            ::write(file.get(), out.bytes().data(), out.size()) != static_cast<ssize_t>(out.size()))
            throw AgentError(Fault::command_failed,
                             fmt::format("firmware variable {}: {}", name, std::strerror(errno)));
    }

    void remove(std::string_view name) const { ::unlink(path(name).c_str()); }

    /// Numbers of the Boot#### variables, ascending.
    std::vector<std::uint16_t> boot_entries() const {
        std::vector<std::uint16_t> numbers;
        for (const auto& file : list_names(directory_)) {
            if (file.size() != 8 + kGlobalVariables.size() || !file.starts_with("Boot") ||
                !file.ends_with(kGlobalVariables))
                continue;
            char* end = nullptr;
            auto digits = file.substr(4, 4);
            auto number = std::strtoul(digits.c_str(), &end, 16);
            if (*end == 0) numbers.push_back(static_cast<std::uint16_t>(number));
        }
        return numbers;
    }

private:
    std::filesystem::path path(std::string_view name) const {
        return directory_ / (std::string(name) + std::string(kGlobalVariables));
    }
    std::filesystem::path directory_;
};

std::string boot_name(std::uint16_t number) {
    return fmt::format("Boot{:04X}", number);
}

std::vector<std::uint16_t> read_order(const FirmwareVariables& variables) {
    std::vector<std::uint16_t> order;
    auto bytes = variables.read("BootOrder").value_or(Bytes{});
    ByteReader in(bytes);
    while (in.left() >= 2) order.push_back(in.u16_le());
    return order;
}

/// Replaces former entries of the same label and makes the new one the first.
void install_entry(const FirmwareVariables& variables, const EfiBootEntry& entry) {
    auto order = read_order(variables);
    for (auto number : variables.boot_entries()) {
        auto value = variables.read(boot_name(number));
        if (!value || boot_entry_label(*value) != entry.label) continue;
        variables.remove(boot_name(number));
        std::erase(order, number);
    }
    auto taken = variables.boot_entries();
    std::uint16_t free = 0;
    while (std::ranges::find(taken, free) != taken.end()) ++free;
    variables.write(boot_name(free), entry.encode());
    ByteWriter out;
    for (auto number : with_first(std::move(order), free)) out.u16_le(number);
    variables.write("BootOrder", out.bytes());
}

std::filesystem::path partition_node(const MachineFiles& machine, const Disk& disk,
                                     unsigned number) {
    bool ends_in_digit = disk.name.back() >= '0' && disk.name.back() <= '9';
    return machine.dev(fmt::format("{}{}{}", disk.name, ends_in_digit ? "p" : "", number));
}

void install_on(const MachineFiles& machine, const Disk& disk) {
    auto partition = TargetDisk(machine, disk).efi_system_partition();
    if (!partition)
        throw AgentError(
            Fault::device_not_found,
            fmt::format("No EFI system partition on {}; the machine booted by UEFI, so "
                        "the image needs one",
                        disk.name));
    std::optional<Loader> loader;
    {
        MountedVfat mounted(partition_node(machine, disk, partition->number));
        loader = find_loader(mounted.directory());
    }
    if (!loader)
        throw AgentError(
            Fault::device_not_found,
            fmt::format("No boot loader on the EFI system partition of {}", disk.name));
    install_entry(FirmwareVariables(machine.sys("firmware/efi/efivars")),
                  {loader->label, loader->path, *partition});
    log_info("AGENT_BOOT_ENTRY_MADE", "disk={} label=\"{}\" loader={}", disk.name, loader->label,
             loader->path);
}

bool ignores_failure(const JsonObject& parameters) {
    auto* value = parameters.if_contains("ignore_bootloader_failure");
    return value != nullptr && value->is_bool() && value->as_bool();
}

Task<Json> install_bootloader(ImageDeployer* deployer, const MachineFiles* machine,
                              JsonObject parameters) {
    std::error_code error;
    if (!std::filesystem::exists(machine->sys("firmware/efi"), error)) {
        log_info("AGENT_BOOT_ENTRY_NOT_NEEDED", "cause=\"the machine did not boot by UEFI\"");
        co_return nullptr;
    }
    auto disk = co_await deployer->find_root_disk();
    try {
        install_on(*machine, disk);
    } catch (const Error& failure) {
        if (!ignores_failure(parameters)) throw;
        log_warning("AGENT_BOOT_ENTRY_FAILED", "cause=\"{}\"", failure.message());
    }
    co_return nullptr;
}

}  // namespace

void add_bootloader_command(CommandBoard& board, ImageDeployer& deployer,
                            const MachineFiles& machine) {
    auto* images = &deployer;
    auto* files = &machine;
    board.add("image.install_bootloader", {Command::Kind::async, [=](JsonObject parameters) {
                                               return install_bootloader(images, files,
                                                                         std::move(parameters));
                                           }});
}

}  // namespace ferrite::agent
