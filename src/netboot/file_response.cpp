#include "netboot/file_response.h"

#include <charconv>
#include <cstdint>
#include <ctime>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace ferrite::netboot {
namespace {

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || stop != end) return {};
    return value;
}

enum class RangeVerdict { whole, part, unsatisfiable };

/// `bytes=a-b`, `bytes=a-` or `bytes=-n`; anything else means the whole file, as RFC 9110 has it.
RangeVerdict read_range(std::string_view header, std::uint64_t size, Range& range) {
    constexpr std::string_view kUnit = "bytes=";
    if (!header.starts_with(kUnit)) return RangeVerdict::whole;
    auto text = header.substr(kUnit.size());
    auto dash = text.find('-');
    if (dash == text.npos || text.find(',') != text.npos) return RangeVerdict::whole;
    auto first = number(text.substr(0, dash));
    auto last = number(text.substr(dash + 1));
    if (dash == 0) {
        if (!last) return RangeVerdict::whole;
        if (*last == 0 || size == 0) return RangeVerdict::unsatisfiable;
        range.length = std::min(*last, size);
        range.offset = size - range.length;
        return RangeVerdict::part;
    }
    bool is_open = dash + 1 == text.size();
    if (!first || (!last && !is_open) || (last && *last < *first)) return RangeVerdict::whole;
    if (*first >= size) return RangeVerdict::unsatisfiable;
    range.offset = *first;
    range.length = (last ? std::min(*last, size - 1) : size - 1) - *first + 1;
    return RangeVerdict::part;
}

std::string http_date(std::time_t time) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(time));
}

HttpResponse plain(int status, std::string text) {
    HttpResponse response{.status = status, .body = std::move(text)};
    response.headers.set("Content-Type", "text/plain");
    return response;
}

bool names_tag(std::string_view list, std::string_view tag) {
    return list == "*" || list.find(tag) != list.npos;
}

}  // namespace

HttpResponse file_response(const HttpRequest& request, const std::filesystem::path& path,
                           std::string_view content_type) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return plain(404, "no such file\n");
    auto size = static_cast<std::uint64_t>(status.st_size);
    auto tag =
        fmt::format("\"{:x}-{:x}-{:x}\"", size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    auto modified = http_date(status.st_mtim.tv_sec);

    HttpResponse response;
    response.headers.set("ETag", tag);
    response.headers.set("Last-Modified", modified);
    response.headers.set("Accept-Ranges", "bytes");
    response.headers.set("Content-Type", std::string(content_type));
    auto known = request.headers.get("If-None-Match");
    bool is_fresh = known.empty() ? request.headers.get("If-Modified-Since") == modified
                                  : names_tag(known, tag);
    if (is_fresh) {
        response.status = 304;
        return response;
    }

    Range range{0, size};
    auto condition = request.headers.get("If-Range");
    bool may_be_part = condition.empty() || condition == tag || condition == modified;
    auto verdict =
        may_be_part ? read_range(request.headers.get("Range"), size, range) : RangeVerdict::whole;
    if (verdict == RangeVerdict::unsatisfiable) {
        auto refusal = plain(416, "the range lies behind the end of the file\n");
        refusal.headers.set("Content-Range", fmt::format("bytes */{}", size));
        return refusal;
    }
    if (verdict == RangeVerdict::part) {
        response.status = 206;
        response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", range.offset,
                                                          range.offset + range.length - 1, size));
    }
    response.file = FileBody{.path = path, .offset = range.offset, .length = range.length};
    return response;
}

}  // namespace ferrite::netboot
