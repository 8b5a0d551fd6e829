#include "api/call.h"

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::api {

Json Call::document() const {
    if (http.body.empty()) return JsonObject();
    auto type = http.headers.get("Content-Type");
    if (type.empty() || type.starts_with("application/x-www-form-urlencoded"))
        throw InvalidValue(
            "The body must be a JSON document: send it with Content-Type: application/json.");
    return parse_json(http.body, options().max_json_body_depth);
}

void require_version(const Call& call, model::MicroVersion since, std::string_view what) {
    if (call.has(since)) return;
    throw Error(406, "not_acceptable",
                fmt::format("{} is part of the API since version {}, and the request asks for "
                            "version {}: send a newer X-OpenStack-Ironic-API-Version.",
                            what, since.text(), call.version.text()));
}

HttpResponse json_reply(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

HttpResponse empty_reply(int status) {
    HttpResponse response;
    response.status = status;
    return response;
}

HttpResponse located(HttpResponse response, const Call& call, std::string_view path) {
    response.headers.set("Location", fmt::format("{}/v1/{}", call.base, path));
    return response;
}

}  // namespace ferrite::api
