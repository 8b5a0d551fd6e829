#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/authenticator.h"
#include "api/file_watch.h"
#include "api/fingerprint.h"
#include "api/htpasswd.h"
#include "base/mutex.h"
#include "base/runtime.h"

namespace ferrite::api {

/// User name and password of an `Authorization: Basic` header.
struct BasicCredentials {
    std::string user;
    Secret password;
};

/// Reads the value of an Authorization header. Throws InvalidValue for another scheme, for what is
/// no base64 and for a text without a colon.
BasicCredentials parse_basic(std::string_view header);

/// The strategy http_basic (reference: api.md section 23.1): whoever has a password in the file may
/// do everything. A file that was changed is read again within a second; one with a mistake is
/// reported in the log, and the passwords stay as they were.
///
/// Hashes are computed on a thread of its own, so that guessing passwords holds up nobody but other
/// logins; a password that was right once is known until its line changes.
class BasicAuth : public Authenticator {
public:
    /// Throws InvalidValue that names file and line when the file is bad or absent.
    explicit BasicAuth(std::string file, FileWatch::Interval interval = FileWatch::kUsual);
    ~BasicAuth() override;

    Task<Authentication> authenticate(const HttpRequest* request) override;

private:
    struct Login;

    Task<bool> verify(BasicCredentials sent);
    Login look_up(const BasicCredentials& sent);
    void remember(const Login& login);
    void read() FERRITE_REQUIRES(mutex_);
    void read_again() FERRITE_REQUIRES(mutex_);

    Mutex mutex_;
    FileWatch file_;  ///< Looked at under `mutex_`.
    std::vector<HtpasswdEntry> entries_ FERRITE_GUARDED_BY(mutex_);
    /// Passwords that were right, with the hash that they had.
    std::unordered_map<Fingerprint, Secret, FingerprintHash> verified_ FERRITE_GUARDED_BY(mutex_);
    std::atomic<int> waiting_ = 0;  ///< Logins in front of the hashing thread.
    Runtime hashing_;
};

}  // namespace ferrite::api
