#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/uio.h>

#include "base/http_request_reader.h"
#include "base/http_response_head.h"
#include "base/http_server.h"
#include "base/http_stream.h"
#include "base/unique_fd.h"

namespace ferrite {

/// What all connections of a server share.
struct HttpService {
    HttpServer::Options options;
    HttpHandler handler;
    std::optional<TlsServer> tls;
    std::atomic<bool> draining = false;
};

/// One accepted connection: a coroutine that waits for a request, reads it, has it answered, and
/// again. While it waits it holds no buffer. It has no timer either: the server looks at its
/// deadline() now and then and calls expire().
///
/// All but deadline() runs on the connection's strand.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    using Clock = std::chrono::steady_clock;

    HttpConnection(std::shared_ptr<HttpService> service, Executor strand, UniqueFd socket,
                   std::string remote_address, std::uint16_t remote_port);

    Executor strand() { return descriptor_.get_executor(); }

    /// Serves requests until the peer, a limit or the end of the server closes the connection.
    Task<> run();

    /// When the connection has waited long enough; the maximum while a handler works. Any thread.
    Clock::time_point deadline() const { return deadline_; }

    /// Ends the present wait if its deadline has passed.
    void expire();

    /// Ends the wait for a next request; one that has arrived or begun is not disturbed.
    void end_if_idle();

private:
    enum class Next { another_request, close };
    using Outcome = HttpStream::Outcome;

    Task<Next> exchange();
    Task<bool> read_head();
    Task<bool> read_body();
    Task<HttpResponse> answer(HttpRequest request);
    Task<Next> refuse(int status);
    Task<bool> respond(HttpResponse response, HttpResponseFraming framing);
    Task<bool> write_all(std::string first, std::string second);
    Task<bool> write_file(int file, FileBody stretch);
    Task<> say_goodbye();

    bool request_waits();
    Task<bool> more_input();
    Task<bool> wait(Outcome wanted);
    void feed();
    void allow(Clock::duration patience);

    std::shared_ptr<HttpService> service_;
    boost::asio::posix::stream_descriptor descriptor_;
    HttpStream stream_;
    std::string remote_address_;
    std::uint16_t remote_port_;
    std::optional<HttpRequestReader> reader_;  ///< While a request is read and answered.
    std::string input_;                        ///< Received, not yet parsed; released while idle.
    std::atomic<Clock::time_point> deadline_;
    bool idle_ = false;
    bool expired_ = false;
    bool unread_input_ = false;  ///< The peer may still be sending what we do not want.
};

}  // namespace ferrite
