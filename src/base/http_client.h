#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/http_message.h"
#include "base/task.h"

namespace ferrite {

/// One request to another service.
struct HttpFetch {
    std::string method = "GET";
    std::string url;
    HttpHeaders headers;
    std::string body;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds timeout{60'000};  ///< For the whole exchange; 0: none.
    std::chrono::seconds stall_timeout{60};     ///< Gives up after this long without a byte.
    std::uint64_t max_response_bytes = 16 * 1024 * 1024;  ///< With on_body too; 0: no limit.
    bool follow_redirects = true;
    bool path_is_secret = false;  ///< Errors name only scheme, host and port of the URL.
    bool verify_tls = true;
    std::string ca_file;  ///< PEM bundle in place of the system's.
    std::string ca_pem;   ///< The same as text; wins over ca_file.
    std::string proxy;
    /// Called with each stretch of a 2xx body as it arrives, in order, on the client's executor;
    /// the body is then not collected. Return false to stop the transfer.
    std::function<bool(ByteView)> on_body;
};

struct HttpFetched {
    int status = 0;
    HttpHeaders headers;
    std::string body;
    std::string final_url;  ///< After redirects.
};

/// Why there was no answer at all; an HTTP error status is not one of these.
enum class HttpFailure { resolve, connect, tls, timeout, stalled, too_large, stopped, other };

/// Thrown by HttpClient; the message names the URL (without credentials) and the cause.
class HttpClientError : public Error {
public:
    HttpClientError(HttpFailure failure, std::string message)
        : Error(503, "http_client", std::move(message)), failure_(failure) {}
    HttpFailure failure() const noexcept { return failure_; }

private:
    HttpFailure failure_;
};

/// Speaks HTTP(S)/1.1 to others: libcurl's multi interface joined to the executor's sockets and
/// timers, so that thousands of transfers need no thread of their own. Connections are kept.
///
///     HttpClient client(runtime.executor());
///     HttpFetched page = co_await client.fetch({.url = "http://10.0.0.7/v1/"});
class HttpClient {
public:
    /// `executor` is that of a Runtime that outlives the client.
    explicit HttpClient(Executor executor);
    /// What still runs fails with HttpFailure::stopped.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// One exchange, with its redirects (at most ten; credentials are not sent on to another
    /// server). Proxies of the environment are not used. Throws InvalidValue for a header field
    /// with a line break, HttpClientError when there was no answer. Any thread; resumes on the
    /// caller's executor.
    Task<HttpFetched> fetch(HttpFetch request);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite
