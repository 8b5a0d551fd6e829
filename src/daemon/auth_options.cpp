#include "daemon/auth_options.h"

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

void add_token_rows(OptionTable<Options>& table) {
    using O = AuthTokenOptions;
    table.section<O>(
        "keystone_authtoken", &Options::auth_token,
        {
            {"auth_url", &O::auth_url, text(), "URL of Keystone, where tokens are validated."},
            {"www_authenticate_uri", &O::www_authenticate_uri, text(),
             "URL of Keystone that a client without a valid token is told; empty: auth_url.",
             FormerName{"keystone_authtoken", "auth_uri"}},
            {"auth_type", &O::auth_type,
             choice<KeystoneLogin>(
                 {{"password", KeystoneLogin::password},
                  {"v3password", KeystoneLogin::password},
                  {"v3applicationcredential", KeystoneLogin::application_credential}}),
             "How this service logs in to Keystone.",
             FormerName{"keystone_authtoken", "auth_plugin"}},
            {"username", &O::username, text(), "User of this service in Keystone.",
             FormerName{"keystone_authtoken", "user_name"}},
            {"password", &O::password, secret_text(), "Password of that user."},
            {"user_domain_name", &O::user_domain_name, text(), "Domain of that user."},
            {"user_domain_id", &O::user_domain_id, text(), "The same by id, which wins."},
            {"project_name", &O::project_name, text(), "Project for which the user logs in."},
            {"project_domain_name", &O::project_domain_name, text(), "Domain of that project."},
            {"project_domain_id", &O::project_domain_id, text(), "The same by id, which wins."},
            {"application_credential_id", &O::application_credential_id, text(),
             "Application credential for auth_type v3applicationcredential."},
            {"application_credential_secret", &O::application_credential_secret, secret_text(),
             "Its secret."},
        });
    table.section<O>(
        "keystone_authtoken", &Options::auth_token,
        {
            {"cafile", &O::cafile, text(),
             "Certificates (PEM) that Keystone's is checked with; empty: the system's."},
            {"insecure", &O::insecure, flag(), "Do not check Keystone's certificate."},
            {"http_connect_timeout", &O::http_connect_timeout, seconds(1),
             "Seconds to wait for a connection to Keystone."},
            {"http_request_max_retries", &O::http_request_max_retries, integer(0, 100),
             "Attempts more when there is none."},
            {"token_cache_time", &O::token_cache_time, seconds(),
             "Seconds for which Keystone's answer about a token is believed."},
            {"service_token_roles", &O::service_token_roles, list(),
             "Services with one of these roles may act for users whose token has expired."},
            {"service_token_roles_required", &O::service_token_roles_required, flag(),
             "Refuse service tokens without such a role."},
        });
}

}  // namespace

void add_auth_rows(OptionTable<Options>& table) {
    add_token_rows(table);
    using O = PolicyOptions;
    table.section<O>(
        "oslo_policy", &Options::policy,
        {
            {"policy_file", &O::policy_file, text(),
             "Policy rules that differ from the defaults (YAML); looked for beside the "
             "configuration file, and read again when it changes."},
            {"policy_dirs", &O::policy_dirs, list(),
             "Directories whose .yaml, .yml and .json files override that, in the order of their "
             "names; looked for and read again likewise."},
            {"enforce_scope", &O::enforce_scope, flag(),
             "Refuse project tokens what only system tokens may do."},
            {"enforce_new_defaults", &O::enforce_new_defaults, flag(),
             "Let only the defaults with scopes count, and not those of before as well."},
        });
}

}  // namespace ferrite::daemon
