#pragma once

#include <string>
#include <string_view>

#include "base/http_message.h"

namespace ferrite::api {

/// An error found before a handler took the request: unknown path, wrong method, bad version
/// header. It has an envelope of its own (reference: api.md section 4.2).
struct RouterRefusal {
    int status = 404;
    std::string description;
    std::string allow;  ///< `Allow` header of a 405.
    bool with_allow = false;
    bool with_version_range = false;
    bool plain_text = false;  ///< The client accepts no JSON: the inner text is not JSON.
};

/// `{"error_message": "{\"faultcode\": ...}"}` (section 4.1). `debug` is for developers: null when
/// empty.
HttpResponse fault(int status, std::string_view text, std::string_view debug = {});
/// `{"error_message": "{\"code\": ...}"}` (section 4.2).
HttpResponse router_refusal(const RouterRefusal& refusal);
/// `{"faultcode": ..., "faultstring": ...}`, without the outer object: body limits (section 1).
HttpResponse bare_fault(int status, std::string_view text);

/// The words that HTTP has for a status.
std::string_view status_title(int status);

}  // namespace ferrite::api
