#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace ferrite::image {

/// The content of an image is not what was promised, not permitted or not safe to open. Trying
/// again does not help.
struct InvalidImage : Error {
    explicit InvalidImage(std::string message) : Error(400, "invalid_image", std::move(message)) {}
};

/// `image_source` names something that Ferrite does not fetch.
struct SourceRefused : Error {
    explicit SourceRefused(std::string message)
        : Error(400, "image_source_refused", std::move(message)) {}
};

/// The bytes that arrived are not those whose checksum was given. Another try may help.
struct ChecksumMismatch : Error {
    explicit ChecksumMismatch(std::string message)
        : Error(400, "image_checksum_mismatch", std::move(message)) {}
};

/// The server did not give the image: an HTTP status, a cut connection. Another try may help.
struct DownloadFailed : Error {
    DownloadFailed(int server_status, std::string message)
        : Error(503, "image_download_failed", std::move(message)), server_status_(server_status) {}
    /// What the server answered; 0 when it did not.
    int server_status() const noexcept { return server_status_; }

private:
    int server_status_;
};

/// A file system or a disk is too small for the image.
struct NoSpace : Error {
    explicit NoSpace(std::string message) : Error(507, "image_no_space", std::move(message)) {}
};

/// A local file, device or program failed.
struct StorageFailed : Error {
    explicit StorageFailed(std::string message)
        : Error(500, "image_storage_failed", std::move(message)) {}
};

}  // namespace ferrite::image
