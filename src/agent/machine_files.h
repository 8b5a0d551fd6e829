#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ferrite::agent {

/// The machine as files: everything that the agent learns about or does to hardware goes through
/// these three roots. Tests (and nobody else) point them at a made-up tree, so that no code path
/// can reach the disks of the machine it is developed on.
///
///     MachineFiles machine({.sys = "/sys", .dev = "/dev", .proc = "/proc"});
///     auto sectors = machine.sys_text("block/sda/size");
///
/// Plain values and blocking reads of small virtual files; any thread.
class MachineFiles {
public:
    struct Roots {
        std::filesystem::path sys;
        std::filesystem::path dev;
        std::filesystem::path proc;
    };

    explicit MachineFiles(Roots roots) : roots_(std::move(roots)) {}

    std::filesystem::path sys(std::string_view relative) const { return roots_.sys / relative; }
    std::filesystem::path proc(std::string_view relative) const { return roots_.proc / relative; }
    /// The node of a device named as the protocol names it, `/dev/sda` or `sda`.
    std::filesystem::path dev(std::string_view name) const;

    /// True when the roots are the kernel's own: ioctls on interfaces of this host make sense.
    bool is_real() const { return roots_.sys == "/sys"; }

    /// A small text file of /sys or /proc without surrounding white space; nothing when it is
    /// absent, unreadable or empty.
    std::optional<std::string> sys_text(std::string_view relative) const;
    std::optional<std::string> proc_text(std::string_view relative) const;
    /// The same as a number, decimal or `0x…`.
    std::optional<std::uint64_t> sys_number(std::string_view relative) const;

private:
    Roots roots_;
};

/// The first `limit` bytes of a file; nothing when it cannot be read.
std::optional<Bytes> read_file(const std::filesystem::path& path, std::size_t limit = 1024 * 1024);

/// The same as text without surrounding white space; nothing when empty.
std::optional<std::string> read_text(const std::filesystem::path& path);

/// Names in a directory, sorted; empty when there is no such directory.
std::vector<std::string> list_names(const std::filesystem::path& directory);

/// The last component of what a symbolic link points to, e.g. the driver of a device.
std::optional<std::string> link_name(const std::filesystem::path& link);

/// `text` without white space and NUL bytes at either end.
std::string trimmed(std::string_view text);

/// ASCII lower case.
std::string lower_case(std::string_view text);

}  // namespace ferrite::agent
