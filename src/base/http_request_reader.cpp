#include "base/http_request_reader.h"

#include <algorithm>
#include <limits>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace ferrite {
namespace {

/// A body of unannounced (chunked) length grows as it comes; one of announced length is reserved
/// up to here, so that a lie about the length costs nothing.
constexpr std::uint64_t kMaxReserve = 1024 * 1024;

bool same_word(std::string_view a, std::string_view lower_case) {
    return beast::iequals({a.data(), a.size()}, {lower_case.data(), lower_case.size()});
}

}  // namespace

// Beast's parser does the grammar; what it finds goes straight into the HttpRequest.
class HttpRequestReader::Parser : public http::basic_parser<true> {
public:
    explicit Parser(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) {
        constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
        header_limit(static_cast<std::uint32_t>(std::min(max_header_bytes, kMost)));
        body_limit(boost::none);  // allow_body() sets it once the head is known
    }

    std::size_t feed(std::string_view input);
    void allow_body(std::size_t max_bytes);
    void refuse(int status) {
        status_ = status;
        phase = Phase::refused;
    }

    HttpRequest request;
    Phase phase = Phase::head;
    bool expects_continue = false;
    bool is_http_1_0 = false;
    int refusal_status() const { return status_; }

private:
    void end_of_head();
    bool split_target();

    void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                         int version, beast::error_code&) override;
    void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                       beast::error_code&) override;
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           beast::error_code&) override {
        request.body.reserve(std::min(length.value_or(0), kMaxReserve));
    }
    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
        request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                   beast::error_code&) override {
        request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    void on_finish_impl(beast::error_code&) override {}
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

    std::size_t max_header_bytes_;
    int status_ = 0;
    int hosts_ = 0;
    bool has_transfer_encoding_ = false;
    bool has_content_length_ = false;
};

std::size_t HttpRequestReader::Parser::feed(std::string_view input) {
    std::size_t taken = 0;
    while ((phase == Phase::head || phase == Phase::body) && taken < input.size()) {
        beast::error_code failure;
        auto used = put({input.data() + taken, input.size() - taken}, failure);
        taken += used;
        if (failure == http::error::need_more) {
            // Chunk headers and trailers are not bounded by Beast; nothing of them needs more.
            if (input.size() - taken > max_header_bytes_) refuse(431);
            return taken;
        }
        if (failure) {
            refuse(failure == http::error::header_limit ? 431
                   : failure == http::error::body_limit ? 413
                                                        : 400);
            return taken;
        }
        if (phase == Phase::head && is_header_done()) {
            end_of_head();
            return taken;
        }
        if (is_done()) phase = Phase::complete;
    }
    return taken;
}

void HttpRequestReader::Parser::end_of_head() {
    // RFC 9112 sections 3.2, 6.1 and 6.3: what two parties could read differently is refused.
    bool bad_host = hosts_ > 1 || (hosts_ == 0 && !is_http_1_0);
    bool bad_framing = has_transfer_encoding_ && (!chunked() || is_http_1_0 || has_content_length_);
    if (bad_host || bad_framing || !split_target()) {
        refuse(400);
    } else {
        phase = is_done() ? Phase::complete : Phase::body;
    }
}

void HttpRequestReader::Parser::allow_body(std::size_t max_bytes) {
    if (phase != Phase::body) return;
    auto announced = content_length();
    if (announced && *announced > max_bytes) return refuse(413);
    body_limit(max_bytes);
}

bool HttpRequestReader::Parser::split_target() {
    std::string_view rest = request.target;
    if (rest == "*" && request.method == "OPTIONS") {
        request.path = "*";
        return true;
    }
    // The absolute form, as to a proxy: scheme and authority say nothing new.
    if (auto scheme = rest.find("://"); !rest.starts_with('/') && scheme != rest.npos) {
        auto slash = rest.find_first_of("/?", scheme + 3);
        rest = slash == rest.npos ? "/" : rest.substr(slash);
    }
    auto question = rest.find('?');
    auto path = rest.substr(0, question);
    if (question != rest.npos) request.query = rest.substr(question + 1);
    if (path.empty()) path = "/";

    auto decoded = percent_decode(path);
    if (!decoded || !decoded->starts_with('/') || decoded->find('\0') != decoded->npos)
        return false;
    request.path = std::move(*decoded);
    return true;
}

void HttpRequestReader::Parser::on_request_impl(http::verb, beast::string_view method,
                                                beast::string_view target, int version,
                                                beast::error_code&) {
    request.method.assign(method.data(), method.size());
    request.target.assign(target.data(), target.size());
    is_http_1_0 = version == 10;
}

void HttpRequestReader::Parser::on_field_impl(http::field field, beast::string_view name,
                                              beast::string_view value, beast::error_code& ec) {
    if (phase != Phase::head) return;  // a trailer: allowed, and ignored
    switch (field) {
        case http::field::host:
            ++hosts_;
            break;
        case http::field::transfer_encoding:
            has_transfer_encoding_ = true;
            break;
        case http::field::content_length:
            has_content_length_ = true;
            break;
        case http::field::expect:
            if (!same_word({value.data(), value.size()}, "100-continue")) {
                ec = http::error::bad_field;
                return;
            }
            expects_continue = true;
            break;
        default:
            break;
    }
    request.headers.add({name.data(), name.size()}, {value.data(), value.size()});
}

HttpRequestReader::HttpRequestReader(std::size_t max_header_bytes)
    : parser_(std::make_unique<Parser>(max_header_bytes)) {}

HttpRequestReader::~HttpRequestReader() = default;

std::size_t HttpRequestReader::feed(std::string_view input) {
    return parser_->feed(input);
}

void HttpRequestReader::allow_body(std::size_t max_bytes) {
    parser_->allow_body(max_bytes);
}

HttpRequestReader::Phase HttpRequestReader::phase() const noexcept {
    return parser_->phase;
}

int HttpRequestReader::refusal_status() const noexcept {
    return parser_->refusal_status();
}

HttpRequest& HttpRequestReader::request() noexcept {
    return parser_->request;
}

bool HttpRequestReader::keep_alive() const {
    return parser_->keep_alive();
}

bool HttpRequestReader::is_http_1_0() const noexcept {
    return parser_->is_http_1_0;
}

bool HttpRequestReader::expects_continue() const noexcept {
    return parser_->expects_continue && !parser_->is_http_1_0;
}

}  // namespace ferrite
