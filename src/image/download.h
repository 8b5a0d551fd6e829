#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/task.h"
#include "base/time.h"
#include "image/checksum.h"
#include "image/http_access.h"

namespace ferrite::image {

/// One transfer of a URL into a consumer, without keeping more than a stretch in memory.
struct TransferRequest {
    std::string url;
    HttpAccess access;
    std::optional<HashAlgorithm> algorithm;  ///< Hashes the bytes on their way when set.
    std::uint64_t max_bytes = UINT64_MAX;    ///< More than this is NoSpace.
    std::chrono::milliseconds timeout{std::chrono::hours(4)};
    /// Takes each stretch in order, on the client's executor; what it throws ends the transfer and
    /// comes out of `transfer`. It may block only as long as that client may.
    std::function<void(ByteView)> sink;
};

struct Transferred {
    std::uint64_t size = 0;
    std::optional<Checksum> checksum;  ///< When an algorithm was given.
    std::optional<Timestamp> last_modified;
    std::string etag;
    bool no_store = false;
};

/// Moves the body of one GET into the sink. Only status 200 will do; a body shorter than its
/// Content-Length is a failure. Throws DownloadFailed, HttpClientError, NoSpace, or what the sink
/// throws. `client` must outlive the task.
Task<Transferred> transfer(HttpClient* client, TransferRequest request);

/// Throws ChecksumMismatch, which names the image and both values, when they differ.
void check_checksum(const std::optional<Checksum>& expected, const std::optional<Checksum>& actual,
                    std::string_view image_name);

}  // namespace ferrite::image
