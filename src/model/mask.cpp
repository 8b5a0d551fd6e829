#include "model/mask.h"

#include <algorithm>

#include "base/secret_words.h"

namespace ferrite::model {
namespace {

constexpr int kMaxDepth = 64;

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bool is_secret_name(std::string_view name, std::span<const std::string_view> also) {
    return is_secret_word_in(name) || contains(also, name);
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
    bool plain =
        !is_secret_word_in(json) && !holds_any(json, also) && !holds_any(json, also_when_set);
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

}  // namespace ferrite::model
