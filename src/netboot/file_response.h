#pragma once

#include <filesystem>
#include <string_view>

#include "base/http_message.h"

namespace ferrite::netboot {

/// Answers a GET or HEAD request with a file on disk: one byte range (RFC 9110 section 14), ETag
/// and Last-Modified, 304 and If-Range. 404 when the file is not there or is no regular file, 416
/// for a range behind its end. Several ranges at once are answered with the whole file.
HttpResponse file_response(const HttpRequest& request, const std::filesystem::path& path,
                           std::string_view content_type = "application/octet-stream");

}  // namespace ferrite::netboot
