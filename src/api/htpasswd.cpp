#include "api/htpasswd.h"

#include <algorithm>
#include <memory>

#include <crypt.h>
#include <fmt/core.h>
#include <openssl/crypto.h>

#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {
namespace {

constexpr std::size_t kBcryptLength = 60;
constexpr std::string_view kDigits =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `$2y$12$` and 53 digits.
bool is_bcrypt(std::string_view hash) {
    constexpr std::string_view kKinds = "yab";
    auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return hash.size() == kBcryptLength && hash.starts_with("$2") &&
           kKinds.find(hash[2]) != kKinds.npos && hash[3] == '$' && is_digit(hash[4]) &&
           is_digit(hash[5]) && hash[6] == '$' &&
           hash.substr(7).find_first_not_of(kDigits) == hash.npos;
}

}  // namespace

std::vector<HtpasswdEntry> parse_htpasswd(std::string_view text, const std::string& file) {
    std::vector<HtpasswdEntry> entries;
    std::size_t number = 0;
    for (auto line : split(text, '\n')) {
        ++number;
        line = trimmed(line);
        if (line.empty() || line.starts_with('#')) continue;
        auto colon = line.find(':');
        auto user = line.substr(0, colon);
        auto hash = colon == line.npos ? std::string_view() : line.substr(colon + 1);
        hash = hash.substr(0, hash.find(':'));
        if (user.empty() || !is_bcrypt(hash))
            throw InvalidValue(fmt::format(
                "{}:{}: a line of a password file is a user name, a colon and a bcrypt hash: make "
                "it with htpasswd -B.",
                file, number));
        bool first = std::ranges::none_of(entries, [&](const auto& e) { return e.user == user; });
        if (first) entries.push_back({std::string(user), Secret(std::string(hash))});
    }
    return entries;
}

bool has_hash(const Secret& password, const Secret& hash) {
    auto data = std::make_unique<crypt_data>();
    const char* made = crypt_r(password.reveal().c_str(), hash.reveal().c_str(), data.get());
    bool same = made && std::string_view(made).size() == hash.reveal().size() &&
                CRYPTO_memcmp(made, hash.reveal().data(), hash.reveal().size()) == 0;
    OPENSSL_cleanse(data.get(), sizeof *data);
    return same;
}

}  // namespace ferrite::api
