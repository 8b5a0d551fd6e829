#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity.h"
#include "base/json.h"

namespace ferrite::api {

/// What an application credential is limited to.
struct TokenAccessRule {
    std::string service;
    std::string method;
    std::string path;  ///< `*` or `{name}` for a word, `**` for any number of them.
};

/// A token as Keystone describes it.
struct KeystoneToken {
    Identity identity;
    std::chrono::sys_seconds expires;
    bool limited = false;  ///< Only what `rules` name may be asked for.
    std::vector<TokenAccessRule> rules;

    bool is_expired(std::chrono::sys_seconds now) const { return expires <= now; }
    /// Whether the rules of an application credential let it ask this of the bare metal service.
    bool permits(std::string_view method, std::string_view path) const;
};

/// Reads the answer of `GET /v3/auth/tokens`. Throws Error (503) when it is no such document: then
/// what answers at the configured URL is no Keystone.
KeystoneToken parse_token(const Json& document);

}  // namespace ferrite::api
