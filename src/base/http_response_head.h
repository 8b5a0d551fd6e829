#pragma once

#include <cstdint>
#include <string>

#include "base/http_message.h"

namespace ferrite {

/// What of the exchange decides the form of the answer.
struct HttpResponseFraming {
    bool is_head = false;         ///< The request was HEAD: everything but the body.
    bool keep_alive = true;       ///< The connection stays open.
    bool is_http_1_0 = false;     ///< Such a client must be told that it stays open.
    std::uint64_t body_size = 0;  ///< Of the body that a GET would bring.
};

/// Status line and header fields, to the empty line. Adds Date and Content-Length (none for 204,
/// 304 and 1xx) and says what becomes of the connection; those fields of the response itself are
/// not sent, but for the Content-Length of an answer to HEAD without a body. A field with a line
/// break in it is left out and logged.
std::string http_response_head(const HttpResponse& response, const HttpResponseFraming& framing);

/// The phrase of a status, "Not Found"; "Unknown" for a code without one.
std::string_view http_reason(int status);

/// Whether an answer with this status has no body by definition (RFC 9110 section 6.4.1).
bool http_status_has_no_body(int status);

}  // namespace ferrite
