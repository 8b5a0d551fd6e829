#include "base/http_stream.h"

#include <algorithm>
#include <array>
#include <climits>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

namespace ferrite {
namespace {

/// The most that one call takes from a file: a fast reader must not hold a thread for long.
constexpr std::uint64_t kPlainFileChunk = 256 * 1024;
constexpr std::uint64_t kTlsFileChunk = 64 * 1024;

}  // namespace

HttpStream::HttpStream(int fd, ssl_ctx_st* tls) : fd_(fd) {
    if (!tls) return;
    tls_ = SSL_new(tls);
    if (!tls_ || SSL_set_fd(tls_, fd) != 1) {
        SSL_free(tls_);
        throw Error(500, "tls", "No memory for another TLS connection.");
    }
    SSL_set_accept_state(tls_);  // the handshake is part of the first read
}

HttpStream::~HttpStream() {
    SSL_free(tls_);
}

bool HttpStream::has_buffered() const noexcept {
    return tls_ && SSL_has_pending(tls_);
}

HttpStream::Result HttpStream::read(std::span<char> into) {
    if (tls_) {
        if (broken_) return {};
        ERR_clear_error();
        return tls_result(SSL_read(tls_, into.data(),
                                   static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
    }
    auto result = plain_result(::recv(fd_, into.data(), into.size(), 0));
    if (result.outcome == Outcome::want_write) result.outcome = Outcome::want_read;
    if (result.outcome == Outcome::progress && result.bytes == 0) result.outcome = Outcome::closed;
    return result;
}

HttpStream::Result HttpStream::write(std::span<const iovec> stretches) {
    while (!stretches.empty() && stretches.front().iov_len == 0) stretches = stretches.subspan(1);
    if (stretches.empty()) return {Outcome::progress, 0};
    if (tls_) return write_one(stretches.front().iov_base, stretches.front().iov_len);

    msghdr message{};
    message.msg_iov = const_cast<iovec*>(stretches.data());
    message.msg_iovlen = stretches.size();
    return plain_result(::sendmsg(fd_, &message, MSG_NOSIGNAL));
}

HttpStream::Result HttpStream::send_file(int file, std::uint64_t offset, std::uint64_t count) {
    auto position = static_cast<off_t>(offset);
    if (!tls_) {
        return plain_result(::sendfile(fd_, file, &position, std::min(count, kPlainFileChunk)));
    }
    thread_local std::array<char, kTlsFileChunk> chunk;
    auto size = ::pread(file, chunk.data(), std::min<std::uint64_t>(count, chunk.size()), position);
    if (size < 0) return {};
    if (size == 0) return {Outcome::progress, 0};
    return write_one(chunk.data(), static_cast<std::size_t>(size));
}

void HttpStream::end_writing() {
    if (tls_ && !broken_) {
        ERR_clear_error();
        SSL_shutdown(tls_);
        ERR_clear_error();
    }
    ::shutdown(fd_, SHUT_WR);
}

HttpStream::Result HttpStream::write_one(const void* bytes, std::size_t size) {
    if (broken_) return {};
    ERR_clear_error();
    return tls_result(
        SSL_write(tls_, bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

HttpStream::Result HttpStream::plain_result(ssize_t moved) const {
    if (moved >= 0) return {Outcome::progress, static_cast<std::size_t>(moved)};
    if (errno == EAGAIN || errno == EINTR) return {Outcome::want_write, 0};
    return {Outcome::closed, 0};
}

HttpStream::Result HttpStream::tls_result(int status) {
    if (status > 0) return {Outcome::progress, static_cast<std::size_t>(status)};
    switch (SSL_get_error(tls_, status)) {
        case SSL_ERROR_WANT_READ:
            return {Outcome::want_read, 0};
        case SSL_ERROR_WANT_WRITE:
            return {Outcome::want_write, 0};
        default:
            broken_ = true;  // OpenSSL forbids further calls after a fatal error
            ERR_clear_error();
            return {Outcome::closed, 0};
    }
}

}  // namespace ferrite
