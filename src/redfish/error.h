#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ferrite::redfish {

/// Why a Redfish service did not do what it was asked.
enum class Reason {
    unreachable,      ///< No connection, or no answer in time.
    untrusted,        ///< TLS: the certificate could not be verified, or no common protocol.
    bad_credentials,  ///< 401: user name or password are wrong.
    forbidden,        ///< 403: the user may not do that.
    not_found,        ///< 404: there is no such resource.
    refused,          ///< Any other 3xx or 4xx.
    broken,           ///< 5xx, or an answer that makes no sense.
};

/// The word for programs and logs, e.g. `bad_credentials`.
std::string_view to_text(Reason reason);

/// What a service said when it refused something.
struct Refusal {
    int status = 0;                        ///< HTTP status; 0 when there was no answer.
    std::vector<std::string> message_ids;  ///< e.g. `Base.1.8.ActionParameterValueConflict`.
    std::string text;                      ///< Its own words; may be empty.
};

/// Reads the error document of DSP0266 section 8.6; what it cannot read is left empty.
Refusal read_refusal(int status, std::string_view body);

/// A failure that an operator must be told about: the message names the service, what it was asked,
/// what it said and the remedy. `code()` is `redfish_` and the reason.
class Error : public ferrite::Error {
public:
    /// `service` is the address as the operator wrote it, `what` continues it: "GET /redfish/v1/".
    Error(Reason reason, std::string_view service, std::string_view what, Refusal refusal = {});

    Reason reason() const noexcept { return reason_; }
    /// The HTTP status that the service answered with; 0 when it did not answer.
    int service_status() const noexcept { return refusal_.status; }
    /// Whether the service gave a message whose identifier ends like this, such as
    /// `ActionParameterValueConflict`.
    bool says(std::string_view message) const;

private:
    Reason reason_;
    Refusal refusal_;
};

/// The reason that an HTTP status stands for.
Reason reason_of_status(int status);

}  // namespace ferrite::redfish
