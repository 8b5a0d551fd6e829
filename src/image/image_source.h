#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/task.h"
#include "base/time.h"
#include "image/http_access.h"

namespace ferrite::image {

/// Where an image comes from: `instance_info/image_source` once it is understood.
struct ImageSource {
    enum class Kind { http, file };

    Kind kind = Kind::http;
    std::string href;            ///< As given.
    std::filesystem::path path;  ///< For a file: the real path, symbolic links resolved.

    /// For logs and errors: no credentials, no signatures.
    std::string display_name() const;
};

/// The directories from which `file://` images may come (option `file_url_allowed_paths`).
/// /dev, /sys, /proc, /boot, /etc and /run are refused whatever is listed here.
struct FileUrlPolicy {
    std::vector<std::filesystem::path> allowed{"/var/lib/ironic", "/var/lib/ferrite"};
};

/// Understands an image_source: http(s) URL, or file:// URL under an allowed directory. The file
/// must exist; links are followed before the policy is applied. Throws SourceRefused that says what
/// would be accepted.
ImageSource parse_image_source(std::string_view href, const FileUrlPolicy& policy);

/// What the server (or the file system) says about an image before it is fetched.
struct SourceDescription {
    std::optional<std::uint64_t> size;  ///< Bytes.
    std::optional<Timestamp> last_modified;
    std::string etag;
    std::string content_type;
    bool no_store = false;  ///< The server forbids keeping it.
    std::string final_url;  ///< After redirects; empty for a file.
};

/// Asks about an image: HEAD for http(s), stat for a file. Throws DownloadFailed unless the answer
/// is 200, HttpClientError when there is none. `client` must outlive the task.
Task<SourceDescription> describe(HttpClient* client, ImageSource source, HttpAccess access);

/// Reads an HTTP date (RFC 9110 section 5.6.7, the fixed form); nothing for anything else.
std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace ferrite::image
