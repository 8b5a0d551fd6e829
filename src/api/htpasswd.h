#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace ferrite::api {

/// Who may log in and the bcrypt hash of his password.
struct HtpasswdEntry {
    std::string user;
    Secret hash;
};

/// Reads a password file as Apache's `htpasswd -B` writes it: `user:$2y$05$...` lines, comments
/// behind `#`. Throws InvalidValue that names file and line for any other digest than bcrypt; the
/// message holds no part of a hash.
std::vector<HtpasswdEntry> parse_htpasswd(std::string_view text, const std::string& file);

/// Whether `password` has this hash. It takes as long as the hash's cost wants: 50 ms and more.
bool has_hash(const Secret& password, const Secret& hash);

}  // namespace ferrite::api
