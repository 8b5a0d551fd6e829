#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hardware/interfaces.h"

namespace ferrite::hardware {

/// What a machine loads from the network: kernel and ramdisk, or an ISO.
struct RamdiskBoot {
    std::string kernel;   ///< Absolute path of a local file, or an http(s) URL.
    std::string ramdisk;  ///< The same.
    std::string kernel_command_line;
    std::string iso;  ///< As the kernel; then there is neither of the others.
};

/// Boot `ipxe` and `pxe`: the node loads kernel and ramdisk from the built-in boot service, which
/// asks at every boot what this node shall load; nothing is written for it anywhere (reference:
/// conductor.md section 12).
class PxeBoot : public BootInterface {
public:
    struct Options {
        std::string deploy_kernel;  ///< `[conductor]deploy_kernel`: URL, file:// or a path.
        std::string deploy_ramdisk;
        std::string kernel_append_params = "nofb vga=normal";
        std::string api_url;  ///< Where the agent finds the API: `http://10.0.0.1:6385`.
        bool debug = false;
        std::string inspection_kernel_params;  ///< `[inspector]extra_kernel_params`
        std::string default_boot_mode = "uefi";
        std::vector<std::filesystem::path> file_url_allowed;
    };

    explicit PxeBoot(Options options) : options_(std::move(options)) {}

    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    bool boots_user_ramdisk() const override { return true; }
    Task<> prepare_ramdisk(NodeContext* context) override;
    Task<> clean_up_ramdisk(NodeContext* context) override;
    Task<> prepare_instance(NodeContext* context) override;
    Task<> clean_up_instance(NodeContext* context) override;

    /// What the node loads when it boots the agent. Throws InvalidValue that names the setting that
    /// is missing or wrong. Any thread.
    RamdiskBoot ramdisk(const model::Node& node) const;
    /// What a node with deploy interface `ramdisk` loads as its instance. Throws InvalidValue that
    /// names what is missing or wrong in instance_info. Any thread.
    RamdiskBoot user_ramdisk(const model::Node& node) const;
    /// What the node loads at its next start, by its state; nothing: it starts from its disk.
    /// Throws as the two above. Any thread.
    std::optional<RamdiskBoot> next_boot(const model::Node& node) const;

private:
    std::string append_params(const model::Node& node) const;

    Options options_;
};

/// Whether a node in its present state boots the agent's ramdisk rather than its instance.
bool boots_ramdisk(const model::Node& node);

/// Whether the node's instance is a ramdisk of the user's: nothing is on its disk.
bool runs_user_ramdisk(const model::Node& node);

}  // namespace ferrite::hardware
