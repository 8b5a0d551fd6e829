#include "api/public_url.h"

#include <algorithm>
#include <string_view>

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

/// What the proxy nearest to the client says of the request it was sent.
struct Forwarded {
    std::string_view scheme;
    std::string_view host;
    std::string_view client;
};

std::string_view unquoted(std::string_view text) {
    if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
        text = text.substr(1, text.size() - 2);
    return text;
}

/// `Forwarded: for=192.0.2.60;proto=https;host=api` (RFC 7239) comes before the X- headers, none of
/// which counts beside it.
Forwarded forwarded(const HttpHeaders& headers) {
    if (headers.get("Forwarded").empty())
        return {.scheme = first_value(headers, "X-Forwarded-Proto"),
                .host = first_value(headers, "X-Forwarded-Host"),
                .client = first_value(headers, "X-Forwarded-For")};
    Forwarded said;
    for (auto pair : split(first_value(headers, "Forwarded"), ';')) {
        auto equals = std::min(pair.find('='), pair.size());
        auto name = lower_case(trimmed(pair.substr(0, equals)));
        auto value = unquoted(trimmed(pair.substr(std::min(equals + 1, pair.size()))));
        if (name == "proto") said.scheme = value;
        if (name == "host") said.host = value;
        if (name == "for") said.client = value;
    }
    return said;
}

}  // namespace

std::string public_url(const ApiOptions& options, const HttpRequest& request) {
    std::string_view scheme = request.tls ? "https" : "http";
    std::string_view host = request.headers.get("Host");
    std::string_view prefix;
    if (options.enable_proxy_headers_parsing) {
        auto said = forwarded(request.headers);
        if (said.scheme == "http" || said.scheme == "https") scheme = said.scheme;
        if (is_host(said.host)) host = said.host;
        prefix = path_prefix(request.headers);
    } else if (!options.public_endpoint.empty()) {
        std::string_view endpoint = options.public_endpoint;
        while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
        return std::string(endpoint);
    }
    std::string url(scheme);
    url.append("://").append(is_host(host) ? host : "localhost").append(prefix);
    return url;
}

std::string client_address(const ApiOptions& options, const HttpRequest& request) {
    if (options.enable_proxy_headers_parsing)
        if (auto client = forwarded(request.headers).client; is_host(client))
            return std::string(client);
    return request.remote_address;
}

}  // namespace ferrite::api
