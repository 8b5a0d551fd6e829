#include "base/http_stream.h"

#include <algorithm>
#include <array>
#include <climits>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
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

[[noreturn]] void fail(std::string_view what) {
    char reason[256] = "unknown cause";
    if (auto code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    throw Error(500, "tls", fmt::format("Could not set up TLS: {}: {}", what, reason));
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio text_bio(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

/// The server's own certificate, then those of the authorities between it and the root.
void use_certificates(SSL_CTX* context, const std::string& pem) {
    auto bio = text_bio(pem);
    Certificate own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) fail("the certificate");
    for (;;) {
        Certificate next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
        if (!next) break;
        if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) fail("the certificate chain");
    }
    ERR_clear_error();  // the end of the text is reported as an error
}

}  // namespace

TlsServerContext::TlsServerContext(const std::string& certificate_pem, const Secret& key_pem,
                                   const std::string& minimum_version)
    : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
    auto* context = context_.get();
    if (!context) fail("the context");
    if (minimum_version != "1.2" && minimum_version != "1.3") {
        throw Error(
            500, "tls",
            fmt::format("Minimum TLS version \"{}\" is neither 1.2 nor 1.3.", minimum_version));
    }
    SSL_CTX_set_min_proto_version(context,
                                  minimum_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Idle connections hold no buffers; a write may be repeated from another place in memory.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    use_certificates(context, certificate_pem);

    auto bio = text_bio(key_pem.reveal());
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) fail("the private key");
    if (SSL_CTX_check_private_key(context) != 1) fail("key and certificate do not match");
}

HttpStream::HttpStream(int fd, const TlsServerContext* tls) : fd_(fd) {
    if (!tls) return;
    tls_ = SSL_new(tls->get());
    if (!tls_ || SSL_set_fd(tls_, fd) != 1) fail("a connection");
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
