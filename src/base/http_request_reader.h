#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/http_message.h"

namespace ferrite {

/// Reads one HTTP/1.x request (RFC 9112) from bytes as they come; knows no socket and no clock.
///
/// The head is read first; then the caller, who has seen method, path and headers, says how large
/// the body may be. Bytes behind the request stay with the caller: they are the next one.
///
///     HttpRequestReader reader(64 * 1024);
///     input.erase(0, reader.feed(input));                  // until phase() leaves `head`
///     if (reader.phase() == Phase::body) reader.allow_body(limit);
///     input.erase(0, reader.feed(input));                  // until `complete` or `refused`
class HttpRequestReader {
public:
    enum class Phase {
        head,
        body,      ///< The head is understood, body bytes are awaited.
        complete,  ///< request() is whole.
        refused,   ///< Broken or too large: see refusal_status(). Nothing more can be read.
    };

    explicit HttpRequestReader(std::size_t max_header_bytes);
    ~HttpRequestReader();
    HttpRequestReader(const HttpRequestReader&) = delete;
    HttpRequestReader& operator=(const HttpRequestReader&) = delete;

    /// Takes what it can use from the front of `input` and says how many bytes that were; the
    /// caller keeps the rest and offers it again with more behind it. Stops at the end of the head.
    std::size_t feed(std::string_view input);

    /// To be called once when the head is done. Refuses at once (413) a body announced larger.
    void allow_body(std::size_t max_bytes);

    Phase phase() const noexcept;
    /// 400, 413 or 431. Valid when refused.
    int refusal_status() const noexcept;

    /// What was understood so far; the caller may move from it when it is complete.
    HttpRequest& request() noexcept;

    /// Whether the client means to send another request. Valid after the head.
    bool keep_alive() const;
    bool is_http_1_0() const noexcept;
    /// The client waits for `100 Continue` before it sends the body.
    bool expects_continue() const noexcept;

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace ferrite
