#include "base/tls_server.h"

#include <fstream>
#include <iterator>
#include <string_view>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite {
namespace {

constexpr std::chrono::seconds kLook{1};

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

[[noreturn]] void fail(std::string_view what) {
    char reason[256] = "unknown cause";
    if (auto code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    throw Error(500, "tls", fmt::format("Could not set up TLS: {}: {}", what, reason));
}

std::string read_file(const std::string& path, std::string_view what) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (text.empty())
        throw Error(
            500, "tls",
            fmt::format("Could not set up TLS: {}: the file {} is empty or can not be read.", what,
                        path));
    return text;
}

Bio text_bio(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

/// An encrypted key is an error: OpenSSL would ask the terminal for its password.
int no_password(char*, int, int, void*) {
    return -1;
}

Certificate next_certificate(BIO* bio) {
    return {PEM_read_bio_X509(bio, nullptr, &no_password, nullptr), &X509_free};
}

void warn_when_expired(const X509* certificate) {
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        log_warning("TLS_CERTIFICATE_EXPIRED", "clients will refuse it: put a newer one in place");
}

/// The server's own certificate, then those of the authorities between it and the root.
void use_certificates(SSL_CTX* context, const std::string& pem) {
    auto bio = text_bio(pem);
    auto own = next_certificate(bio.get());
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) fail("the certificate");
    warn_when_expired(own.get());
    while (auto next = next_certificate(bio.get()))
        if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) fail("the certificate chain");
    // The end of the text is reported as an error of its own.
    if (auto code = ERR_peek_last_error(); code && ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
        fail("the certificate chain");
    ERR_clear_error();
}

void use_key(SSL_CTX* context, const Secret& pem) {
    auto bio = text_bio(pem.reveal());
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
    if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        fail("the private key, which must be PEM without a password");
    if (SSL_CTX_check_private_key(context) != 1) fail("key and certificate do not match");
}

void use_ciphers(SSL_CTX* context, std::string_view list) {
    std::string old_names, new_names;
    while (!list.empty()) {
        auto end = std::min(list.find_first_of(":, "), list.size());
        auto word = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        if (word.empty()) continue;
        auto& names = word.starts_with("TLS_") ? new_names : old_names;
        if (!names.empty()) names += ':';
        names += word;
    }
    if (!old_names.empty() && SSL_CTX_set_cipher_list(context, old_names.c_str()) != 1)
        fail("the list of ciphers");
    if (!new_names.empty() && SSL_CTX_set_ciphersuites(context, new_names.c_str()) != 1)
        fail("the list of TLS 1.3 ciphers");
}

void ask_for_client_certificates(SSL_CTX* context, const TlsServerOptions& options) {
    const auto* file = options.client_ca_file.c_str();
    auto* names = SSL_load_client_CA_file(file);
    if (!names || SSL_CTX_load_verify_file(context, file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        fail("the authorities of client certificates");
    }
    SSL_CTX_set_client_CA_list(context, names);
    int mode = SSL_VERIFY_PEER;
    if (options.client_certificates == ClientCertificates::required)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, nullptr);
}

std::shared_ptr<SSL_CTX> make_context(const TlsServerOptions& options) {
    std::shared_ptr<SSL_CTX> owner(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    auto* context = owner.get();
    if (!context) fail("the context");
    if (options.minimum_version != "1.2" && options.minimum_version != "1.3")
        throw Error(500, "tls",
                    fmt::format("Minimum TLS version \"{}\" is neither 1.2 nor 1.3.",
                                options.minimum_version));
    SSL_CTX_set_min_proto_version(
        context, options.minimum_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Idle connections hold no buffers; a write may be repeated from another place in memory.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Sessions of clients with certificates can only be resumed where they have a name.
    constexpr unsigned char kSessions[] = "ferrite";
    SSL_CTX_set_session_id_context(context, kSessions, sizeof kSessions - 1);

    use_certificates(context, options.certificate_file.empty()
                                  ? options.certificate_pem
                                  : read_file(options.certificate_file, "the certificate"));
    use_key(context, options.key_file.empty() ? options.key_pem
                                              : Secret(read_file(options.key_file, "the key")));
    use_ciphers(context, options.ciphers);
    if (!options.client_ca_file.empty()) ask_for_client_certificates(context, options);
    return owner;
}

}  // namespace

TlsServer::TlsServer(TlsServerOptions options) : options_(std::move(options)) {
    MutexLock lock(mutex_);
    read_ = stamps();
    next_look_ = Clock::now() + kLook;
    context_ = make_context(options_);
}

std::shared_ptr<ssl_ctx_st> TlsServer::context() {
    MutexLock lock(mutex_);
    if (auto now = Clock::now(); now >= next_look_) {
        next_look_ = now + kLook;
        if (stamps() != read_) replace();
    }
    return context_;
}

bool TlsServer::reload() {
    MutexLock lock(mutex_);
    return replace();
}

TlsServer::Stamp TlsServer::stamp_of(const std::string& path) {
    struct stat found{};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
    return {.modified = found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec,
            .size = found.st_size,
            .inode = found.st_ino};
}

TlsServer::Stamps TlsServer::stamps() const {
    return {stamp_of(options_.certificate_file), stamp_of(options_.key_file),
            stamp_of(options_.client_ca_file)};
}

/// Takes the files as they are now. Their times are taken first: what is written during the reading
/// is another change, which the next look finds.
bool TlsServer::replace() {
    read_ = stamps();
    try {
        context_ = make_context(options_);
    } catch (const Error& failure) {
        log_error("TLS_CERTIFICATE_UNUSABLE", "file={} error=\"{}\" the one before stays in use",
                  options_.certificate_file, failure.message());
        return false;
    }
    log_info("TLS_CERTIFICATE_LOADED", "file={}", options_.certificate_file);
    return true;
}

}  // namespace ferrite
