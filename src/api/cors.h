#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/http_message.h"

namespace ferrite::api {

/// `[cors]`: which web pages may use the API from a browser.
struct CorsOptions {
    std::vector<std::string> allowed_origin;  ///< `https://host[:port]` or `*`; empty: no page.
    std::vector<std::string> allow_methods = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    /// Besides those that every request may have, the version headers and X-Auth-Token.
    std::vector<std::string> allow_headers;
    std::vector<std::string> expose_headers = {"X-OpenStack-Ironic-API-Minimum-Version",
                                               "X-OpenStack-Ironic-API-Maximum-Version",
                                               "X-OpenStack-Ironic-API-Version"};
    std::chrono::seconds max_age{3600};  ///< 0: not said.
    bool allow_credentials = true;
};

/// Adds to the answer what lets the browser show it to the page that asked (Fetch standard, CORS
/// protocol). OPTIONS is the question of a browser before a request (preflight): it is answered
/// with 200 whatever the API made of it, and without these headers when the request would not be
/// let through.
void add_cors_headers(const CorsOptions& options, const HttpRequest& request,
                      HttpResponse& response);

}  // namespace ferrite::api
