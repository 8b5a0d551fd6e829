#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "api/access_log.h"
#include "api/authenticator.h"
#include "api/options.h"
#include "base/http_message.h"
#include "base/task.h"
#include "conductor/client.h"
#include "store/store.h"

namespace ferrite::api {

/// The REST API (reference: api.md). It owns no socket: give its functions to an HttpServer.
///
///     Api api(options, store, conductor);
///     HttpServer server(executor,
///                       {.body_limit = [&](const HttpRequest& head) { return api.body_limit(head);
///                       },
///                        .refusal = [&](const HttpRequest& head, int status) {
///                            return api.refusal(head, status);
///                        }},
///                       [&](HttpRequest request) { return api.handle(std::move(request)); });
///
/// Reads come from the store on the calling worker; whatever changes a node or port is asked of the
/// conductor. `store`, `conductor` and `access_log`, which every answer is told to when there is
/// one, outlive the Api, which outlives every request.
class Api {
public:
    /// Without an `authenticator` everybody may do everything (noauth). Throws InvalidValue that
    /// names file and line when the policy file is bad.
    Api(ApiOptions options, store::Store& store, conductor::Client& conductor,
        std::unique_ptr<Authenticator> authenticator = nullptr, AccessLog* access_log = nullptr);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// Answers one request. Any thread; many at a time. Throws nothing: a failure becomes the
    /// error envelope of section 4.
    Task<HttpResponse> handle(HttpRequest request);

    /// The answer to a request that broke a limit of the server, in the API's envelope.
    HttpResponse refusal(const HttpRequest& head, int status) const;

    /// The longest body, in bytes, that this request may have.
    std::size_t body_limit(const HttpRequest& head) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::api
