#include "image/image_source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <limits>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "image/image_error.h"

namespace ferrite::image {

namespace {

namespace fs = std::filesystem;

constexpr std::array kNeverServed{"/dev", "/sys", "/proc", "/boot", "/etc", "/run"};

bool is_below(const fs::path& path, const fs::path& directory) {
    auto [end, _] = std::ranges::mismatch(directory, path);
    return end == directory.end();
}

bool is_allowed(const fs::path& real, const FileUrlPolicy& policy) {
    if (std::ranges::any_of(kNeverServed, [&](const char* d) { return is_below(real, d); }))
        return false;
    return std::ranges::any_of(policy.allowed, [&](const fs::path& directory) {
        std::error_code none;
        auto real_directory = fs::canonical(directory, none);
        return !none && is_below(real, real_directory);
    });
}

fs::path file_of(std::string_view href, const FileUrlPolicy& policy) {
    std::string_view rest = href.substr(std::string_view("file://").size());
    if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
    auto decoded = percent_decode(rest);
    if (!decoded || !decoded->starts_with('/') || decoded->find('\0') != std::string::npos)
        throw SourceRefused(fmt::format(
            "'{:.200}' is no usable file URL; write file:///absolute/path/to/image.", href));
    std::error_code error;
    fs::path real = fs::canonical(*decoded, error);
    // One answer for "not there" and "not yours to read": the URL must not tell what exists.
    if (error || !is_allowed(real, policy) || !fs::is_regular_file(real, error))
        throw SourceRefused(fmt::format(
            "Image file {:.200} does not exist under the directories that file:// images may come "
            "from ([conductor]file_url_allowed_paths).",
            *decoded));
    return real;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t size = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return size;
}

SourceDescription describe_file(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0)
        throw DownloadFailed(0, fmt::format("Image file {}: {}.", path.string(),
                                            std::generic_category().message(errno)));
    SourceDescription about;
    about.size = static_cast<std::uint64_t>(status.st_size);
    about.last_modified = Timestamp(std::chrono::seconds(status.st_mtim.tv_sec));
    about.no_store = true;  // It is on this machine already: a copy would only take space.
    return about;
}

}  // namespace

std::string ImageSource::display_name() const {
    return kind == Kind::file ? path.string() : display_url(href);
}

ImageSource parse_image_source(std::string_view href, const FileUrlPolicy& policy) {
    auto scheme = std::string(href.substr(0, href.find("://")));
    for (auto& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (href.find("://") == std::string_view::npos || scheme == "glance")
        throw SourceRefused(fmt::format(
            "image_source '{:.200}' is not a URL. Glance images are not supported by this "
            "conductor: give an http://, https:// or file:// URL.",
            href));
    if (scheme == "http" || scheme == "https") {
        auto host = href.substr(scheme.size() + 3);
        if (host.empty() || host.starts_with('/') ||
            std::ranges::any_of(href, [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
            throw SourceRefused(
                fmt::format("image_source '{:.200}' is no valid URL: the host is "
                            "missing or it contains blanks.",
                            display_url(href)));
        return {ImageSource::Kind::http, std::string(href), {}};
    }
    if (scheme == "file")
        return {ImageSource::Kind::file, std::string(href), file_of(href, policy)};
    throw SourceRefused(fmt::format(
        "image_source {:.200}: the scheme '{:.20}' is not supported; use http, https or file.",
        display_url(href), scheme));
}

Task<SourceDescription> describe(HttpClient* client, ImageSource source, HttpAccess access) {
    if (source.kind == ImageSource::Kind::file) co_return describe_file(source.path);

    auto fetch = make_fetch("HEAD", source.href, access);
    // The limit is judged by Content-Length, which a HEAD only announces.
    fetch.max_response_bytes = std::numeric_limits<std::uint64_t>::max();
    HttpFetched answer = co_await client->fetch(std::move(fetch));
    if (answer.status != 200)
        throw DownloadFailed(
            answer.status,
            fmt::format("Image {} is not available: the server answered {} to HEAD, not 200.",
                        source.display_name(), answer.status));
    SourceDescription about;
    about.size = parse_size(answer.headers.get("Content-Length"));
    about.last_modified = parse_http_date(answer.headers.get("Last-Modified"));
    about.etag = answer.headers.get("ETag");
    about.content_type = answer.headers.get("Content-Type");
    about.no_store = answer.headers.get("Cache-Control").find("no-store") != std::string::npos;
    about.final_url = answer.final_url;
    co_return about;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    std::tm parts{};
    std::string copy(text);
    const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace ferrite::image
