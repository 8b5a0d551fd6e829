#include "base/http_connection.h"

#include <algorithm>
#include <array>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/log.h"

namespace asio = boost::asio;

namespace ferrite {
namespace {

using Phase = HttpRequestReader::Phase;

constexpr std::size_t kReadChunk = 64 * 1024;
/// A body up to this size is copied behind the head: one stretch, and one TLS record.
constexpr std::size_t kJoinedBody = 8 * 1024;
constexpr std::chrono::seconds kGoodbye{2};
constexpr std::size_t kGoodbyeBytes = 4 * 1024 * 1024;

HttpResponse plain_answer(int status) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = std::string(http_reason(status)) + "\n";
    return response;
}

/// Opens the file of a body; when it is not there as promised, `response` becomes the error.
UniqueFd open_body(HttpResponse& response) {
    if (!response.file) return {};
    const auto& wanted = *response.file;
    UniqueFd file(::open(wanted.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    int cause = errno;
    struct stat found{};
    if (file && ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode)) {
        auto size = static_cast<std::uint64_t>(found.st_size);
        if (wanted.offset <= size && wanted.length <= size - wanted.offset) return file;
    }
    log_error("HTTP_FILE_UNUSABLE", "path=\"{}\" offset={} length={} cause={}",
              wanted.path.string(), wanted.offset, wanted.length,
              file ? "\"not that long\"" : "open");
    response = plain_answer(!file && cause == ENOENT ? 404 : 500);
    return {};
}

bool wants_close(const HttpResponse& response) {
    auto connection = response.headers.get("connection");
    return connection == "close" || connection == "Close";
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpService> service, Executor strand,
                               UniqueFd socket, std::string remote_address,
                               std::uint16_t remote_port)
    : service_(std::move(service)),
      descriptor_(std::move(strand), socket.release()),
      stream_(descriptor_.native_handle(),
              service_->tls ? service_->tls->context().get() : nullptr),
      remote_address_(std::move(remote_address)),
      remote_port_(remote_port) {
    allow(service_->options.idle_timeout);
}

Task<> HttpConnection::run() {
    auto self = shared_from_this();
    while (!service_->draining || !input_.empty() || request_waits()) {
        if (input_.empty() && !stream_.has_buffered()) {
            allow(service_->options.idle_timeout);
            reader_.reset();
            input_ = {};
            idle_ = true;
            boost::system::error_code failure;
            co_await descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                                            asio::redirect_error(asio::use_awaitable, failure));
            idle_ = false;
            if (expired_ || (failure && !request_waits())) break;
        }
        if (co_await exchange() == Next::close) break;
    }
    co_await say_goodbye();
}

void HttpConnection::expire() {
    if (deadline() > Clock::now()) return;
    expired_ = true;
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
}

void HttpConnection::end_if_idle() {
    boost::system::error_code ignored;
    if (idle_) descriptor_.cancel(ignored);
}

Task<HttpConnection::Next> HttpConnection::exchange() {
    reader_.emplace(service_->options.max_header_bytes);
    auto& request = reader_->request();
    request.remote_address = remote_address_;
    request.remote_port = remote_port_;
    request.tls = stream_.is_tls();

    if (!co_await read_head()) co_return Next::close;
    if (reader_->phase() == Phase::body && !co_await read_body()) co_return Next::close;
    if (reader_->phase() == Phase::refused) co_return co_await refuse(reader_->refusal_status());

    HttpResponseFraming framing{.is_head = request.method == "HEAD",
                                .is_http_1_0 = reader_->is_http_1_0()};
    deadline_ = Clock::time_point::max();
    auto response = co_await answer(std::move(request));
    framing.keep_alive = reader_->keep_alive() && !service_->draining && !wants_close(response);

    auto file = open_body(response);
    auto stretch = response.file.value_or(FileBody{});
    bool send_file = file && !framing.is_head && !http_status_has_no_body(response.status);
    if (!co_await respond(std::move(response), framing)) co_return Next::close;
    if (send_file && !co_await write_file(file.get(), std::move(stretch))) co_return Next::close;
    co_return framing.keep_alive ? Next::another_request : Next::close;
}

/// False when the connection is over; true when the head is read, or refused.
Task<bool> HttpConnection::read_head() {
    const auto& options = service_->options;
    allow(options.header_timeout);
    for (;;) {
        feed();
        if (reader_->phase() != Phase::head) break;
        if (!co_await more_input()) {
            if (expired_ && !input_.empty()) co_await refuse(408);
            co_return false;
        }
    }
    if (reader_->phase() != Phase::body) co_return true;

    reader_->allow_body(options.body_limit ? options.body_limit(reader_->request())
                                           : options.max_body_bytes);
    co_return true;
}

/// False when the connection is over; true when the body is complete, or refused.
Task<bool> HttpConnection::read_body() {
    const auto end = Clock::now() + service_->options.whole_body_timeout;
    allow(service_->options.body_timeout);
    if (reader_->expects_continue() && input_.empty() &&
        !co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", {})) {
        co_return false;
    }
    for (;;) {
        feed();
        if (reader_->phase() != Phase::body) co_return true;
        if (!co_await more_input()) {
            if (expired_) co_await refuse(408);
            co_return false;
        }
        allow(service_->options.body_timeout);
        deadline_ = std::min(deadline(), end);
    }
}

Task<HttpResponse> HttpConnection::answer(HttpRequest request) {
    auto subject = request.method + " " + request.path;
    std::string cause;
    try {
        co_return co_await service_->handler(std::move(request));
    } catch (const std::exception& e) {
        cause = e.what();
    } catch (...) {
        cause = "unknown exception";
    }
    log_error("HTTP_HANDLER_FAILED", "request=\"{}\" cause=\"{}\"", subject, cause);
    co_return plain_answer(500);
}

/// Answers a request that cannot be read to its end, after which the stream has lost its place.
Task<HttpConnection::Next> HttpConnection::refuse(int status) {
    expired_ = false;
    unread_input_ = true;
    auto response = plain_answer(status);
    if (service_->options.refusal) {
        try {
            response = service_->options.refusal(reader_->request(), status);
        } catch (const std::exception& e) {
            log_error("HTTP_HANDLER_FAILED", "request=refused status={} cause=\"{}\"", status,
                      e.what());
        }
    }
    response.file.reset();
    co_await respond(std::move(response),
                     {.is_head = reader_->request().method == "HEAD", .keep_alive = false});
    co_return Next::close;
}

/// Sends head and body; of an answer from a file the head only.
Task<bool> HttpConnection::respond(HttpResponse response, HttpResponseFraming framing) {
    framing.body_size = response.file ? response.file->length : response.body.size();
    auto head = http_response_head(response, framing);
    if (framing.is_head || response.file || http_status_has_no_body(response.status))
        response.body.clear();
    if (response.body.size() <= kJoinedBody) {
        head += response.body;
        response.body.clear();
    }
    allow(service_->options.body_timeout);
    co_return co_await write_all(std::move(head), std::move(response.body));
}

Task<bool> HttpConnection::write_all(std::string first, std::string second) {
    std::string_view head = first;
    std::string_view body = second;
    while (!head.empty() || !body.empty()) {
        std::array<iovec, 2> stretches{{{const_cast<char*>(head.data()), head.size()},
                                        {const_cast<char*>(body.data()), body.size()}}};
        auto result = stream_.write(stretches);
        if (result.outcome == Outcome::closed) co_return false;
        if (result.outcome != Outcome::progress) {
            if (!co_await wait(result.outcome)) co_return false;
            continue;
        }
        allow(service_->options.body_timeout);
        auto of_head = std::min(result.bytes, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(result.bytes - of_head);
    }
    co_return true;
}

Task<bool> HttpConnection::write_file(int file, FileBody stretch) {
    while (stretch.length > 0) {
        auto result = stream_.send_file(file, stretch.offset, stretch.length);
        if (result.outcome == Outcome::closed) co_return false;
        if (result.outcome == Outcome::progress) {
            // A file that shrank cannot be answered any more: the cut tells the client.
            if (result.bytes == 0) co_return false;
            stretch.offset += result.bytes;
            stretch.length -= result.bytes;
            allow(service_->options.body_timeout);
            // Waiting even when the socket could take more lets other connections have a turn.
            result.outcome = Outcome::want_write;
        }
        if (stretch.length > 0 && !co_await wait(result.outcome)) co_return false;
    }
    co_return true;
}

/// Closes so that the peer can still read what we said last: a socket closed over unread input
/// resets the connection, and the peer's system may then throw our answer away.
Task<> HttpConnection::say_goodbye() {
    stream_.end_writing();
    if (!unread_input_) co_return;
    expired_ = false;
    allow(kGoodbye);
    std::size_t dropped = 0;
    while (dropped < kGoodbyeBytes && co_await more_input()) {
        dropped += input_.size();
        input_.clear();
    }
}

/// Whether bytes of a next request have come that nobody has read yet.
bool HttpConnection::request_waits() {
    char first = 0;
    return ::recv(descriptor_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/// Waits for input and appends it to input_; false when there is none to come.
Task<bool> HttpConnection::more_input() {
    thread_local std::array<char, kReadChunk> chunk;
    for (;;) {
        auto result = stream_.read(chunk);
        if (result.outcome == Outcome::closed) co_return false;
        if (result.outcome == Outcome::progress) {
            input_.append(chunk.data(), result.bytes);
            co_return true;
        }
        if (!co_await wait(result.outcome)) co_return false;
    }
}

Task<bool> HttpConnection::wait(Outcome wanted) {
    if (expired_) co_return false;
    auto kind = wanted == Outcome::want_read ? asio::posix::descriptor_base::wait_read
                                             : asio::posix::descriptor_base::wait_write;
    boost::system::error_code failure;
    co_await descriptor_.async_wait(kind, asio::redirect_error(asio::use_awaitable, failure));
    co_return !failure && !expired_;
}

void HttpConnection::feed() {
    if (!input_.empty()) input_.erase(0, reader_->feed(input_));
}

void HttpConnection::allow(Clock::duration patience) {
    deadline_ = Clock::now() + patience;
}

}  // namespace ferrite
