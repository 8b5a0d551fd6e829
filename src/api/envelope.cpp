#include "api/envelope.h"

#include <fmt/core.h>

#include "base/json.h"

namespace ferrite::api {
namespace {

std::string fault_text(int status, std::string_view text) {
    std::string body = R"({"faultcode": ")";
    body += status < 500 ? "Client" : "Server";
    body += R"(", "faultstring": )";
    append_json_string(body, text);
    return body;
}

HttpResponse enveloped(int status, std::string_view inner) {
    HttpResponse response;
    response.status = status;
    response.body = R"({"error_message": )";
    append_json_string(response.body, inner);
    response.body += '}';
    return response;
}

}  // namespace

HttpResponse fault(int status, std::string_view text, std::string_view debug) {
    auto inner = fault_text(status, text) + R"(, "debuginfo": )";
    if (debug.empty())
        inner += "null";
    else
        append_json_string(inner, debug);
    return enveloped(status, inner + '}');
}

HttpResponse bare_fault(int status, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.body = fault_text(status, text) + '}';
    return response;
}

HttpResponse router_refusal(const RouterRefusal& refusal) {
    if (refusal.plain_text) {
        auto response = enveloped(
            refusal.status, fmt::format("{} {}\n\n{}", refusal.status, status_title(refusal.status),
                                        refusal.description));
        return response;
    }
    std::string inner = fmt::format(R"({{"code": {}, "title": )", refusal.status);
    append_json_string(inner, status_title(refusal.status));
    inner += R"(, "description": )";
    append_json_string(inner, refusal.description);
    inner += '}';
    auto response = enveloped(refusal.status, inner);
    if (refusal.with_allow) response.headers.set("Allow", refusal.allow);
    return response;
}

std::string_view status_title(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 413:
            return "Payload Too Large";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return status < 500 ? "Bad Request" : "Internal Server Error";
    }
}

}  // namespace ferrite::api
