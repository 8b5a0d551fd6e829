#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/secret.h"

/// What the configuration says of who may use the API: [keystone_authtoken] and [oslo_policy].
namespace ferrite::daemon {

enum class KeystoneLogin { password, application_credential };

/// [keystone_authtoken]
struct AuthTokenOptions {
    std::string auth_url;
    std::string www_authenticate_uri;
    KeystoneLogin auth_type = KeystoneLogin::password;
    std::string username;
    Secret password;
    std::string user_domain_name = "Default";
    std::string user_domain_id;
    std::string project_name;
    std::string project_domain_name = "Default";
    std::string project_domain_id;
    std::string application_credential_id;
    Secret application_credential_secret;
    std::string cafile;
    bool insecure = false;
    std::chrono::seconds http_connect_timeout{10};
    int http_request_max_retries = 3;
    std::chrono::seconds token_cache_time{300};
    std::vector<std::string> service_token_roles{"service"};
    bool service_token_roles_required = false;
};

/// [oslo_policy]
struct PolicyOptions {
    std::string policy_file = "policy.yaml";  ///< Beside the configuration file when relative.
    std::vector<std::string> policy_dirs{"policy.d"};  ///< Likewise.
    bool enforce_scope = true;
    bool enforce_new_defaults = true;
};

}  // namespace ferrite::daemon
