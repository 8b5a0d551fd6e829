#pragma once

#include <exception>
#include <string>

#include "base/http_message.h"
#include "conductor/client.h"

/// How requests and their failures are named in logs and answers.
namespace ferrite::api {

/// The id that the caller sent in X-Openstack-Request-Id, when it is `req-` and a UUID in lower
/// case; anything else is as good as none.
std::string global_request_id(const HttpHeaders& headers);

/// What `request=` of a log line says: the request's id, and behind a `/` the caller's.
std::string log_id(const conductor::RequestContext& context);

/// For developers: what was thrown, of which type, at which request. No header, query or body.
std::string describe_failure(const HttpRequest& request, const std::exception& problem);

}  // namespace ferrite::api
