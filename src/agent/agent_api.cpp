#include "agent/agent_api.h"

#include <chrono>

#include <fmt/core.h>
#include <openssl/crypto.h>

#include "agent/agent_error.h"
#include "agent/machine_files.h"
#include "base/log.h"

namespace ferrite::agent {
namespace {

HttpResponse json_response(const Json& body, int status = 200) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = to_text(body);
    return response;
}

HttpResponse fault(int status, std::string text) {
    return json_response(
        JsonObject{{"faultcode", status < 500 ? "Client" : "Server"}, {"faultstring", text}},
        status);
}

HttpResponse not_found() {
    return fault(404, "404 Not Found: The requested URL was not found on the server.");
}

HttpResponse wrong_method(std::string_view allowed) {
    auto response =
        fault(405, "405 Method Not Allowed: The method is not allowed for the requested URL.");
    response.headers.set("Allow", std::string(allowed));
    return response;
}

std::string query_value(const HttpRequest& request, std::string_view key) {
    for (auto& [name, value] : parse_query(request.query))
        if (name == key) return value;
    return {};
}

CommandBoard::Wait wait_of(const HttpRequest& request) {
    return lower_case(query_value(request, "wait")) == "true" ? CommandBoard::Wait::yes
                                                              : CommandBoard::Wait::no;
}

std::string base_url(const HttpRequest& request) {
    std::string host(request.headers.get("Host"));
    return fmt::format("{}://{}", request.tls ? "https" : "http",
                       host.empty() ? "localhost" : host);
}

JsonObject link(std::string href, std::string_view relation) {
    return {{"href", std::move(href)}, {"rel", relation}};
}

JsonObject root_document(const std::string& base) {
    JsonObject version{{"id", "v1"},
                       {"links", JsonArray{link(base + "/v1/", "self"),
                                           link(base + "/v1/status", "describedby")}}};
    return {{"name", "OpenStack Ironic Python Agent API"},
            {"description", "The agent of a bare-metal deploy ramdisk: commands, status, results."},
            {"versions", JsonArray{version}},
            {"default_version", version}};
}

JsonObject v1_document(const std::string& base) {
    return {
        {"id", "v1"},
        {"links", JsonArray{link(base + "/v1/", "self")}},
        {"media_types",
         JsonArray{JsonObject{{"base", "application/json"},
                              {"type", "application/vnd.openstack.ironic-python-agent.v1+json"}}}},
        {"commands", JsonArray{link(base + "/v1/commands/", "self")}},
        {"status", JsonArray{link(base + "/v1/status", "self")}}};
}

struct CommandRequest {
    std::string name;
    JsonObject parameters;
};

CommandRequest read_command(const std::string& body) {
    Json document;
    try {
        document = parse_json(body, 64);
    } catch (const Error& error) {
        throw Error(400, "bad_json",
                    fmt::format("400 Bad Request: Failed to decode JSON object: {}", error.what()));
    }
    const Json& name = member(document, "name");
    const Json& parameters = member(document, "params");
    if (!name.is_string() || !parameters.is_object())
        throw Error(400, "bad_command", "400 Bad Request: Missing or invalid name or params");
    return {std::string(name.as_string()), parameters.as_object()};
}

bool equal_in_constant_time(const std::string& a, const std::string& b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

AgentApi::AgentApi(CommandBoard& board, std::string version)
    : board_(board),
      version_(std::move(version)),
      started_at_(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                      .count()) {}

std::size_t AgentApi::body_limit(const HttpRequest& head) const {
    constexpr std::size_t kStranger = 64 * 1024;
    constexpr std::size_t kCommand = 256 * 1024 * 1024;
    return is_authorised(head) ? kCommand : kStranger;
}

Task<HttpResponse> AgentApi::answer(HttpRequest request) {
    HttpResponse response;
    bool head = request.method == "HEAD";
    if (head) request.method = "GET";
    try {
        response = co_await dispatch(std::move(request));
    } catch (const AgentError& error) {
        response =
            fault(error.http_status(), fmt::format("{}: {}", error.title(), error.message()));
    } catch (const Error& error) {
        response = fault(error.http_status(), error.message());
    } catch (const std::exception& error) {
        log_error("AGENT_API_FAILED", "cause=\"{}\"", error.what());
        response = fault(500, error.what());
    }
    if (head) response.body.clear();
    co_return response;
}

Task<HttpResponse> AgentApi::dispatch(HttpRequest request) {
    std::string path = request.path;
    // Everything below /v1 is also there without it; /v1 itself only differs at the root.
    if (path == "/v1" || path == "/v1/") {
        if (request.method != "GET") co_return wrong_method("GET, HEAD, OPTIONS");
        co_return json_response(v1_document(base_url(request)));
    }
    if (path.starts_with("/v1/")) path.erase(0, 3);
    if (path == "/commands" || path == "/commands/")
        co_return co_await commands(std::move(request));
    if (path.starts_with("/commands/"))
        co_return co_await command(std::move(request), path.substr(10));
    bool is_root = path.empty() || path == "/";
    if (!is_root && path != "/status") co_return not_found();
    if (request.method != "GET") co_return wrong_method("GET, HEAD, OPTIONS");
    if (is_root) co_return json_response(root_document(base_url(request)));
    co_return json_response(JsonObject{{"started_at", started_at_}, {"version", version_}});
}

Task<HttpResponse> AgentApi::commands(HttpRequest request) {
    if (request.method != "GET" && request.method != "POST")
        co_return wrong_method("GET, HEAD, OPTIONS, POST");
    if (!is_authorised(request)) co_return fault(401, "401 Unauthorized: Token invalid.");
    if (request.method == "POST") co_return co_await run_command(std::move(request));
    JsonArray list;
    for (const auto& record : board_.list()) list.push_back(record.to_json());
    co_return json_response(JsonObject{{"commands", std::move(list)}});
}

Task<HttpResponse> AgentApi::command(HttpRequest request, std::string id) {
    if (request.method != "GET") co_return wrong_method("GET, HEAD, OPTIONS");
    if (!is_authorised(request)) co_return fault(401, "401 Unauthorized: Token invalid.");
    if (id.ends_with('/')) id.pop_back();
    auto record = co_await board_.find(id, wait_of(request));
    co_return json_response(record.to_json());
}

Task<HttpResponse> AgentApi::run_command(HttpRequest request) {
    auto command = read_command(request.body);
    auto record = co_await board_.execute(std::move(command.name), std::move(command.parameters),
                                          wait_of(request));
    co_return json_response(record.to_json());
}

bool AgentApi::is_authorised(const HttpRequest& request) const {
    return !token_.empty() &&
           equal_in_constant_time(query_value(request, "agent_token"), token_.reveal());
}

}  // namespace ferrite::agent
