#include "api/cors.h"

#include <algorithm>
#include <string_view>

#include "api/text.h"

namespace ferrite::api {
namespace {

/// Request headers that need no permission.
constexpr std::string_view kSimpleHeaders[] = {
    "accept",
    "accept-language",
    "content-type",
    "cache-control",
    "content-language",
    "expires",
    "last-modified",
    "pragma",
    "x-auth-token",
    "openstack-api-version",
    "x-openstack-ironic-api-version",
    "x-openstack-ironic-api-minimum-version",
    "x-openstack-ironic-api-maximum-version",
};

bool contains(const std::vector<std::string>& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
}

/// What Access-Control-Allow-Origin says to a page of `origin`; empty when it may not use the API.
std::string_view permitted_origin(const CorsOptions& options, std::string_view origin) {
    if (origin.empty()) return {};
    if (contains(options.allowed_origin, origin)) return origin;
    return contains(options.allowed_origin, "*") ? "*" : "";
}

bool permits_header(const CorsOptions& options, std::string_view name) {
    auto wanted = lower_case(name);
    return std::ranges::find(kSimpleHeaders, wanted) != std::end(kSimpleHeaders) ||
           std::ranges::any_of(options.allow_headers, [&](const std::string& allowed) {
               return lower_case(allowed) == wanted;
           });
}

void add_vary(HttpHeaders& headers) {
    auto vary = std::string(headers.get("Vary"));
    headers.set("Vary", vary.empty() ? "Origin" : vary + ",Origin");
}

void permit(const CorsOptions& options, std::string_view origin, HttpHeaders& headers) {
    add_vary(headers);
    headers.set("Access-Control-Allow-Origin", std::string(origin));
    if (options.allow_credentials) headers.set("Access-Control-Allow-Credentials", "true");
}

void answer_preflight(const CorsOptions& options, const HttpRequest& request,
                      HttpResponse& response) {
    if (response.status < 200 || response.status >= 300) {
        response.status = 200;
        response.body.clear();
    }
    auto origin = permitted_origin(options, request.headers.get("Origin"));
    auto method = request.headers.get("Access-Control-Request-Method");
    if (origin.empty() || !contains(options.allow_methods, method)) return;
    auto names = comma_separated(request.headers.get("Access-Control-Request-Headers"));
    if (!std::ranges::all_of(names,
                             [&](const auto& name) { return permits_header(options, name); }))
        return;

    auto& headers = response.headers;
    permit(options, origin, headers);
    if (options.max_age.count() > 0)
        headers.set("Access-Control-Max-Age", std::to_string(options.max_age.count()));
    headers.set("Access-Control-Allow-Methods", std::string(method));
    if (!names.empty()) headers.set("Access-Control-Allow-Headers", joined(names, ","));
}

}  // namespace

void add_cors_headers(const CorsOptions& options, const HttpRequest& request,
                      HttpResponse& response) {
    if (request.method == "OPTIONS") return answer_preflight(options, request, response);
    auto origin = permitted_origin(options, request.headers.get("Origin"));
    if (origin.empty()) return;
    permit(options, origin, response.headers);
    if (!options.expose_headers.empty())
        response.headers.set("Access-Control-Expose-Headers", joined(options.expose_headers, ","));
}

}  // namespace ferrite::api
