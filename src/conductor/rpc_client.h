#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/secret.h"
#include "conductor/rpc_message.h"
#include "conductor/rpc_methods.h"

namespace ferrite::conductor {

/// The conductor that was called gave no answer.
class NoAnswer : public Error {
public:
    enum class Outcome {
        not_done,    ///< It never got the call, or declined it.
        maybe_done,  ///< It may have carried the call out.
    };
    NoAnswer(Outcome outcome, std::string message)
        : Error(503, "conductor_unreachable", std::move(message)), outcome_(outcome) {}
    Outcome outcome() const noexcept { return outcome_; }

private:
    Outcome outcome_;
};

/// Calls conductors in other processes: JSON-RPC over HTTP.
///
///     auto media = co_await rpc.call<&Client::virtual_media>(endpoint, context, {uuid});
///
/// Each call has a connection of its own, so that one that is refused was certainly not made: a
/// kept connection may have ended meanwhile, and nobody could tell whether before or after.
class RpcClient {
public:
    struct Options {
        std::string username;  ///< Empty: no credentials are sent.
        Secret password;
        std::string ca_file;  ///< PEM bundle in place of the system's.
        bool verify_tls = true;
        std::chrono::milliseconds connect_timeout{5'000};
        std::chrono::milliseconds timeout{60'000};  ///< For a whole call.
    };

    /// `http` must outlive it.
    RpcClient(HttpClient& http, Options options);

    /// Throws what the conductor threw, NoAnswer when there was no answer, and Error 503 with what
    /// to mend when it refused the credentials. Any thread.
    template <auto Call>
    Task<rpc::ResultOf<Call>> call(std::string endpoint, RequestContext context,
                                   rpc::ArgumentsOf<Call> arguments) {
        Json result = co_await exchange(std::move(endpoint),
                                        {.method = std::string(rpc::method_of<Call>().name),
                                         .context = std::move(context),
                                         .arguments = rpc::encode_arguments(arguments)});
        if constexpr (!std::is_void_v<rpc::ResultOf<Call>>)
            co_return understood<rpc::ResultOf<Call>>(result);
    }

private:
    Task<Json> exchange(std::string endpoint, rpc::Request request);

    template <class T>
    static T understood(const Json& result) {
        try {
            return rpc::decode<T>(result);
        } catch (const InvalidValue& error) {
            throw Error(503, "rpc_protocol",
                        "The conductor's answer is not understood: " + error.message());
        }
    }

    HttpClient& http_;
    const Options options_;
};

}  // namespace ferrite::conductor
