#include "api/public_url.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "api/text.h"

namespace ferrite::api {
namespace {

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 300 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    });
}

/// The first of several values, as a chain of proxies leaves them.
std::string_view first_value(const HttpHeaders& headers, std::string_view name) {
    auto value = headers.get(name);
    return trimmed(value.substr(0, value.find(',')));
}

std::string_view path_prefix(const HttpHeaders& headers) {
    auto prefix = first_value(headers, "X-Forwarded-Prefix");
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    bool plain = prefix.starts_with('/') && std::ranges::all_of(prefix, [](char c) {
                     return c == '/' || c == '%' || is_host(std::string_view(&c, 1));
                 });
    return plain ? prefix : std::string_view();
}

}  // namespace

std::string public_url(const ApiOptions& options, const HttpRequest& request) {
    std::string_view scheme = request.tls ? "https" : "http";
    std::string_view host = request.headers.get("Host");
    std::string_view prefix;
    if (options.enable_proxy_headers_parsing) {
        if (auto proto = first_value(request.headers, "X-Forwarded-Proto");
            proto == "http" || proto == "https")
            scheme = proto;
        if (auto forwarded = first_value(request.headers, "X-Forwarded-Host"); is_host(forwarded))
            host = forwarded;
        prefix = path_prefix(request.headers);
    } else if (!options.public_endpoint.empty()) {
        std::string_view endpoint = options.public_endpoint;
        while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
        return std::string(endpoint);
    }
    return fmt::format("{}://{}{}", scheme, is_host(host) ? host : "localhost", prefix);
}

}  // namespace ferrite::api
