#include "api/mask.h"

#include <algorithm>
#include <array>

#include "api/text.h"

namespace ferrite::api {
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

constexpr int kMaxDepth = 64;

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

struct Found {
    std::size_t at = std::string_view::npos;
    std::size_t end = std::string_view::npos;
};

/// The first secret word at or behind `from`.
Found find_secret_word(std::string_view text, std::size_t from = 0) {
    for (std::size_t i = from; i + 1 < text.size(); ++i) {
        if (!kMayStart[pair_of(text[i], text[i + 1])]) continue;
        for (auto word : kSecretWords)
            if (starts_with_word(text.substr(i), word)) return {i, i + word.size()};
    }
    return {};
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bool is_secret_name(std::string_view name, std::span<const std::string_view> also) {
    return find_secret_word(name).at != std::string_view::npos || contains(also, name);
}

/// Copies JSON text, token by token, and puts masks in. The text is ours and valid; still, nothing
/// is read past its end.
class Masker {
public:
    Masker(std::string& out, std::string_view json, std::span<const std::string_view> also,
           std::span<const std::string_view> also_when_set)
        : out_(out), json_(json), also_(also), also_when_set_(also_when_set) {}

    void run() { copy_value(0); }

private:
    char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }

    void copy_value(int depth) {
        if (depth > kMaxDepth) {
            skip_value();
            append_mask();
        } else if (peek() == '{') {
            copy_object(depth);
        } else if (peek() == '[') {
            copy_array(depth);
        } else if (peek() == '"') {
            append_scrubbed(take_string());
        } else {
            out_ += take_scalar();
        }
    }

    void copy_object(int depth) {
        out_ += take();
        while (at_ < json_.size() && peek() != '}') {
            if (peek() == ',') out_ += take();
            auto name = take_string();
            out_ += name;
            if (peek() == ':') out_ += take();
            copy_member(inside(name), depth);
        }
        if (peek() == '}') out_ += take();
    }

    void copy_member(std::string_view name, int depth) {
        bool when_set = depth == 0 && contains(also_when_set_, name);
        if (peek() != '{' && is_secret_name(name, also_)) {
            skip_value();
            append_mask();
        } else if (when_set && !is_empty_next()) {
            skip_value();
            append_mask();
        } else {
            copy_value(depth + 1);
        }
    }

    void copy_array(int depth) {
        out_ += take();
        while (at_ < json_.size() && peek() != ']') {
            if (peek() == ',') out_ += take();
            auto before = at_;
            copy_value(depth + 1);
            if (at_ == before) return;
        }
        if (peek() == ']') out_ += take();
    }

    /// `password=abc&x=1` becomes `password=******&x=1`.
    void append_scrubbed(std::string_view text) {
        std::size_t copied = 0;
        for (auto found = find_secret_word(text); found.at != text.npos;
             found = find_secret_word(text, found.end)) {
            auto value = found.end;
            while (value < text.size() && (text[value] == ' ' || text[value] == '_')) ++value;
            if (value >= text.size() || (text[value] != '=' && text[value] != ':')) continue;
            ++value;
            while (value < text.size() && text[value] == ' ') ++value;
            auto end = std::min(text.find_first_of("&;,\"'\\ ", value), text.size());
            if (end == value) continue;
            out_.append(text, copied, value - copied);
            out_ += kMask;
            copied = end;
            found.end = end;
        }
        out_.append(text, copied);
    }

    bool is_empty_next() const {
        auto rest = json_.substr(at_);
        for (std::string_view empty : {"null", "\"\"", "false", "{}", "[]"})
            if (rest.starts_with(empty)) return true;
        return rest.starts_with('0') && (rest.size() < 2 || rest[1] == ',' || rest[1] == '}');
    }

    void append_mask() {
        out_ += '"';
        out_ += kMask;
        out_ += '"';
    }

    char take() { return json_[at_++]; }

    /// A string token with its quotes.
    std::string_view take_string() {
        auto start = at_;
        auto end = at_;
        do {
            end = json_.find('"', end + 1);
        } while (end != json_.npos && is_escaped(end));
        at_ = end == json_.npos ? json_.size() : end + 1;
        return json_.substr(start, at_ - start);
    }

    /// True when an odd number of backslashes stands in front.
    bool is_escaped(std::size_t quote) const {
        auto before = quote;
        while (before > 0 && json_[before - 1] == '\\') --before;
        return (quote - before) % 2 == 1;
    }

    static std::string_view inside(std::string_view token) {
        return token.size() < 2 ? std::string_view() : token.substr(1, token.size() - 2);
    }

    std::string_view take_scalar() {
        auto start = at_;
        at_ = std::min(json_.find_first_of(",]}", at_), json_.size());
        return json_.substr(start, at_ - start);
    }

    void skip_value() {
        int open = 0;
        do {
            char c = peek();
            if (c == '"') {
                take_string();
            } else if (c == '{' || c == '[') {
                ++open;
                ++at_;
            } else if (c == '}' || c == ']') {
                --open;
                ++at_;
            } else if (c == ',' || c == ':') {
                ++at_;
            } else if (take_scalar().empty()) {
                return;
            }
        } while (open > 0 && at_ < json_.size());
    }

    std::string& out_;
    std::string_view json_;
    std::size_t at_ = 0;
    std::span<const std::string_view> also_;
    std::span<const std::string_view> also_when_set_;
};

bool holds_any(std::string_view json, std::span<const std::string_view> names) {
    return std::ranges::any_of(names,
                               [&](std::string_view name) { return json.find(name) != json.npos; });
}

}  // namespace

void append_masked(std::string& out, std::string_view json, std::span<const std::string_view> also,
                   std::span<const std::string_view> also_when_set) {
    bool plain = find_secret_word(json).at == json.npos && !holds_any(json, also) &&
                 !holds_any(json, also_when_set);
    if (plain)
        out += json;
    else
        Masker(out, json, also, also_when_set).run();
}

void restore_masked(Json& sent, const Json& stored, std::span<const std::string_view> also) {
    if (sent.is_array() && stored.is_array()) {
        auto common = std::min(sent.get_array().size(), stored.get_array().size());
        for (std::size_t i = 0; i < common; ++i)
            restore_masked(sent.get_array()[i], stored.get_array()[i], also);
    }
    if (!sent.is_object() || !stored.is_object()) return;
    for (auto& entry : sent.get_object()) {
        const auto* old = stored.get_object().if_contains(entry.key());
        if (!old) continue;
        auto& value = entry.value();
        if (value.is_object() || value.is_array())
            restore_masked(value, *old, also);
        else if (value.is_string() && std::string_view(value.get_string()) == kMask &&
                 is_secret_name(entry.key(), also))
            value = *old;
    }
}

}  // namespace ferrite::api
