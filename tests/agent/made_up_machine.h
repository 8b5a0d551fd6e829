#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <stdlib.h>

#include "agent/machine_files.h"

namespace ferrite::agent {

/// A machine in a temporary directory: what a test writes under sys/, dev/ and proc/ is all there
/// is. Removed at the end.
class MadeUpMachine {
public:
    MadeUpMachine() {
        char name[] = "/tmp/made-up-machine.XXXXXX";
        root_ = ::mkdtemp(name);
        for (auto part : {"sys/block", "sys/class/net", "dev", "proc"})
            std::filesystem::create_directories(root_ / part);
    }
    ~MadeUpMachine() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    MadeUpMachine(const MadeUpMachine&) = delete;
    MadeUpMachine& operator=(const MadeUpMachine&) = delete;

    MachineFiles files() const {
        return MachineFiles({root_ / "sys", root_ / "dev", root_ / "proc"});
    }
    const std::filesystem::path& root() const { return root_; }

    void write(std::string_view path, std::string_view text) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path, std::ios::binary) << text;
    }
    void link(std::string_view path, std::string_view target) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::filesystem::create_symlink(target, root_ / path);
    }

    /// A disk with its device as a sparse file, behind a PCI function.
    void add_disk(const std::string& name, std::uint64_t size) {
        const std::string device = "sys/devices/pci0000:00/0000:00:04.0/virtio0/block/" + name;
        write(device + "/size", std::to_string(size / 512) + "\n");
        write(device + "/queue/logical_block_size", "512\n");
        write(device + "/queue/physical_block_size", "512\n");
        write(device + "/queue/rotational", "0\n");
        write(device + "/ro", "0\n");
        link("sys/block/" + name, "../devices/pci0000:00/0000:00:04.0/virtio0/block/" + name);
        std::ofstream(root_ / "dev" / name).put('\0');
        std::filesystem::resize_file(root_ / "dev" / name, size);
    }

private:
    std::filesystem::path root_;
};

}  // namespace ferrite::agent
