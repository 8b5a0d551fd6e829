#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/secret.h"

struct ssl_ctx_st;

namespace ferrite {

/// Whether clients must show a certificate of their own when an authority for them is named.
enum class ClientCertificates { optional, required };

/// Certificate, key and rules of a TLS server. The texts are used as they are; files are read, and
/// read again when they change.
struct TlsServerOptions {
    std::string
        certificate_pem;  ///< The server's own certificate, then those between it and the root.
    Secret key_pem;
    std::string certificate_file;  ///< Path, in place of certificate_pem.
    std::string key_file;          ///< Path, in place of key_pem.
    std::string client_ca_file;  ///< Authorities of client certificates; empty: none is asked for.
    ClientCertificates client_certificates = ClientCertificates::required;
    std::string minimum_version = "1.2";  ///< "1.2" or "1.3".
    std::string
        ciphers;  ///< As OpenSSL lists them, old and TLS 1.3 names mixed; empty: its defaults.

    bool enabled() const { return !certificate_pem.empty() || !certificate_file.empty(); }
};

/// What TLS needs for each new connection of a server, always made of the present files: a
/// certificate may be replaced while the server runs. One that can not be used (no PEM, a key of
/// another certificate) is logged, and the one before stays in use.
///
///     TlsServer tls({.certificate_file = "/etc/api.pem", .key_file = "/etc/api.key"});
///     HttpStream stream(fd, tls.context().get());
class TlsServer {
public:
    /// Throws Error (code "tls") that says what is wrong with certificate, key or rules.
    explicit TlsServer(TlsServerOptions options);

    /// For a connection that begins now. Looks at the files' times at most once a second. Any
    /// thread; may read the files.
    std::shared_ptr<ssl_ctx_st> context();

    /// Reads the files now, changed or not; false when they can not be used. Any thread.
    bool reload();

private:
    using Clock = std::chrono::steady_clock;

    /// What tells that a file is another one than before.
    struct Stamp {
        std::int64_t modified = 0;  ///< Nanoseconds.
        std::int64_t size = -1;
        std::uint64_t inode = 0;
        bool operator==(const Stamp&) const = default;
    };
    struct Stamps {
        Stamp certificate, key, client_ca;
        bool operator==(const Stamps&) const = default;
    };

    static Stamp stamp_of(const std::string& path);
    Stamps stamps() const;
    bool replace() FERRITE_REQUIRES(mutex_);

    const TlsServerOptions options_;
    Mutex mutex_;
    Stamps read_ FERRITE_GUARDED_BY(mutex_);
    Clock::time_point next_look_ FERRITE_GUARDED_BY(mutex_);
    std::shared_ptr<ssl_ctx_st> context_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite
