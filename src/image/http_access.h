#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/secret.h"

namespace ferrite::image {

/// How to reach a web server that holds images: trust, proxy and who we are.
struct HttpAccess {
    bool verify_tls = true;
    std::string ca_file;   ///< PEM bundle in place of the system's.
    std::string proxy;     ///< URL; empty for none.
    Secret authorization;  ///< A whole Authorization header value; empty for none.
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds stall_timeout{60};  ///< Gives up after this long without a byte.
};

/// The Authorization value for a user and a password.
Secret basic_authorization(std::string_view user, const Secret& password);

/// A request prepared with that access, without a body handler.
HttpFetch make_fetch(std::string method, std::string url, const HttpAccess& access);

/// A URL fit for logs and errors: without user, password, query (which may carry a signature) and
/// fragment.
std::string display_url(std::string_view url);

/// The last path segment of a URL, percent-decoded: the file name that a checksum file mentions.
std::string url_file_name(std::string_view url);

}  // namespace ferrite::image
