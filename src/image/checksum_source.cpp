#include "image/checksum_source.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

constexpr std::uint64_t kLargestChecksumFile = 1024 * 1024;

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The lines that are neither empty nor comments, without surrounding space.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.front() != '#') lines.push_back(line);
    }
    return lines;
}

bool looks_like_checksum(std::string_view word) {
    return (word.size() == 32 || word.size() == 64 || word.size() == 128) &&
           std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// A file name in a checksum file, reduced to what is comparable: no `*`, no directories.
std::string_view base_name(std::string_view name) {
    if (name.starts_with('*')) name.remove_prefix(1);
    return name.substr(name.rfind('/') + 1);
}

/// `<digits>  <file>` or `<digits> *<file>`: the digits when the file is ours.
std::string_view gnu_digits(std::string_view line, std::string_view file_name) {
    auto gap = line.find_first_of(" \t");
    if (gap == std::string_view::npos) return {};
    if (base_name(trim(line.substr(gap))) != file_name) return {};
    return line.substr(0, gap);
}

/// `SHA256 (<file>) = <digits>`: the digits when the file is ours.
std::string_view bsd_digits(std::string_view line, std::string_view file_name) {
    auto open = line.find(" (");
    auto close = line.rfind(") = ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2)
        return {};
    if (base_name(line.substr(open + 2, close - open - 2)) != file_name) return {};
    return trim(line.substr(close + 4));
}

}  // namespace

Checksum find_checksum(std::string_view text, std::string_view file_name, Md5Policy md5) {
    auto lines = lines_of(text);
    if (lines.size() == 1 && lines[0].find_first_of(" \t") == std::string_view::npos)
        return parse_checksum(lines[0], md5);
    for (auto line : lines) {
        for (auto digits : {gnu_digits(line, file_name), bsd_digits(line, file_name)})
            if (looks_like_checksum(digits)) return parse_checksum(digits, md5);
    }
    throw InvalidValue(fmt::format(
        "The checksum file has {} lines, but none with an md5, sha256 or sha512 sum of '{:.200}'.",
        lines.size(), file_name));
}

Task<std::optional<Checksum>> resolve_checksum(HttpClient* client, ChecksumClaim claim,
                                               std::string image_url, ChecksumRules rules,
                                               HttpAccess access) {
    // An unknown algorithm with a usable plain checksum beside it is no reason to fail.
    bool use_os_hash = !claim.os_hash_value.empty() && !claim.os_hash_algo.empty() &&
                       (claim.checksum.empty() || parse_hash_algorithm(claim.os_hash_algo));
    auto value = std::string(trim(use_os_hash ? claim.os_hash_value : claim.checksum));
    if (value.empty()) {
        if (!claim.empty())
            throw InvalidValue("image_os_hash_value needs image_os_hash_algo beside it.");
        co_return std::nullopt;
    }
    if (!is_url(value)) {
        if (use_os_hash) co_return parse_checksum(claim.os_hash_algo, value, rules.md5);
        co_return parse_checksum(value, rules.md5);
    }
    if (!rules.checksum_files)
        throw InvalidValue("The image checksum is a URL, and checksum files are disabled here.");

    auto fetch = make_fetch("GET", value, access);
    fetch.max_response_bytes = kLargestChecksumFile;
    HttpFetched answer = co_await client->fetch(std::move(fetch));
    if (answer.status != 200)
        throw DownloadFailed(answer.status, fmt::format("Checksum file {}: the server answered {}.",
                                                        display_url(value), answer.status));
    try {
        co_return find_checksum(answer.body, url_file_name(image_url), rules.md5);
    } catch (Error& error) {
        error.within(display_url(value));
        throw;
    }
}

}  // namespace ferrite::image
