#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/authenticator.h"
#include "api/fingerprint.h"
#include "api/keystone_token.h"
#include "base/http_client.h"
#include "base/mutex.h"
#include "base/secret.h"

namespace ferrite::api {

/// `[keystone_authtoken]`: where Keystone is and as whom this service asks it about tokens.
struct KeystoneOptions {
    std::string auth_url;
    std::string www_authenticate_uri;  ///< What clients are told; empty: `auth_url`.

    std::string username;
    Secret password;
    std::string user_domain_name = "Default";
    std::string user_domain_id;  ///< Wins over the name.
    std::string project_name;
    std::string project_domain_name = "Default";
    std::string project_domain_id;
    /// In place of user and project, when set.
    std::string application_credential_id;
    Secret application_credential_secret;

    std::string cafile;  ///< PEM file in place of the system's certificates.
    bool insecure = false;
    std::chrono::seconds connect_timeout{10};
    int max_retries = 3;                   ///< When there is no connection.
    std::chrono::seconds cache_time{300};  ///< How long an answer about a token is believed.
    /// A service token that has one of these roles may act for users whose token has expired.
    std::vector<std::string> service_token_roles = {"service"};
    bool service_token_roles_required = false;  ///< Others are refused.
};

/// The strategy keystone (reference: api.md section 23.1): `X-Auth-Token`, and `X-Service-Token`
/// when a service asks on behalf of a user, are validated by `GET /v3/auth/tokens`. Answers are
/// cached under a fingerprint of the token. No other header says anything about the caller.
///
/// Throws Error 503 when Keystone can not be asked; the log says why.
class KeystoneAuth : public Authenticator {
public:
    /// `client` outlives it.
    KeystoneAuth(KeystoneOptions options, HttpClient& client);

    Task<Authentication> authenticate(const HttpRequest* request) override;

private:
    using TokenPtr = std::shared_ptr<const KeystoneToken>;  ///< Null: no valid token.
    enum class Expired { refused, allowed };
    struct Known {
        TokenPtr token;
        std::chrono::sys_seconds until;
    };

    HttpResponse refusal() const;
    Task<TokenPtr> validate(std::string token, Expired expired);
    Task<TokenPtr> ask(std::string token, Expired expired);
    std::optional<TokenPtr> recall(const Fingerprint& print);
    void remember(const Fingerprint& print, TokenPtr token);
    Task<Secret> own_token();
    Task<HttpFetched> send(HttpFetch request);
    std::string login_body() const;
    bool is_trusted_service(const KeystoneToken& token) const;

    const KeystoneOptions options_;
    const std::string tokens_url_;
    HttpClient& client_;
    Mutex mutex_;
    std::unordered_map<Fingerprint, Known, FingerprintHash> known_ FERRITE_GUARDED_BY(mutex_);
    Secret own_token_ FERRITE_GUARDED_BY(mutex_);
    std::chrono::sys_seconds own_token_until_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::api
