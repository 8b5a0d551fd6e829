#pragma once

#include <filesystem>
#include <string>

#include "base/http_client.h"
#include "hardware/interfaces.h"
#include "image/checksum_source.h"
#include "image/http_access.h"
#include "image/image_cache.h"

namespace ferrite::hardware {

/// Gets the image that a node shall run to where its agent can fetch it (reference: conductor.md
/// section 8.3). A plain disk on a web server is left there, and the agent streams it from the
/// source itself; everything else (files of this host, qcow2, compressed images) is made ready
/// here, kept in the image cache and served by the boot service.
class InstanceImages {
public:
    struct Options {
        std::filesystem::path directory;  ///< Where images for agents lie, one file per node.
        std::string url;                  ///< The same as the agent sees it: `http://10.0.0.1/...`.
        bool always_local = false;        ///< `[agent]image_download_source = local`
        bool force_raw = true;            ///< `force_raw_images`
        image::ChecksumRules checksums;
        image::FileUrlPolicy files;
        image::FormatRules formats;
        image::HttpAccess access;
    };

    /// `client` and `cache` must outlive it.
    InstanceImages(HttpClient& client, image::ImageCache& cache, Options options);

    /// Throws InvalidValue when instance_info names no image, or one that cannot be verified.
    void validate(const model::Node& node) const;

    /// Finds out where the agent gets the image, makes it ready there, and notes it with the node.
    /// Throws the errors of image_error.h.
    Task<> prepare(NodeContext* context);

    /// What the agent is told of the image (reference: agent.md section 6.1).
    JsonObject image_info(const model::Node& node) const;

    /// Deletes what was kept for this node.
    void discard(const model::Node& node);

    /// Fetches any image as it is to where prepare() has those for agents, as `name`; returns its
    /// URL there. Throws like prepare().
    Task<std::string> serve_copy(std::string href, std::string name);
    void discard_copy(const std::string& name);

private:
    Task<image::ImageFormat> probe(std::string url);
    Task<> serve_locally(NodeContext* context, image::ImageRequest request);

    HttpClient& client_;
    image::ImageCache& cache_;
    Options options_;
};

}  // namespace ferrite::hardware
