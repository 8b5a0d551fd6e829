#include "conductor/rpc_client.h"

#include <optional>

#include <fmt/core.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/uuid.h"

namespace ferrite::conductor {
namespace {

NoAnswer::Outcome outcome_of(HttpFailure failure) {
    using enum HttpFailure;
    bool before_sending = failure == resolve || failure == connect || failure == tls;
    return before_sending ? NoAnswer::Outcome::not_done : NoAnswer::Outcome::maybe_done;
}

NoAnswer no_answer(const std::string& endpoint, const HttpClientError& error) {
    auto outcome = outcome_of(error.failure());
    return {outcome, fmt::format("The conductor at {} {}: {}", endpoint,
                                 outcome == NoAnswer::Outcome::not_done
                                     ? "could not be reached"
                                     : "gave no answer, and may have done what was asked",
                                 error.message())};
}

std::string basic(const std::string& user, const Secret& password) {
    return "Basic " + encode_base64(as_bytes(user + ":" + password.reveal()));
}

}  // namespace

RpcClient::RpcClient(HttpClient& http, Options options)
    : http_(http), options_(std::move(options)) {}

Task<Json> RpcClient::exchange(std::string endpoint, rpc::Request request) {
    request.id = new_uuid();
    HttpFetch fetch{.method = "POST",
                    .url = endpoint,
                    .body = rpc::request_text(request),
                    .connect_timeout = options_.connect_timeout,
                    .timeout = options_.timeout,
                    .stall_timeout = std::chrono::ceil<std::chrono::seconds>(options_.timeout),
                    .follow_redirects = false,
                    .verify_tls = options_.verify_tls,
                    .ca_file = options_.ca_file};
    fetch.headers.set("Content-Type", "application/json");
    fetch.headers.set("Connection", "close");
    if (!options_.username.empty())
        fetch.headers.set("Authorization", basic(options_.username, options_.password));
    log_debug("RPC_CALL", "method={} endpoint={} id={}", request.method, endpoint, request.id);

    HttpFetched answer;
    std::optional<NoAnswer> lost;
    try {
        answer = co_await http_.fetch(std::move(fetch));
    } catch (const HttpClientError& error) {
        lost = no_answer(endpoint, error);
    }
    if (lost) throw *lost;
    if (answer.status == 401 || answer.status == 403)
        throw Error(503, "rpc_credentials",
                    fmt::format("The conductor at {} does not accept the credentials of this "
                                "process: compare username and password of [json_rpc] here and "
                                "there.",
                                endpoint));
    if (answer.status == 503)
        throw NoAnswer(NoAnswer::Outcome::not_done,
                       fmt::format("The conductor at {} takes no more calls now.", endpoint));
    if (answer.status != 200)
        throw Error(503, "rpc_protocol",
                    fmt::format("The conductor at {} answered a call with HTTP status {}.",
                                endpoint, answer.status));
    try {
        co_return rpc::parse_response(answer.body, request.id);
    } catch (const Error& error) {
        if (error.code() == rpc::kLeaving)
            throw NoAnswer(NoAnswer::Outcome::not_done, error.message());
        throw;
    }
}

}  // namespace ferrite::conductor
