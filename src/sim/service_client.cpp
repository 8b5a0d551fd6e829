#include "sim/service_client.h"

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::sim {
namespace {

/// What an error body says; the API puts a document within a string.
std::string fault_of(const Json& body, int status) {
    Json message = member(body, "error_message");
    if (message.is_string()) {
        try {
            message = parse_json(message.as_string());
        } catch (const InvalidValue&) {
            return std::string(message.as_string());
        }
    }
    auto text = string_member(message, "faultstring");
    return text.empty() ? fmt::format("HTTP {}", status) : text;
}

}  // namespace

ServiceClient::ServiceClient(HttpClient& client, std::string url)
    : client_(client), url_(url.ends_with('/') ? url.substr(0, url.size() - 1) : std::move(url)) {}

Task<ServiceClient::Reply> ServiceClient::call(std::string method, std::string path, Json body,
                                               unsigned microversion) {
    HttpFetch fetch;
    fetch.method = std::move(method);
    fetch.url = url_ + path;
    fetch.headers.set("X-OpenStack-Ironic-API-Version", fmt::format("1.{}", microversion));
    fetch.headers.set("Accept", "application/json");
    if (!body.is_null()) {
        fetch.headers.set("Content-Type", "application/json");
        fetch.body = to_text(body);
    }
    Reply reply;
    try {
        auto answer = co_await client_.fetch(std::move(fetch));
        reply.status = answer.status;
        if (!answer.body.empty()) reply.body = parse_json(answer.body, 64);
    } catch (const Error& error) {
        reply.problem = error.message();
    }
    if (reply.problem.empty() && !reply.ok()) reply.problem = fault_of(reply.body, reply.status);
    co_return reply;
}

}  // namespace ferrite::sim
