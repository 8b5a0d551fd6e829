#include "api/keystone_token.h"

#include <algorithm>
#include <span>

#include "api/text.h"
#include "base/error.h"
#include "base/time.h"

namespace ferrite::api {
namespace {

[[noreturn]] void no_token() {
    throw Error(503, "identity_service", "The identity service answered with no token document.");
}

/// `2026-08-20T18:25:07.000000Z`, always UTC; the fraction is dropped.
std::chrono::sys_seconds parse_expiry(std::string_view text) {
    constexpr std::size_t kWithoutFraction = 19;
    auto time = parse_timestamp(std::string(text.substr(0, kWithoutFraction)) + "+00:00");
    if (!time || !text.ends_with('Z')) no_token();
    return std::chrono::floor<std::chrono::seconds>(*time);
}

Identity parse_identity(const Json& token) {
    const auto& user = member(token, "user");
    const auto& project = member(token, "project");
    Identity identity{
        .user_id = string_member(user, "id"),
        .user_domain_id = string_member(member(user, "domain"), "id"),
        .project_id = string_member(project, "id"),
        .project_name = string_member(project, "name"),
        .project_domain_id = string_member(member(project, "domain"), "id"),
        .domain_id = string_member(member(token, "domain"), "id"),
    };
    const auto& all = member(member(token, "system"), "all");
    if (all.is_bool() && all.get_bool()) identity.system_scope = "all";
    const auto& roles = member(token, "roles");
    if (roles.is_array())
        for (const auto& role : roles.get_array())
            identity.roles.push_back(string_member(role, "name"));
    const auto& admin_project = member(token, "is_admin_project");
    identity.is_admin_project = !admin_project.is_bool() || admin_project.get_bool();
    return identity;
}

bool word_fits(std::string_view pattern, std::string_view word) {
    return pattern == "*" || pattern == word ||
           (pattern.starts_with('{') && pattern.ends_with('}'));
}

using Words = std::span<const std::string_view>;

/// Words of a path against those of a pattern, in which `**` stands for any number: as usual, the
/// last `**` is the only one that has to be tried again.
bool path_fits(Words pattern, Words path) {
    std::size_t p = 0, w = 0, star = pattern.size(), after_star = 0;
    while (w < path.size()) {
        if (p < pattern.size() && pattern[p] == "**") {
            star = p++;
            after_star = w;
        } else if (p < pattern.size() && word_fits(pattern[p], path[w])) {
            ++p, ++w;
        } else if (star < pattern.size()) {
            p = star + 1;
            w = ++after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == "**") ++p;
    return p == pattern.size();
}

}  // namespace

bool KeystoneToken::permits(std::string_view method, std::string_view path) const {
    if (!limited) return true;
    auto words = split(path, '/');
    return std::ranges::any_of(rules, [&](const TokenAccessRule& rule) {
        auto pattern = split(rule.path, '/');
        return rule.service == "baremetal" && rule.method == method && path_fits(pattern, words);
    });
}

KeystoneToken parse_token(const Json& document) {
    const auto& token = member(document, "token");
    KeystoneToken parsed{.identity = parse_identity(token),
                         .expires = parse_expiry(string_member(token, "expires_at"))};
    if (parsed.identity.user_id.empty()) no_token();
    const auto& rules = member(member(token, "application_credential"), "access_rules");
    parsed.limited = rules.is_array();
    if (parsed.limited)
        for (const auto& rule : rules.get_array())
            parsed.rules.push_back({.service = string_member(rule, "service"),
                                    .method = string_member(rule, "method"),
                                    .path = string_member(rule, "path")});
    return parsed;
}

}  // namespace ferrite::api
