#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/http_server.h"
#include "base/runtime.h"
#include "conductor/client.h"

namespace ferrite::conductor {

/// Takes calls of other processes for the conductor of this one: JSON-RPC over HTTP (reference:
/// conductor.md section 2.7).
///
///     RpcServer server(runtime.executor(), {.http = {.address = "10.0.0.7", .port = 8089},
///                                           .admit = check_password}, conductor);
///     server.start();
///     conductor.start();
///     server.open();
///     ...
///     co_await server.leave(10s);       // declines calls, so that they are made of others
///     co_await server.drain(10s);
class RpcServer {
public:
    /// Nothing for a caller who is let in, else what to answer.
    using Admission = std::function<Task<std::optional<HttpResponse>>(const HttpRequest*)>;

    struct Options {
        HttpServer::Options http;
        Admission admit;  ///< Not set: everybody is let in.
        /// Whether the head of a request looks as if its sender will be let in: others may send no
        /// body worth mentioning. Not set: everybody's does.
        std::function<bool(const HttpRequest& head)> recognise;
    };

    /// `executor` is that of a Runtime that is stopped before `conductor` goes.
    RpcServer(Executor executor, Options options, Client& conductor);
    ~RpcServer();
    RpcServer(const RpcServer&) = delete;
    RpcServer& operator=(const RpcServer&) = delete;

    /// Listens, and declines calls. Throws Error that names the address and the cause: it is taken
    /// when this host runs a conductor already, which then is not to be disturbed.
    void start();
    /// From now on calls are taken.
    void open();
    std::uint16_t port() const;

    /// From now on calls are declined, which their callers know how to take; waits for those that
    /// were accepted. False when some still run after `timeout`.
    Task<bool> leave(std::chrono::seconds timeout);

    /// Ends listening and waits for the calls that run; true when all ended within `timeout`.
    Task<bool> drain(std::chrono::seconds timeout);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
