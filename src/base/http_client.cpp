#include "base/http_client.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <limits>
#include <unordered_map>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <curl/curl.h>
#include <fmt/core.h>

namespace asio = boost::asio;

namespace ferrite {
namespace {

constexpr long kMaxRedirects = 10;
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
/// Connections kept open for later requests, of all hosts together.
constexpr long kMaxKeptConnections = 1024;

/// Fields that must not follow a redirect to another server.
constexpr const char* kCredentialFields[] = {"authorization", "cookie", "proxy-authorization",
                                             "x-auth-token", "x-service-token"};

using Completion = std::move_only_function<void(std::exception_ptr, HttpFetched)>;
using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

/// Scheme, host and port: what a credential was meant for. Empty for a URL that cannot be read.
std::string origin_of(const std::string& text) {
    Url url(curl_url(), &curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
    return fmt::format("{}://{}:{}", url_part(url.get(), CURLUPART_SCHEME),
                       url_part(url.get(), CURLUPART_HOST), url_part(url.get(), CURLUPART_PORT));
}

/// A URL fit for a message: no user, no password, and no query, which may hold a signature.
std::string presentable(const std::string& text, bool path_is_secret) {
    Url url(curl_url(), &curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return "(bad URL)";
    for (auto part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                      CURLUPART_FRAGMENT}) {
        curl_url_set(url.get(), part, nullptr, 0);
    }
    if (path_is_secret) curl_url_set(url.get(), CURLUPART_PATH, nullptr, 0);
    char* shown = nullptr;
    if (curl_url_get(url.get(), CURLUPART_URL, &shown, 0) != CURLUE_OK) return "(bad URL)";
    std::string copy(shown);
    curl_free(shown);
    return copy;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

HttpFailure failure_kind(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return HttpFailure::resolve;
        case CURLE_COULDNT_CONNECT:
            return HttpFailure::connect;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_ENGINE_INITFAILED:
            return HttpFailure::tls;
        case CURLE_OPERATION_TIMEDOUT:
            return HttpFailure::timeout;
        case CURLE_FILESIZE_EXCEEDED:
            return HttpFailure::too_large;
        case CURLE_ABORTED_BY_CALLBACK:
            return HttpFailure::stopped;
        default:
            return HttpFailure::other;
    }
}

/// One exchange in the hands of libcurl.
struct Transfer {
    std::unique_ptr<CURL, EasyDeleter> easy;
    std::unique_ptr<curl_slist, ListDeleter> headers;
    HttpFetch request;
    HttpFetched answer;
    std::string redirect;        ///< Where a 3xx answer points to, absolute.
    std::uint64_t received = 0;  ///< Bytes of the body.
    std::size_t header_bytes = 0;
    bool too_large = false;
    bool stopped = false;                 ///< By on_body.
    std::exception_ptr callback_failure;  ///< What on_body threw.
    char error_text[CURL_ERROR_SIZE] = {};
};

std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    std::string_view line(bytes, size);
    transfer.header_bytes += size;
    if (transfer.header_bytes > kMaxHeaderBytes) {
        transfer.too_large = true;
        return 0;
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
        transfer.answer.headers = {};  // of an interim (100) or proxy answer
        return size;
    }
    auto colon = line.find(':');
    if (colon == line.npos) return size;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
    transfer.answer.headers.add(std::string(line.substr(0, colon)), std::string(value));
    return size;
}

std::size_t on_body_bytes(char* bytes, std::size_t, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    auto limit = transfer.request.max_response_bytes;
    transfer.received += size;
    if (limit > 0 && transfer.received > limit) {
        transfer.too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (!transfer.request.on_body || status / 100 != 2) {
        transfer.answer.body.append(bytes, size);
        return size;
    }
    try {
        transfer.stopped = !transfer.request.on_body(as_bytes({bytes, size}));
    } catch (...) {
        transfer.callback_failure = std::current_exception();
        transfer.stopped = true;
    }
    return transfer.stopped ? CURL_WRITEFUNC_ERROR : size;
}

void set_method(CURL* easy, const HttpFetch& request) {
    if (request.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    bool sends_body = !request.body.empty() || request.method == "POST" ||
                      request.method == "PUT" || request.method == "PATCH";
    if (sends_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());  // not copied
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_headers(Transfer& transfer) {
    auto append = [&](const std::string& line) {
        auto* longer = curl_slist_append(transfer.headers.get(), line.c_str());
        if (!longer) throw std::bad_alloc();
        static_cast<void>(transfer.headers.release());
        transfer.headers.reset(longer);
    };
    const auto& headers = transfer.request.headers;
    for (const auto& [name, value] : headers) {
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            throw InvalidValue(fmt::format("Header field \"{}\" has a line break in it.", name));
        append(value.empty() ? name + ";" : name + ": " + value);  // curl's way to send it empty
    }
    append("Expect:");  // a wait for "100 Continue" only costs time
    if (!headers.has("Content-Type")) append("Content-Type:");
    curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, transfer.headers.get());
}

void set_tls(CURL* easy, const HttpFetch& request) {
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify_tls ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify_tls ? 2L : 0L);
    if (!request.ca_pem.empty()) {
        curl_blob blob{const_cast<char*>(request.ca_pem.data()), request.ca_pem.size(),
                       CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    } else if (!request.ca_file.empty()) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
    }
}

/// Prepares the easy handle; what it points to lives in the transfer.
void prepare(Transfer& transfer) {
    const auto& request = transfer.request;
    transfer.easy.reset(curl_easy_init());
    auto* easy = transfer.easy.get();
    if (!easy) throw std::bad_alloc();

    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error_text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(request.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.stall_timeout.count() > 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         static_cast<long>(request.stall_timeout.count()));
    }
    if (request.max_response_bytes > 0) {
        constexpr std::uint64_t kMost = std::numeric_limits<curl_off_t>::max();
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                         static_cast<curl_off_t>(std::min(request.max_response_bytes, kMost)));
    }
    // Only what the caller asked for: proxies and passwords do not come from the surroundings.
    curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
    set_method(easy, request);
    set_headers(transfer);
    set_tls(easy, request);
}

bool was_connected(const Transfer& transfer) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_PRETRANSFER_TIME_T, &microseconds);
    return microseconds > 0;
}

HttpClientError to_error(const Transfer& transfer, CURLcode code) {
    auto kind = failure_kind(code);
    // Nothing was sent: there was not even a connection by then.
    if (kind == HttpFailure::timeout && !was_connected(transfer)) kind = HttpFailure::connect;
    std::string cause = code == CURLE_ABORTED_BY_CALLBACK ? "the client was shut down"
                        : transfer.error_text[0]          ? transfer.error_text
                                                          : curl_easy_strerror(code);
    if (transfer.too_large || kind == HttpFailure::too_large) {
        kind = HttpFailure::too_large;
        cause =
            fmt::format("the answer is larger than {} bytes", transfer.request.max_response_bytes);
    } else if (transfer.stopped) {
        kind = HttpFailure::stopped;
        cause = "stopped by the receiver";
    } else if (kind == HttpFailure::timeout && cause.starts_with("Operation too slow")) {
        kind = HttpFailure::stalled;
        cause = fmt::format("no byte for {} s", transfer.request.stall_timeout.count());
    }
    return {kind,
            fmt::format("{} {}: {}", transfer.request.method,
                        presentable(transfer.request.url, transfer.request.path_is_secret), cause)};
}

void initialise_curl() {
    static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (outcome != CURLE_OK) throw Error(500, "http_client", "libcurl could not be initialised.");
}

}  // namespace

// All of libcurl runs on one strand: it is told of ready sockets and of time that has passed, and
// tells in turn which sockets to watch and when to call again.
struct HttpClient::State : std::enable_shared_from_this<State> {
    explicit State(const Executor& executor);
    ~State();

    /// Runs a prepared transfer; resumes the calling coroutine on its own executor.
    static Task<HttpFetched> perform(std::shared_ptr<State> state,
                                     std::shared_ptr<Transfer> transfer);
    /// Ends every transfer, now and in future, as stopped.
    void end_all();

    Executor strand;

private:
    /// A socket of libcurl's in the reactor. libcurl closes it, after it has said so.
    struct Watch {
        Watch(const Executor& strand, curl_socket_t fd) : fd(fd), descriptor(strand, fd) {}
        ~Watch() { descriptor.release(); }

        curl_socket_t fd;
        asio::posix::stream_descriptor descriptor;
        int wanted = 0;  ///< CURL_POLL_IN and CURL_POLL_OUT; 0 when libcurl has let go.
        bool reading = false;
        bool writing = false;
    };

    static int on_socket(CURL*, curl_socket_t fd, int what, void* context, void*);
    static int on_timer(CURLM*, long milliseconds, void* context);

    /// A transfer and the coroutine that waits for it. The coroutine holds the transfer too, so
    /// the transfer must not hold the coroutine.
    struct Pending {
        std::shared_ptr<Transfer> transfer;
        Completion done;
    };

    void begin(Pending pending);
    void watch(curl_socket_t fd, int what);
    void arm(const std::shared_ptr<Watch>& watch);
    void arm_one(const std::shared_ptr<Watch>& watch, int direction, bool Watch::* pending);
    void act(curl_socket_t fd, int event);
    void finish(CURL* easy, CURLcode code);

    CURLM* multi_;
    asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_map<CURL*, Pending> transfers_;
    bool ended_ = false;
};

namespace {

/// Turns the request into the one that follows a redirect (RFC 9110 section 15.4).
void follow(HttpFetch& request, int status, std::string target) {
    bool see_other = status == 303 || (status <= 302 && request.method == "POST");
    if (see_other && request.method != "HEAD") {
        request.method = "GET";
        request.body.clear();
    }
    if (origin_of(request.url) != origin_of(target)) {
        // A credential was meant for the first server only.
        HttpHeaders kept;
        for (const auto& [name, value] : request.headers) {
            HttpHeaders one;
            one.add(name, value);
            bool secret = std::any_of(std::begin(kCredentialFields), std::end(kCredentialFields),
                                      [&](const char* field) { return one.has(field); });
            if (!secret) kept.add(name, value);
        }
        request.headers = std::move(kept);
    }
    request.url = std::move(target);
}

}  // namespace

HttpClient::HttpClient(Executor executor) : state_(std::make_shared<State>(executor)) {}

HttpClient::~HttpClient() {
    asio::post(state_->strand, [state = state_] { state->end_all(); });
}

Task<HttpFetched> HttpClient::fetch(HttpFetch request) {
    auto begun = std::chrono::steady_clock::now();
    auto deadline = request.timeout;
    std::weak_ptr<State> weak = state_;
    for (long hop = 0;; ++hop) {
        auto transfer = std::make_shared<Transfer>();
        transfer->request = std::move(request);
        prepare(*transfer);
        auto state = weak.lock();
        if (!state) throw to_error(*transfer, CURLE_ABORTED_BY_CALLBACK);
        auto answer = co_await State::perform(std::move(state), transfer);

        request = std::move(transfer->request);
        if (!request.follow_redirects || transfer->redirect.empty()) co_return answer;
        if (hop == kMaxRedirects) throw to_error(*transfer, CURLE_TOO_MANY_REDIRECTS);
        follow(request, answer.status, std::move(transfer->redirect));
        if (deadline.count() > 0) {
            auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - begun);
            request.timeout = std::max(deadline - spent, std::chrono::milliseconds(1));
        }
    }
}

HttpClient::State::State(const Executor& executor)
    : strand(asio::make_strand(executor)), timer_(strand) {
    initialise_curl();
    multi_ = curl_multi_init();
    if (!multi_) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxKeptConnections);
}

HttpClient::State::~State() {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    watches_.clear();  // before libcurl closes the sockets
    for (auto& [easy, pending] : transfers_) curl_multi_remove_handle(multi_, easy);
    transfers_.clear();
    curl_multi_cleanup(multi_);
}

Task<HttpFetched> HttpClient::State::perform(std::shared_ptr<State> state,
                                             std::shared_ptr<Transfer> transfer) {
    auto start = [&state, &transfer](auto handler) {
        auto caller = asio::get_associated_executor(handler);
        Completion done = [handler = std::move(handler), caller = std::move(caller)](
                              std::exception_ptr failure, HttpFetched answer) mutable {
            asio::post(caller, [handler = std::move(handler), failure,
                                answer = std::move(answer)]() mutable {
                handler(failure, std::move(answer));
            });
        };
        // The suspended coroutine gives the state away: the state owns the coroutine, through
        // `done`, and must not be kept alive by it. Nor may this function touch the coroutine
        // after post(), for it may then be running already.
        auto strand = state->strand;
        Pending pending{transfer, std::move(done)};
        asio::post(strand, [owner = std::move(state), pending = std::move(pending)]() mutable {
            owner->begin(std::move(pending));
        });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                            void(std::exception_ptr, HttpFetched)>(
        start, asio::use_awaitable);
}

void HttpClient::State::begin(Pending pending) {
    auto* easy = pending.transfer->easy.get();
    transfers_.emplace(easy, std::move(pending));
    if (ended_) return finish(easy, CURLE_ABORTED_BY_CALLBACK);
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) finish(easy, CURLE_FAILED_INIT);
}

void HttpClient::State::end_all() {
    ended_ = true;
    timer_.cancel();
    while (!transfers_.empty()) finish(transfers_.begin()->first, CURLE_ABORTED_BY_CALLBACK);
}

int HttpClient::State::on_socket(CURL*, curl_socket_t fd, int what, void* context, void*) {
    static_cast<State*>(context)->watch(fd, what);
    return 0;
}

void HttpClient::State::watch(curl_socket_t fd, int what) {
    auto found = watches_.find(fd);
    if (what == CURL_POLL_REMOVE) {
        if (found == watches_.end()) return;
        found->second->wanted = 0;
        found->second->descriptor.release();
        watches_.erase(found);
        return;
    }
    if (found == watches_.end())
        found = watches_.emplace(fd, std::make_shared<Watch>(strand, fd)).first;
    found->second->wanted = what & CURL_POLL_INOUT;
    arm(found->second);
}

void HttpClient::State::arm(const std::shared_ptr<Watch>& watch) {
    arm_one(watch, CURL_POLL_IN, &Watch::reading);
    arm_one(watch, CURL_POLL_OUT, &Watch::writing);
}

void HttpClient::State::arm_one(const std::shared_ptr<Watch>& watch, int direction,
                                bool Watch::* pending) {
    if (!(watch->wanted & direction) || *watch.*pending) return;
    bool reads = direction == CURL_POLL_IN;
    *watch.*pending = true;
    watch->descriptor.async_wait(
        reads ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write,
        [self = shared_from_this(), watch, direction, pending](boost::system::error_code failure) {
            *watch.*pending = false;
            if (failure == asio::error::operation_aborted || !(watch->wanted & direction)) return;
            int event = failure                     ? CURL_CSELECT_ERR
                        : direction == CURL_POLL_IN ? CURL_CSELECT_IN
                                                    : CURL_CSELECT_OUT;
            self->act(watch->fd, event);
            self->arm(watch);
        });
}

int HttpClient::State::on_timer(CURLM*, long milliseconds, void* context) {
    auto& state = *static_cast<State*>(context);
    state.timer_.cancel();
    if (milliseconds < 0) return 0;
    state.timer_.expires_after(std::chrono::milliseconds(milliseconds));
    state.timer_.async_wait([self = state.shared_from_this()](boost::system::error_code failure) {
        if (!failure) self->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
}

/// Lets libcurl work on a socket (or on what has timed out) and completes what ended by it.
void HttpClient::State::act(curl_socket_t fd, int event) {
    if (ended_) return;
    int running = 0;
    curl_multi_socket_action(multi_, fd, event, &running);
    int queued = 0;
    while (auto* message = curl_multi_info_read(multi_, &queued)) {
        if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
}

void HttpClient::State::finish(CURL* easy, CURLcode code) {
    auto node = transfers_.extract(easy);
    if (node.empty()) return;
    auto [transfer, done] = std::move(node.mapped());
    long status = 0;
    char* effective = nullptr;
    char* redirect = nullptr;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &effective);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
    transfer->answer.status = static_cast<int>(status);
    if (effective) transfer->answer.final_url = effective;
    if (redirect && is_redirect(static_cast<int>(status))) transfer->redirect = redirect;
    curl_multi_remove_handle(multi_, easy);

    std::exception_ptr failure = transfer->callback_failure;
    if (!failure && code != CURLE_OK) failure = std::make_exception_ptr(to_error(*transfer, code));
    done(failure, std::move(transfer->answer));
}

}  // namespace ferrite
