#include "base/http_response_head.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "base/log.h"

namespace ferrite {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 41> kReasons{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
}};

/// `Date: Tue, 15 Nov 1994 08:12:31 GMT` and its line end, made once per second and thread.
const std::string& date_line() {
    thread_local std::time_t made = -1;
    thread_local std::string line;
    auto now = std::time(nullptr);
    if (now == made) return line;

    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[64];
    auto size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    line.assign(text, size);
    made = now;
    return line;
}

bool same_name(std::string_view a, std::string_view lower_case) {
    return a.size() == lower_case.size() &&
           std::equal(a.begin(), a.end(), lower_case.begin(),
                      [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

/// Fields that the server itself answers for.
bool is_framing(std::string_view name) {
    return same_name(name, "content-length") || same_name(name, "transfer-encoding") ||
           same_name(name, "connection") || same_name(name, "date");
}

bool has_line_break(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_content_length(std::string& head, const HttpResponse& response,
                           const HttpResponseFraming& framing) {
    if (http_status_has_no_body(response.status)) return;
    auto given = response.headers.get("content-length");
    bool use_given = framing.is_head && framing.body_size == 0 && !given.empty() &&
                     given.find_first_not_of("0123456789") == given.npos;
    head += "Content-Length: ";
    if (use_given) {
        head += given;
    } else {
        head += std::to_string(framing.body_size);
    }
    head += "\r\n";
}

}  // namespace

std::string http_response_head(const HttpResponse& response, const HttpResponseFraming& framing) {
    std::string head;
    head.reserve(512);
    head += "HTTP/1.1 ";
    head += std::to_string(response.status);
    head += ' ';
    head += http_reason(response.status);
    head += "\r\n";
    for (const auto& [name, value] : response.headers) {
        if (is_framing(name)) continue;
        if (has_line_break(name) || has_line_break(value)) {
            log_error("HTTP_FIELD_DROPPED", "status={} cause=\"line break in a field\"",
                      response.status);
            continue;
        }
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    append_content_length(head, response, framing);
    head += date_line();
    if (!framing.keep_alive) {
        head += "Connection: close\r\n";
    } else if (framing.is_http_1_0) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

std::string_view http_reason(int status) {
    auto* found = std::lower_bound(kReasons.begin(), kReasons.end(), status,
                                   [](const auto& row, int wanted) { return row.first < wanted; });
    return found != kReasons.end() && found->first == status ? found->second : "Unknown";
}

bool http_status_has_no_body(int status) {
    return status == 204 || status == 304 || status / 100 == 1;
}

}  // namespace ferrite
