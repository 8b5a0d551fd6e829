#pragma once

#include <cstdint>
#include <span>

#include <sys/uio.h>

struct ssl_ctx_st;
struct ssl_st;

namespace ferrite {

/// The bytes of one accepted connection, plain or TLS. Every call returns at once; one that could
/// do nothing says which readiness of the socket to wait for.
class HttpStream {
public:
    enum class Outcome {
        progress,    ///< `bytes` were moved.
        want_read,   ///< Wait until the socket is readable, then call again.
        want_write,  ///< Wait until it is writable, then call again.
        closed,      ///< The peer ended the stream, or it is broken.
    };
    struct Result {
        Outcome outcome = Outcome::closed;
        std::size_t bytes = 0;
    };

    /// `fd` is non-blocking and stays the caller's. TLS when `tls` is given (see TlsServer), of
    /// which the stream keeps a reference.
    HttpStream(int fd, ssl_ctx_st* tls);
    ~HttpStream();
    HttpStream(const HttpStream&) = delete;
    HttpStream& operator=(const HttpStream&) = delete;

    bool is_tls() const noexcept { return tls_ != nullptr; }

    /// Whether bytes wait inside the TLS layer, which the socket's readiness does not show.
    bool has_buffered() const noexcept;

    Result read(std::span<char> into);
    /// Writes from the front of the stretches, in one system call when plain.
    Result write(std::span<const iovec> stretches);
    /// Sends from a file; `bytes` of zero with progress means that the file ended early.
    Result send_file(int file, std::uint64_t offset, std::uint64_t count);
    /// Tells the peer that no more will be written. Best effort.
    void end_writing();

private:
    Result plain_result(ssize_t moved) const;
    Result tls_result(int status);
    Result write_one(const void* bytes, std::size_t size);

    int fd_;
    ssl_st* tls_ = nullptr;
    bool broken_ = false;
};

}  // namespace ferrite
