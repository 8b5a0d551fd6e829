#include "api/authenticator.h"

#include <algorithm>

#include "api/text.h"

namespace ferrite::api {
namespace {

bool is_public_word(std::string_view path, std::string_view expected) {
    if (!path.starts_with(expected)) return false;
    auto rest = path.substr(expected.size());
    return rest.empty() || rest == ".json" || rest == ".xml";
}

/// Lower-case letters, digits and hyphens: what a UUID is made of, and no more.
bool is_public_heartbeat(std::string_view path) {
    constexpr std::string_view kStart = "/v1/heartbeat/";
    if (!path.starts_with(kStart)) return false;
    path.remove_prefix(kStart.size());
    auto end = path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-");
    return end != 0 && !path.empty() && is_public_word(path, path.substr(0, end));
}

}  // namespace

std::shared_ptr<const Identity> claimed_identity(const HttpHeaders& headers) {
    auto user = headers.get("X-User-Id");
    auto project = headers.get("X-Project-Id");
    auto roles = headers.get("X-Roles");
    auto scope = headers.get("OpenStack-System-Scope");
    static const auto nobody = std::make_shared<const Identity>();
    if (user.empty() && project.empty() && roles.empty() && scope.empty()) return nobody;
    Identity claimed{.user_id = std::string(user),
                     .project_id = std::string(project),
                     .system_scope = std::string(scope)};
    if (!roles.empty())
        for (auto role : split(roles, ',')) claimed.roles.emplace_back(trimmed(role));
    return std::make_shared<const Identity>(std::move(claimed));
}

bool is_public_path(std::string_view path) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path.empty() || is_public_word(path, "/") || is_public_word(path, "/v1") ||
           is_public_word(path, "/v1/lookup") || is_public_word(path, "/v1/continue_inspection") ||
           is_public_heartbeat(path);
}

}  // namespace ferrite::api
