#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/task.h"
#include "base/time.h"
#include "image/checksum.h"
#include "image/convert.h"
#include "image/file.h"
#include "image/http_access.h"
#include "image/image_format.h"
#include "image/image_source.h"

namespace ferrite::image {

/// Everything it takes to turn an image source into a local file that may be given to a node.
struct PrepareRequest {
    ImageSource source;
    SourceDescription about;
    HttpAccess access;
    std::string disk_format;           ///< Expected; empty: any permitted.
    std::optional<Checksum> checksum;  ///< Expected of the source as it is served.
    bool raw_wanted = true;
    FormatRules formats;
    ConversionLimits conversion;
    std::chrono::milliseconds download_timeout{};
    std::filesystem::path work_stem;  ///< Files are made beside it: `<stem>.<purpose>.part`.
    /// Makes sure that so many bytes fit beside the stem, or throws NoSpace.
    std::function<void(std::uint64_t bytes)> make_room;
};

struct Prepared {
    /// The result when it had to be made. None when a local file serves as it is.
    std::unique_ptr<TemporaryFile> made;
    std::filesystem::path path;
    Checksum source_checksum;
    ImageFormat source_format = ImageFormat::raw;
    ImageFormat format = ImageFormat::raw;
    std::uint64_t size = 0;
    std::uint64_t virtual_size = 0;
    Checksum checksum;  ///< Of the result.
    std::string etag;
    std::optional<Timestamp> last_modified;
    bool no_store = false;
};

/// Downloads (or takes the local file), verifies the checksum, unpacks gzip, zstd, xz and bzip2,
/// judges the content, and converts when raw is wanted. Content is judged before it is opened by
/// anything, and a download with the wrong content is stopped after its first bytes.
///
/// Throws the errors of image_error.h and HttpClientError. `client` must outlive the task.
Task<Prepared> prepare_image(HttpClient* client, PrepareRequest request);

}  // namespace ferrite::image
