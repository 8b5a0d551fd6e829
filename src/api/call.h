#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/manners.h"
#include "api/options.h"
#include "base/http_message.h"
#include "base/json.h"
#include "conductor/client.h"
#include "model/micro_version.h"
#include "store/store.h"

namespace ferrite::api {

/// What every handler works with; one for the life of the Api.
struct Parts {
    ApiOptions options;
    Manners manners;
    store::Store& store;
    conductor::Client& conductor;
    Policy policy;
};

/// One request on its way through the API: what was sent, and what the stages before the handler
/// made of it.
struct Call {
    const Parts* parts = nullptr;
    HttpRequest http;
    std::string base;                ///< Start of every link, without a `/` at the end.
    model::MicroVersion version;     ///< Negotiated.
    std::vector<std::string> words;  ///< What stood where the route's pattern has `{...}`.
    std::string_view rule;           ///< The policy rule of the route (see routes.h).
    bool json_suffix = false;        ///< `.json` was cut off the path (section 3.4).
    Access access;                   ///< Who asks, and what he may do.
    conductor::RequestContext context;

    const ApiOptions& options() const { return parts->options; }
    store::Store& store() const { return parts->store; }
    conductor::Client& conductor() const { return parts->conductor; }

    /// True when the request's version has what appeared in `since`.
    bool has(model::MicroVersion since) const { return version >= since; }
    /// True when who asks stands for the whole cloud, and not for a project.
    bool system_scope() const { return access.identity().system_scope == "all"; }
    /// True when this service, at any version it offers, has what appeared in `since`.
    bool offers(model::MicroVersion since) const { return options().max_version >= since; }

    /// The body as JSON; an empty object when there is none. Throws InvalidValue.
    Json document() const;
};

/// Throws a 406 when the request's version is older than `since`; `what` begins the sentence.
void require_version(const Call& call, model::MicroVersion since, std::string_view what);

/// The answer with a JSON body.
HttpResponse json_reply(int status, std::string body);
/// 202 or 204 without a body.
HttpResponse empty_reply(int status);
/// Adds `Location: <base>/v1/<path>`.
HttpResponse located(HttpResponse response, const Call& call, std::string_view path);

}  // namespace ferrite::api
