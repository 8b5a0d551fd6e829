#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/disks.h"
#include "agent/image_info.h"
#include "agent/known_node.h"
#include "agent/machine_files.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/task.h"
#include "image/image_format.h"

namespace ferrite::agent {

/// Puts an image and a config drive onto the root disk (reference: agent.md section 6.4).
///
/// The image goes from the network to the disk in one pass: each byte is read once and written
/// once, checked on the way, and never kept in memory or in a file.
class ImageDeployer {
public:
    struct Options {
        image::Md5Policy md5 = image::Md5Policy::allowed;
        image::FormatRules formats{.permitted = {"raw", "gpt", "qcow2"}};
        std::uint64_t minimum_root_bytes = 4ull << 30;
        unsigned disk_wait_attempts = 10;
        std::chrono::seconds disk_wait_delay{3};
        unsigned retries = 9;
        std::chrono::seconds retry_interval{10};
        std::chrono::seconds connect_timeout{60};
        bool verify_tls = true;
        std::string ca_file;
    };

    /// `client` blocks its executor while the disk is behind, so it must not be the one that the
    /// agent's heartbeats use.
    ImageDeployer(const MachineFiles& machine, KnownNode& node, HttpClient& client);

    /// What the lookup said about images. Before the first deployment.
    void configure(Options options) { options_ = std::move(options); }

    /// Writes image and config drive (URL or base64 of gzip; empty: none) and answers with the
    /// sentence that the protocol wants. Throws AgentError.
    Task<std::string> prepare_image(Json image_info, std::string config_drive);

    /// The `root uuid` of what was written last; empty object before.
    JsonObject partition_uuids() const;

    /// The disk that is, or would be, deployed to; waits for one to appear.
    Task<Disk> find_root_disk();

private:
    Task<> write_image(ImageInfo info, Disk disk);
    Task<> write_image_from(ImageInfo info, std::string url, Disk disk);
    Task<Bytes> load_config_drive(std::string config_drive);

    const MachineFiles& machine_;
    KnownNode& node_;
    HttpClient& client_;
    Options options_;
    mutable Mutex mutex_;
    std::string root_uuid_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::agent
