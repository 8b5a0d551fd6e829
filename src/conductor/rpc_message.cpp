#include "conductor/rpc_message.h"

#include <fmt/core.h>

#include "conductor/rpc_values.h"

namespace ferrite::conductor::rpc {
namespace {

/// The API takes documents that are 25 deep; they are arguments here.
constexpr std::size_t kDeepest = 40;

std::string envelope(std::string_view id, std::string_view key, Json value) {
    return to_text(JsonObject{{"jsonrpc", "2.0"}, {"id", id}, {key, std::move(value)}});
}

[[noreturn]] void rethrow(int code, std::string message, const Json& data) {
    auto name = string_member(data, "code");
    if (code < 0)
        throw Error(503, "rpc_protocol",
                    fmt::format("The conductor in charge does not understand this process ({}): "
                                "all of the cluster must run versions that know each other.",
                                message));
    if (name == "invalid_value") throw InvalidValue(std::move(message));
    if (name == "not_found") throw NotFound(std::move(message));
    if (name == "conflict") throw Conflict(std::move(message));
    bool is_status = code >= 400 && code < 600;
    throw Error(is_status ? code : 500, name.empty() ? "rpc_error" : name, std::move(message));
}

}  // namespace

std::string request_text(const Request& request) {
    return to_text(JsonObject{{"jsonrpc", "2.0"},
                              {"id", request.id},
                              {"method", request.method},
                              {"params", JsonObject{{"context", encode(request.context)},
                                                    {"arguments", request.arguments}}}});
}

Request parse_request(std::string_view text) {
    Json json;
    try {
        json = parse_json(text, kDeepest);
    } catch (const InvalidValue& error) {
        throw ProtocolError(kParseError, error.message());
    }
    Request request{.id = string_member(json, "id"), .method = string_member(json, "method")};
    if (string_member(json, "jsonrpc") != "2.0" || request.id.empty() || request.method.empty())
        throw ProtocolError(kInvalidRequest,
                            "This is no JSON-RPC 2.0 call with a text as id and a method.");
    try {
        const auto& params = object_of(member(json, "params"));
        read_at("context",
                [&] { request.context = decode<RequestContext>(member(params, "context")); });
        read_at("arguments", [&] { request.arguments = array_of(member(params, "arguments")); });
    } catch (const InvalidValue& error) {
        throw ProtocolError(kInvalidParams, "params: " + error.message());
    }
    return request;
}

std::string result_text(std::string_view id, Json result) {
    return envelope(id, "result", std::move(result));
}

std::string error_text(std::string_view id, const Error& error) {
    const auto* protocol = dynamic_cast<const ProtocolError*>(&error);
    return envelope(id, "error",
                    JsonObject{{"code", protocol ? protocol->rpc_code : error.http_status()},
                               {"message", error.message()},
                               {"data", JsonObject{{"code", error.code()}}}});
}

Json parse_response(std::string_view text, std::string_view id) {
    Json json;
    std::string trouble;
    try {
        json = parse_json(text, kDeepest);
    } catch (const InvalidValue& error) {
        trouble = error.message();
    }
    const auto& error = member(json, "error");
    if (error.is_object()) {
        const auto& code = member(error, "code");
        rethrow(code.is_int64() ? static_cast<int>(code.get_int64()) : 500,
                string_member(error, "message"), member(error, "data"));
    }
    auto* object = json.if_object();
    if (!object || !object->contains("result") || string_member(json, "id") != id)
        throw Error(503, "rpc_protocol",
                    fmt::format("What answered in place of the conductor in charge speaks no "
                                "JSON-RPC: does another service listen at its address? {}",
                                trouble));
    return std::move(object->at("result"));
}

}  // namespace ferrite::conductor::rpc
