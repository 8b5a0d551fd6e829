#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/http_message.h"

namespace ferrite::api {

/// `[healthcheck]`: the page that load balancers ask whether to send requests here.
struct HealthcheckOptions {
    bool enabled = false;
    std::string path = "/healthcheck";
    bool detailed = false;  ///< Tell more, some of which is nobody else's business.
    /// The service says that it is not available while this file exists; empty: no such file.
    std::string disable_by_file_path;
    /// The same for one port of several: port and file.
    std::vector<std::pair<std::uint16_t, std::string>> disable_by_file_paths;
    /// The service says that it is available only while all of these exist.
    std::vector<std::string> enable_by_file_paths;
    std::vector<std::string> allowed_source_ranges;  ///< `10.0.0.0/8`; empty: everybody may ask.
    /// Requests that came through a proxy are not answered here.
    bool ignore_proxied_requests = false;
    std::uint16_t port = 0;  ///< On which this service listens.
};

/// The answer, 200 or 503 (204 or 503 without a body for HEAD), as text, HTML or JSON; nothing when
/// the request is none for this page. Without authentication; does no more than look at files.
std::optional<HttpResponse> answer_healthcheck(const HealthcheckOptions& options,
                                               const HttpRequest& request);

/// True for `address/bits` or a plain address, IPv4 or IPv6.
bool is_address_range(std::string_view text);

}  // namespace ferrite::api
