#include "api/healthcheck.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include <fmt/core.h>
#include <sys/utsname.h>

#include "api/text.h"
#include "base/ip_address.h"
#include "base/json.h"
#include "base/time.h"

namespace ferrite::api {
namespace {

struct Result {
    bool available = true;
    std::string reason = "OK";
    std::string details;
};

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

Result absence_of(const std::string& path) {
    if (!exists(path)) return {.details = fmt::format("Path '{}' was not found", path)};
    return {false, "DISABLED BY FILE", fmt::format("Path '{}' was found", path)};
}

Result presence_of(const std::vector<std::string>& paths) {
    for (const auto& path : paths)
        if (!exists(path))
            return {false, "FILE PATH MISSING", fmt::format("File path {} is missing", path)};
    return {.details = "Specified file paths are available"};
}

std::vector<Result> check(const HealthcheckOptions& options) {
    std::vector<Result> results;
    if (!options.disable_by_file_path.empty())
        results.push_back(absence_of(options.disable_by_file_path));
    for (const auto& [port, path] : options.disable_by_file_paths)
        if (port == options.port) results.push_back(absence_of(path));
    if (!options.enable_by_file_paths.empty())
        results.push_back(presence_of(options.enable_by_file_paths));
    if (results.empty()) results.push_back({.details = "No check is configured"});
    return results;
}

std::string platform() {
    utsname system{};
    if (::uname(&system) != 0) return "unknown";
    return fmt::format("{}-{}-{}", system.sysname, system.release, system.machine);
}

std::string as_text(const std::vector<Result>& results) {
    std::string text;
    for (const auto& result : results) text += (text.empty() ? "" : "\n") + result.reason;
    return text;
}

void append_member(std::string& json, std::string_view indent, std::string_view name,
                   std::string_view value) {
    json += indent;
    append_json_string(json, name);
    json += ": ";
    append_json_string(json, value);
}

/// Members in alphabetical order, a line each.
std::string as_json(const std::vector<Result>& results, bool detailed) {
    std::string json = fmt::format("{{\n    \"detailed\": {},\n", detailed);
    if (detailed) {
        append_member(json, "    ", "now", to_text(now_seconds()));
        append_member(json, ",\n    ", "platform", platform());
        json += ",\n";
    }
    json += "    \"reasons\": [";
    for (const auto& result : results) {
        json += &result == results.data() ? "\n        " : ",\n        ";
        if (!detailed) {
            append_json_string(json, result.reason);
            continue;
        }
        json += "{";
        append_member(json, "\n            ", "class", "HealthcheckResult");
        append_member(json, ",\n            ", "details", result.details);
        append_member(json, ",\n            ", "reason", result.reason);
        json += "\n        }";
    }
    return json + "\n    ]\n}";
}

std::string escaped(std::string_view text) {
    std::string html;
    for (char c : text) {
        switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&#34;";
                break;
            case '\'':
                html += "&#39;";
                break;
            default:
                html += c;
        }
    }
    return html;
}

std::string as_html(const std::vector<Result>& results, bool detailed) {
    std::string html = "<html>\n<head><title>Healthcheck Status</title></head>\n<body>\n";
    if (detailed)
        html += fmt::format(
            "<h1>Server status</h1>\n<b>Current time:</b><pre>{}</pre>\n"
            "<b>Platform:</b><pre>{}</pre>\n<hr>\n",
            to_text(now_seconds()), escaped(platform()));
    html += fmt::format(
        "<h2>Result of {} checks:</h2>\n<table border=\"1\">\n<tr>{}</tr>\n", results.size(),
        detailed ? "<th>Kind</th><th>Reason</th><th>Details</th>" : "<th>Reason</th>");
    for (const auto& result : results) {
        auto reason = fmt::format("<td>{}</td>", escaped(result.reason));
        html += detailed ? fmt::format("<tr><td>HealthcheckResult</td>{}<td>{}</td></tr>\n", reason,
                                       escaped(result.details))
                         : fmt::format("<tr>{}</tr>\n", reason);
    }
    return html + "</table>\n</body>\n</html>\n";
}

/// The quality that one range of an Accept header gives; 1 when it says none.
double quality_of(std::string_view range) {
    auto at = range.find("q=");
    if (at == range.npos) return 1;
    auto digits = trimmed(range.substr(at + 2, 5));
    double quality = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), quality);
    return quality;
}

/// How much the client wants `type`: by its most specific range, 0 for not at all.
double wish_for(std::string_view type, std::string_view accept) {
    int best = 0;
    double quality = 0;
    for (auto range : split(accept, ',')) {
        auto name = trimmed(range.substr(0, range.find(';')));
        int closeness = name == type                                                 ? 3
                        : name == std::string(type.substr(0, type.find('/'))) + "/*" ? 2
                        : name == "*/*"                                              ? 1
                                                                                     : 0;
        if (closeness <= best) continue;
        best = closeness;
        quality = quality_of(range);
    }
    return quality;
}

/// Text when the client wants nothing in particular, or nothing that there is.
std::string_view best_type(const HttpHeaders& headers) {
    auto accept = lower_case(headers.get("Accept"));
    std::string_view best = "text/plain";
    double most = wish_for(best, accept);
    for (std::string_view type : {"text/html", "application/json"})
        if (double wish = wish_for(type, accept); wish > most) {
            best = type;
            most = wish;
        }
    return best;
}

bool came_through_proxy(const HttpHeaders& headers) {
    constexpr std::string_view kSigns[] = {"X-Forwarded",        "X-Forwarded-Proto",
                                           "X-Forwarded-Host",   "X-Forwarded-For",
                                           "X-Forwarded-Prefix", "Forwarded"};
    return std::ranges::any_of(kSigns,
                               [&](std::string_view name) { return !headers.get(name).empty(); });
}

struct Range {
    IpAddress address;
    int bits = 0;
};

std::optional<Range> parse_range(std::string_view text) {
    auto slash = text.find('/');
    auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    Range range{*address, address->is_v4() ? 32 : 128};
    if (slash == text.npos) return range;
    auto digits = text.substr(slash + 1);
    int bits = 0;
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failure != std::errc() || end != digits.data() + digits.size() || bits < 0 ||
        bits > range.bits)
        return std::nullopt;
    range.bits = bits;
    return range;
}

bool is_within(const IpAddress& address, const Range& range) {
    if (address.is_v4() != range.address.is_v4()) return false;
    for (int bit = 0; bit < range.bits; ++bit) {
        auto mask = 0x80 >> (bit % 8);
        auto at = static_cast<std::size_t>(bit / 8);
        if ((address.bytes()[at] & mask) != (range.address.bytes()[at] & mask)) return false;
    }
    return true;
}

bool may_ask(const std::vector<std::string>& ranges, std::string_view client) {
    if (ranges.empty()) return true;
    auto address = IpAddress::parse(client);
    return address && std::ranges::any_of(ranges, [&](const std::string& text) {
               auto range = parse_range(text);
               return range && is_within(*address, *range);
           });
}

}  // namespace

std::optional<HttpResponse> answer_healthcheck(const HealthcheckOptions& options,
                                               const HttpRequest& request) {
    if (!options.enabled || request.path != options.path || request.method == "OPTIONS" ||
        !may_ask(options.allowed_source_ranges, request.remote_address) ||
        (options.ignore_proxied_requests && came_through_proxy(request.headers)))
        return std::nullopt;

    auto results = check(options);
    bool healthy = std::ranges::all_of(results, &Result::available);
    HttpResponse response;
    response.status = healthy ? 200 : 503;
    if (request.method == "HEAD") {
        if (healthy) response.status = 204;
        response.headers.set("Content-Type", "text/plain; charset=UTF-8");
        return response;
    }
    auto type = best_type(request.headers);
    if (type == "application/json") {
        response.headers.set("Content-Type", "application/json");
        response.body = as_json(results, options.detailed);
        return response;
    }
    response.headers.set("Content-Type", fmt::format("{}; charset=UTF-8", type));
    response.body = type == "text/html" ? as_html(results, options.detailed) : as_text(results);
    return response;
}

bool is_address_range(std::string_view text) {
    return parse_range(text).has_value();
}

}  // namespace ferrite::api
