#include "base/secret_words.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

/// Length of the shortest secret word: the window that the search looks at.
constexpr std::size_t kWindow = [] {
    std::size_t shortest = kSecretWords[0].size();
    for (auto word : kSecretWords) shortest = std::min(shortest, word.size());
    return shortest;
}();

/// For each pair of letters at the end of a window, by how much the window may move on without
/// missing the start of a secret word (the search of Wu and Manber); 0: one may start here.
constexpr auto kShift = [] {
    std::array<std::uint8_t, 1024> shift{};
    shift.fill(kWindow - 1);
    for (auto word : kSecretWords)
        for (std::size_t end = 2; end <= kWindow; ++end) {
            auto& least = shift[pair_of(word[end - 2], word[end - 1])];
            least = std::min(least, static_cast<std::uint8_t>(kWindow - end));
        }
    return shift;
}();

bool starts_with_word(std::string_view text, std::string_view word) {
    if (text.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if (lower(text[i]) != word[i]) return false;
    return true;
}

}  // namespace

SecretWord find_secret_word(std::string_view text, std::size_t from) {
    for (auto end = from + kWindow; end <= text.size();) {
        if (auto shift = kShift[pair_of(text[end - 2], text[end - 1])]; shift > 0) {
            end += shift;
            continue;
        }
        auto start = end - kWindow;
        for (auto word : kSecretWords)
            if (starts_with_word(text.substr(start), word)) return {start, start + word.size()};
        ++end;
    }
    return {};
}

bool is_secret_word_in(std::string_view text) {
    return find_secret_word(text).at != text.npos;
}

}  // namespace ferrite
