#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "conductor/client.h"

/// What goes over the wire between an API process and a conductor: JSON-RPC 2.0 in the body of a
/// POST, one call each, no batches (reference: conductor.md section 2.7).
namespace ferrite::conductor::rpc {

struct Request {
    std::string id;  ///< Comes back with the answer.
    std::string method;
    RequestContext context;
    JsonArray arguments;
};

/// The message is none, or asks for what does not exist; `rpc_code` is JSON-RPC's number for it.
struct ProtocolError : Error {
    ProtocolError(int number, std::string message)
        : Error(400, "rpc_protocol", std::move(message)), rpc_code(number) {}
    int rpc_code;
};
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;

/// The code of the error with which a conductor that is about to stop declines a call, before it
/// has done anything.
inline constexpr std::string_view kLeaving = "conductor_leaving";

std::string request_text(const Request& request);
/// Throws ProtocolError.
Request parse_request(std::string_view text);

std::string result_text(std::string_view id, Json result);
std::string error_text(std::string_view id, const Error& error);

/// The result of the call `id`. Throws the Error that the other side threw, of the same class, and
/// Error 503 "rpc_protocol" when `text` is no answer to it.
Json parse_response(std::string_view text, std::string_view id);

}  // namespace ferrite::conductor::rpc
