#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/task.h"
#include "image/checksum.h"
#include "image/convert.h"
#include "image/http_access.h"
#include "image/image_format.h"

namespace ferrite::image {

/// An image on its way from a web server to a disk of this machine.
struct StreamRequest {
    std::string url;
    HttpAccess access;
    std::filesystem::path device;      ///< The whole disk, or a partition.
    std::string disk_format;           ///< Expected; empty or `unknown`: any permitted.
    std::optional<Checksum> checksum;  ///< Of the file as it is served.
    FormatRules formats;
    /// Where an image that is no plain disk (qcow2) may be put in order to be converted by
    /// qemu-img. Empty: such an image is refused.
    std::filesystem::path scratch_directory;
    ConversionLimits conversion;
    std::chrono::milliseconds timeout = std::chrono::hours(4);
    std::function<void(std::uint64_t)> progress;  ///< Bytes on the disk; on another thread.
};

struct StreamedImage {
    std::uint64_t received = 0;  ///< Bytes over the network.
    std::uint64_t written = 0;   ///< Bytes on the disk; after conversion.
    ImageFormat format = ImageFormat::raw;
    Checksum checksum;  ///< Of what was received.
};

/// Writes the image to the disk while it arrives, and verifies the checksum at the end: one
/// attempt. On an error the content of the disk is undefined. ChecksumMismatch and DownloadFailed
/// are worth another attempt; InvalidImage, NoSpace and StorageFailed are not.
///
/// Blocks the executor of `client`, which must outlive the task, while the disk is slower than the
/// network.
Task<StreamedImage> stream_image(HttpClient* client, StreamRequest request);

}  // namespace ferrite::image
