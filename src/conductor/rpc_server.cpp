#include "conductor/rpc_server.h"

#include <atomic>
#include <exception>

#include <fmt/core.h>

#include "base/log.h"
#include "base/log_scope.h"
#include "conductor/rpc_message.h"
#include "conductor/rpc_methods.h"

namespace ferrite::conductor {
namespace {

/// A config drive of 64 MiB in base64, and room for the rest.
constexpr std::size_t kLongestCall = 128 * 1024 * 1024;
constexpr std::size_t kLongestOfStranger = 4096;
constexpr std::chrono::milliseconds kRestPoll{10};

HttpResponse json_response(std::string text) {
    HttpResponse response;
    response.headers.set("Content-Type", "application/json");
    response.body = std::move(text);
    return response;
}

HttpResponse refusal(int status, std::string text) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    if (status == 405) response.headers.set("Allow", "POST");
    response.body = std::move(text);
    return response;
}

Error leaving() {
    return {503, std::string(rpc::kLeaving),
            "This conductor takes no calls, as it starts or is about to stop: ask another."};
}

/// The text of the answer to one call, whatever becomes of it.
Task<HttpResponse> answer(Client* conductor, rpc::Request request, rpc::Prepared call) {
    std::string text;
    try {
        Json result = co_await call(conductor, request.context);
        text = rpc::result_text(request.id, std::move(result));
    } catch (const Error& error) {
        text = rpc::error_text(request.id, error);
    } catch (const std::exception& error) {
        log_error("RPC_CALL_FAILED", "method={} error=\"{}\"", request.method, error.what());
        text = rpc::error_text(
            request.id, Error(500, "internal_error",
                              "The conductor failed; its log says more under RPC_CALL_FAILED."));
    }
    co_return json_response(std::move(text));
}

}  // namespace

struct RpcServer::State {
    Client& conductor;
    Admission admit;
    std::atomic<bool> declines = true;
    std::atomic<int> running = 0;  ///< Calls that were accepted, or are about to be declined.
    std::optional<HttpServer> http;

    State(Client& client, Admission admission) : conductor(client), admit(std::move(admission)) {}

    /// One of them.
    struct Running {
        std::shared_ptr<State> state;
        explicit Running(std::shared_ptr<State> s) : state(std::move(s)) { ++state->running; }
        ~Running() { --state->running; }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
    };

    static Task<bool> rest(std::shared_ptr<State> self, std::chrono::seconds timeout) {
        auto deadline = std::chrono::steady_clock::now() + timeout;
        while (self->running > 0 && std::chrono::steady_clock::now() < deadline)
            co_await sleep_for(kRestPoll);
        co_return self->running == 0;
    }

    static Task<HttpResponse> handle(std::shared_ptr<State> self, HttpRequest http_request) {
        if (self->admit) {
            auto refused = co_await self->admit(&http_request);
            if (refused) co_return std::move(*refused);
        }
        if (http_request.method != "POST")
            co_return refusal(405, "Calls of conductors are made with POST.\n");
        Running running(self);
        rpc::Request request;
        rpc::Prepared call;
        try {
            request = rpc::parse_request(http_request.body);
            call = prepare(request);
            if (self->declines) throw ferrite::conductor::leaving();
        } catch (const Error& error) {
            co_return json_response(rpc::error_text(request.id, error));
        }
        http_request.body = {};
        auto words = request.context.request_id.empty() ? std::string()
                                                        : "request=" + request.context.request_id;
        co_return co_await with_log_words(
            std::move(words), answer(&self->conductor, std::move(request), std::move(call)));
    }

    static rpc::Prepared prepare(const rpc::Request& request) {
        const auto* method = rpc::find_served(request.method);
        if (!method)
            throw rpc::ProtocolError(
                rpc::kMethodNotFound,
                fmt::format("There is no method '{}'.", request.method.substr(0, 100)));
        try {
            return method->prepare(request.arguments);
        } catch (const InvalidValue& error) {
            throw rpc::ProtocolError(rpc::kInvalidParams, error.message());
        }
    }
};

RpcServer::RpcServer(Executor executor, Options options, Client& conductor)
    : state_(std::make_shared<State>(conductor, options.admit)) {
    auto& http = options.http;
    http.max_body_bytes = kLongestCall;
    // Memory is for those who will be let in.
    if (options.recognise)
        http.body_limit = [recognise = options.recognise](const HttpRequest& head) {
            return recognise(head) ? kLongestCall : kLongestOfStranger;
        };
    state_->http.emplace(std::move(executor), std::move(http),
                         [weak = std::weak_ptr(state_)](HttpRequest request) {
                             auto state = weak.lock();
                             if (!state) throw leaving();
                             return State::handle(std::move(state), std::move(request));
                         });
}

RpcServer::~RpcServer() = default;

void RpcServer::start() {
    state_->http->start();
}

void RpcServer::open() {
    state_->declines = false;
}

std::uint16_t RpcServer::port() const {
    return state_->http->port();
}

Task<bool> RpcServer::leave(std::chrono::seconds timeout) {
    state_->declines = true;
    return State::rest(state_, timeout);
}

Task<bool> RpcServer::drain(std::chrono::seconds timeout) {
    return state_->http->drain(timeout);
}

}  // namespace ferrite::conductor
