#pragma once

#include <string>

#include "api/options.h"
#include "base/http_message.h"

namespace ferrite::api {

/// The start of every link in the answer (reference: api.md section 2.3): what a trusted proxy says
/// (Forwarded, else X-Forwarded-*), else the configured endpoint, else where the request was sent.
/// Without a `/` at the end. A Host header that is no host name or address is not repeated.
std::string public_url(const ApiOptions& options, const HttpRequest& request);

/// Who sent the request, for logs: what a trusted proxy says, else the peer of the connection.
std::string client_address(const ApiOptions& options, const HttpRequest& request);

}  // namespace ferrite::api
