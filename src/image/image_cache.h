#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/task.h"
#include "image/checksum.h"
#include "image/convert.h"
#include "image/http_access.h"
#include "image/image_format.h"
#include "image/image_source.h"

namespace ferrite::image {

/// Whether the result must be a plain disk: `force_raw` turns qcow2 and the like into raw bytes;
/// raw, gpt and iso stay as they are.
enum class Conversion { none, force_raw };

struct ImageRequest {
    std::string href;                  ///< image_source: http(s):// or file://.
    std::string disk_format;           ///< image_disk_format; empty or `unknown`: any permitted.
    std::optional<Checksum> checksum;  ///< Of the file as it is served; see resolve_checksum().
    Conversion conversion = Conversion::force_raw;
    HttpAccess access;
};

/// An image at its destination.
struct CachedImage {
    std::filesystem::path path;
    std::uint64_t size = 0;                        ///< Bytes of the file.
    std::uint64_t virtual_size = 0;                ///< Bytes of the disk inside; 0 when unknown.
    ImageFormat source_format = ImageFormat::raw;  ///< Before conversion.
    ImageFormat format = ImageFormat::raw;
    Checksum checksum;  ///< Of the file at `path`.
};

/// Fetches images for nodes: downloads, verifies, judges by content, converts to raw, and keeps a
/// master of each so that the next node gets a hard link.
///
///     ImageCache cache(client, {.directory = "/var/lib/ferrite/master_images"});
///     CachedImage image = co_await cache.fetch({.href = url, .checksum = sum}, destination);
///
/// A master is reused without asking the server when the request has the same strong checksum, and
/// otherwise when the server's ETag or Last-Modified says that it did not change. Of requests for
/// one image at the same time the first fetches, the others wait; a bounded number of different
/// images is fetched at once. What the server marks `no-store`, and files, are not kept.
///
/// Bytes are hashed and written on the executor of `client`: give the cache a client of its own.
class ImageCache {
public:
    struct Options {
        std::filesystem::path directory;  ///< Of the masters; empty: keep none.
        std::uint64_t size_limit_bytes = 20480ULL << 20;
        std::chrono::seconds ttl = std::chrono::minutes(10080);
        unsigned max_fetches = 20;  ///< Downloads and conversions at once.
        std::chrono::milliseconds wait_limit = std::chrono::hours(2);  ///< For one's turn.
        std::chrono::milliseconds download_timeout = std::chrono::hours(4);
        FormatRules formats;
        FileUrlPolicy files;
        ConversionLimits conversion;
    };

    /// Creates the directory and removes what a crash left half made. `client` must outlive the
    /// cache.
    ImageCache(HttpClient& client, Options options);
    ~ImageCache();
    ImageCache(const ImageCache&) = delete;
    ImageCache& operator=(const ImageCache&) = delete;

    /// Puts the image at `destination`, whose directory must exist; a file there is replaced.
    /// Throws the errors of image_error.h, HttpClientError, InvalidValue. Any thread.
    Task<CachedImage> fetch(ImageRequest request, std::filesystem::path destination);

    /// Evicts old masters and those over the size limit; call now and then. Any thread.
    void clean();

private:
    class Fetch;
    struct State;
    std::unique_ptr<State> state_;
};

/// The file name of a master: UUIDv5 of the URL, with `.converted` when raw was asked for.
std::string master_name(std::string_view href, Conversion conversion);

}  // namespace ferrite::image
