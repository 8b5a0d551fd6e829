#include "base/secret_words.h"

#include <array>

namespace ferrite {
namespace {

/// Words that make a name a secret's, in lower case. Longer names that hold one of these
/// ("admin_password", "secret_uuid") need no row.
constexpr std::array<std::string_view, 29> kSecretWords = {
    "password",
    "adminpass",
    "admin_pass",
    "new_pass",
    "token",
    "secret",
    "sys_pswd",
    "configdrive",
    "encrypted_key",
    "private_key",
    "fernetkey",
    "sslkey",
    "passphrase",
    "cephclusterfsid",
    "octaviaheartbeatkey",
    "rabbitcookie",
    "cephmanilaclientkey",
    "pacemakerremoteauthkey",
    "designaterndckey",
    "cephadminkey",
    "heatauthencryptionkey",
    "cephclientkey",
    "keystonecredential",
    "barbicansimplecryptokek",
    "cephrgwkey",
    "swifthashsuffix",
    "migrationsshkey",
    "cephmdskey",
    "cephmonkey",
};

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Five bits of two letters, the same for capitals.
constexpr std::size_t pair_of(char first, char second) {
    return static_cast<std::size_t>(first & 31) << 5 | static_cast<std::size_t>(second & 31);
}

/// For each pair of letters, whether a secret word may start with it: nearly all text is dismissed
/// by this alone.
constexpr auto kMayStart = [] {
    std::array<bool, 1024> may{};
    for (auto word : kSecretWords) may[pair_of(word[0], word[1])] = true;
    return may;
}();

bool starts_with_word(std::string_view text, std::string_view word) {
    if (text.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if (lower(text[i]) != word[i]) return false;
    return true;
}

}  // namespace

SecretWord find_secret_word(std::string_view text, std::size_t from) {
    for (std::size_t i = from; i + 1 < text.size(); ++i) {
        if (!kMayStart[pair_of(text[i], text[i + 1])]) continue;
        for (auto word : kSecretWords)
            if (starts_with_word(text.substr(i), word)) return {i, i + word.size()};
    }
    return {};
}

bool is_secret_word_in(std::string_view text) {
    return find_secret_word(text).at != text.npos;
}

}  // namespace ferrite
