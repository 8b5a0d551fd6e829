#pragma once

#include <chrono>
#include <string>

#include "base/tls_server.h"

/// What the configuration says of serving the API to browsers, proxies and machines that mean no
/// good. The sections [cors] and [healthcheck] are structs of the API room.
namespace ferrite::daemon {

/// [oslo_middleware]
struct MiddlewareOptions {
    bool enable_proxy_headers_parsing = false;  ///< Trust Forwarded and X-Forwarded-*.
};

/// [ferrite_api]: what Ironic leaves to the web server in front of it.
struct ServingOptions {
    std::string access_log;      ///< File with a line a request; empty: none.
    std::string client_ca_file;  ///< Authorities of client certificates; empty: none is asked for.
    ClientCertificates client_certificates = ClientCertificates::required;
    std::size_t max_connections = 20000;
    std::chrono::seconds header_timeout{15};
    std::chrono::seconds body_timeout{60};
    std::chrono::seconds whole_body_timeout{600};
    std::chrono::seconds idle_timeout{120};
};

}  // namespace ferrite::daemon
