#pragma once

#include <memory>
#include <optional>

#include "api/access.h"
#include "base/http_message.h"
#include "base/task.h"

namespace ferrite::api {

/// What an authentication strategy made of a request: a caller, or the answer that refuses it.
struct Authentication {
    std::shared_ptr<const Identity> identity;
    Enforcement enforcement = Enforcement::on;
    std::optional<HttpResponse> refusal;
};

/// An authentication strategy (reference: api.md section 23.1): finds out who sends a request.
/// There is none for noauth.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// Any thread, many requests at a time. `request` is the asking coroutine's, which waits.
    /// Throws Error when nobody can tell now who it is (503).
    virtual Task<Authentication> authenticate(const HttpRequest* request) = 0;
};

/// What clients say about themselves in X-Roles, X-Project-Id, X-User-Id and
/// OpenStack-System-Scope: where nothing is enforced it is believed, and decides only whose a new
/// node is and what the history says.
std::shared_ptr<const Identity> claimed_identity(const HttpHeaders& headers);

/// True for paths that ask for no credentials under any strategy (section 23.2).
bool is_public_path(std::string_view path);

}  // namespace ferrite::api
