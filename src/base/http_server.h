#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http_message.h"
#include "base/task.h"
#include "base/tls_server.h"

namespace ferrite {

/// Answers one request. Runs on a strand of the server's executor, one request at a time per
/// connection. What it throws becomes a plain 500.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest)>;

/// An HTTP/1.1 server (RFC 9112) with keep-alive, TLS and files as bodies, that a hostile client
/// cannot hold up: headers, bodies and silence are bounded, an idle connection costs a socket and
/// about three kilobytes, and a connection past the limit is refused, not queued.
///
///     HttpServer server(runtime.executor(), {.address = "0.0.0.0", .port = 6385}, handler);
///     server.start();               // throws Error when the address is taken
///     ... co_await server.drain(10s);
class HttpServer {
public:
    struct Options {
        std::string address = "127.0.0.1";
        std::uint16_t port = 0;   ///< 0: any free one, see port().
        std::string unix_socket;  ///< Path; replaces address and port when set.
        /// Permissions of that socket; unset: as the umask leaves them.
        std::optional<std::uint32_t> unix_socket_mode;
        std::size_t max_connections = 20000;
        std::size_t max_header_bytes = 64 * 1024;
        std::size_t max_body_bytes = 1024 * 1024;
        /// The limit for one request, by method and path; overrides max_body_bytes when set.
        std::function<std::size_t(const HttpRequest& head)> body_limit;
        /// Builds the answer to a request that breaks a limit (413, 431, 400, 408); plain text
        /// when not set. `head` has what was understood so far.
        std::function<HttpResponse(const HttpRequest& head, int status)> refusal;
        std::chrono::seconds header_timeout{15};  ///< From the first byte to the end of the head.
        /// Longest silence while reading or writing a body.
        std::chrono::seconds body_timeout{60};
        /// From the end of the head to the end of the request's body, however it drips.
        std::chrono::seconds whole_body_timeout{600};
        std::chrono::seconds idle_timeout{120};  ///< Between requests.
        TlsServerOptions tls;                    ///< HTTPS when it has a certificate.
    };

    /// `executor` is the plain executor of a Runtime (each connection gets a strand of it) that
    /// outlives the server.
    HttpServer(Executor executor, Options options, HttpHandler handler);
    /// Stops accepting and closes idle connections; does not wait for handlers that still run, so
    /// drain() first or stop the runtime before what they use goes away.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Binds, listens and begins to accept. Throws Error that names the address and the cause.
    void start();

    /// Reads certificate and key again, which otherwise happens within a second or two of their
    /// change. False when they can not be used and the ones before stay. Any thread.
    bool reload_certificate();

    /// The port that was bound. Valid after start().
    std::uint16_t port() const;

    /// Stops accepting, lets requests that have arrived or begun end, closes the connections that
    /// have none; true when all ended within `timeout`.
    Task<bool> drain(std::chrono::seconds timeout);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite
