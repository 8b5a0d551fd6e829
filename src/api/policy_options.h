#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ferrite::api {

/// `[oslo_policy]` and what else decides who may do what.
struct PolicyOptions {
    std::string file;  ///< Overrides; a file that does not exist overrides nothing.
    /// Files in these override that one: `*.yaml`, `*.yml` and `*.json`, directory by directory and
    /// by name, the later ones the earlier.
    std::vector<std::string> directories;
    bool enforce_scope = true;
    bool enforce_new_defaults = true;
    /// `[DEFAULT]rbac_service_project_name`, when `rbac_service_role_elevated_access` is on.
    std::optional<std::string> service_project;
};

}  // namespace ferrite::api
