#pragma once

#include <string>
#include <vector>

namespace ferrite::api {

/// Who sent a request, as the authentication strategy found out (reference: api.md section 23). An
/// empty text is "none": it equals nothing that a policy rule compares it with.
struct Identity {
    std::string user_id;
    std::string user_domain_id;
    std::string project_id;
    std::string project_name;
    std::string project_domain_id;
    std::string domain_id;     ///< Of a token for a whole domain.
    std::string system_scope;  ///< "all" for a token for the whole cloud.
    std::vector<std::string> roles;
    bool is_admin_project = true;  ///< Keystone says so only where an admin project is set up.
    bool is_public_api = false;    ///< The path asks for no credentials.

    /// Of the service on whose behalf the user asks (`X-Service-Token`).
    std::string service_user_id;
    std::string service_project_id;
    std::vector<std::string> service_roles;
};

}  // namespace ferrite::api
