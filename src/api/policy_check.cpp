#include "api/policy_check.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::api {
namespace {

using Kind = PolicyCheck::Kind;
using Value = std::optional<std::string_view>;

constexpr std::string_view kNone = "None";  ///< How rules write "there is none".
constexpr std::size_t kDeepest = 50;        ///< Parentheses and `not` in each other.

struct Attribute {
    std::string_view name;
    std::string Identity::* text;
};

constexpr Attribute kAttributes[] = {
    {"user_id", &Identity::user_id},
    {"user", &Identity::user_id},
    {"user_domain_id", &Identity::user_domain_id},
    {"project_id", &Identity::project_id},
    {"tenant_id", &Identity::project_id},
    {"tenant", &Identity::project_id},
    {"project_name", &Identity::project_name},
    {"project_domain_id", &Identity::project_domain_id},
    {"domain_id", &Identity::domain_id},
    {"system_scope", &Identity::system_scope},
    {"service_user_id", &Identity::service_user_id},
    {"service_project_id", &Identity::service_project_id},
};

std::string_view word_of(bool flag) {
    return flag ? "True" : "False";
}

/// One attribute of the caller; nothing when he has none of that name.
Value attribute(const Identity& caller, std::string_view name) {
    if (name == "is_admin_project") return word_of(caller.is_admin_project);
    if (name == "is_public_api") return word_of(caller.is_public_api);
    for (const auto& row : kAttributes)
        if (row.name == name && !(caller.*row.text).empty()) return caller.*row.text;
    return std::nullopt;
}

/// What `%(name)s` stands for. Rules may look at the caller on this side too.
Value looked_up(const PolicyQuestion& question, std::string_view name) {
    if (name == "config.service_project_name")
        return question.service_project ? Value(*question.service_project) : std::nullopt;
    auto dot = name.find('.');
    if (dot == name.npos) return attribute(question.caller, name);
    if (name.substr(0, dot) != question.target.kind) return std::nullopt;
    auto member = name.substr(dot + 1);
    if (member == "owner") return question.target.owner;
    if (member == "lessee") return question.target.lessee;
    return std::nullopt;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

enum class Case { matters, ignored };

bool begins_with(std::string_view text, std::string_view start, Case letters) {
    if (letters == Case::matters) return text.starts_with(start);
    return text.size() >= start.size() &&
           std::ranges::equal(text.substr(0, start.size()), start, {}, lower, lower);
}

/// Whether the filled-in template is `value`. A name that stands for nothing makes it differ from
/// everything, so that who has no project is not taken for the owner of what has no owner.
bool equals(const PolicyTemplate& text, std::string_view value, const PolicyQuestion& question,
            Case letters = Case::matters, Value for_none = std::nullopt) {
    for (const auto& piece : text.pieces) {
        auto expected = piece.is_name ? looked_up(question, piece.text) : Value(piece.text);
        if (!expected) expected = for_none;
        if (!expected || !begins_with(value, *expected, letters)) return false;
        value.remove_prefix(expected->size());
    }
    return value.empty();
}

bool any_equals(const PolicyTemplate& text, const std::vector<std::string>& values,
                const PolicyQuestion& question, Case letters) {
    return std::ranges::any_of(
        values, [&](const auto& value) { return equals(text, value, question, letters); });
}

bool says_none(const PolicyTemplate& text) {
    return text.pieces.size() == 1 && !text.pieces[0].is_name && text.pieces[0].text == kNone;
}

bool attribute_equals(const PolicyCheck& check, const PolicyQuestion& question) {
    if (check.name == "roles")
        return any_equals(check.text, question.caller.roles, question, Case::matters);
    if (check.name == "service_roles")
        return any_equals(check.text, question.caller.service_roles, question, Case::matters);
    auto value = attribute(question.caller, check.name);
    return value ? equals(check.text, *value, question) : says_none(check.text);
}

struct Token {
    enum class Kind { open, close, word_and, word_or, word_not, check, end };
    Kind kind;
    std::string_view text;
};

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Token::Kind kind_of(std::string_view word) {
    auto is = [&](std::string_view keyword) {
        return word.size() == keyword.size() && begins_with(word, keyword, Case::ignored);
    };
    if (is("and")) return Token::Kind::word_and;
    if (is("or")) return Token::Kind::word_or;
    if (is("not")) return Token::Kind::word_not;
    return Token::Kind::check;
}

/// One stretch without spaces: parentheses count at its ends only, so that `%(name)s` stays whole.
void add_tokens(std::vector<Token>& tokens, std::string_view stretch) {
    while (stretch.starts_with('(')) {
        tokens.push_back({Token::Kind::open, stretch.substr(0, 1)});
        stretch.remove_prefix(1);
    }
    std::size_t closed = 0;
    while (stretch.ends_with(')')) {
        stretch.remove_suffix(1);
        ++closed;
    }
    if (!stretch.empty()) tokens.push_back({kind_of(stretch), stretch});
    for (; closed > 0; --closed) tokens.push_back({Token::Kind::close, ")"});
}

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size();) {
        if (is_space(text[at])) {
            ++at;
            continue;
        }
        auto end = at;
        while (end < text.size() && !is_space(text[end])) ++end;
        add_tokens(tokens, text.substr(at, end - at));
        at = end;
    }
    tokens.push_back({Token::Kind::end, ""});
    return tokens;
}

PolicyTemplate parse_template(std::string_view text) {
    PolicyTemplate made;
    std::string literal;
    auto flush = [&] {
        if (!literal.empty()) made.pieces.push_back({false, std::exchange(literal, {})});
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            literal += text[at];
            continue;
        }
        if (text.substr(at).starts_with("%%")) {
            literal += text[at++];
            continue;
        }
        auto end = text.find(")s", at);
        if (!text.substr(at).starts_with("%(") || end == text.npos)
            throw InvalidValue(
                fmt::format("'{}': what follows % must read %(name)s, or %% for a "
                            "percent sign",
                            text));
        flush();
        made.pieces.push_back({true, std::string(text.substr(at + 2, end - at - 2))});
        at = end + 1;
    }
    flush();
    return made;
}

/// What Python reads as a literal: 'text', "text", a number, None, True, False.
std::optional<std::string_view> literal_of(std::string_view text) {
    bool quoted = text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0];
    if (quoted) return text.substr(1, text.size() - 2);
    bool number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    if (number || text == kNone || text == "True" || text == "False") return text;
    return std::nullopt;
}

PolicyCheck parse_one(std::string_view word) {
    if (word == "@") return {.kind = Kind::always};
    if (word == "!") return {.kind = Kind::never};
    auto colon = word.find(':');
    if (colon == word.npos)
        throw InvalidValue(
            fmt::format("'{}' is no check: write KIND:VALUE, such as role:admin, or @ or !", word));
    auto kind = word.substr(0, colon);
    auto value = word.substr(colon + 1);
    if (kind == "http" || kind == "https")
        throw InvalidValue(
            fmt::format("'{}': checks that ask another server are not supported", word));
    if (kind == "rule") return {.kind = Kind::rule, .name = std::string(value)};
    if (kind == "role") return {.kind = Kind::role, .text = parse_template(value)};
    if (auto literal = literal_of(kind))
        return {
            .kind = Kind::literal, .name = std::string(*literal), .text = parse_template(value)};
    return {.kind = Kind::attribute, .name = std::string(kind), .text = parse_template(value)};
}

class Parser {
public:
    explicit Parser(std::string_view text) : tokens_(tokens_of(text)) {}

    PolicyCheck whole() {
        auto check = alternatives(0);
        if (here().kind != Token::Kind::end)
            throw InvalidValue(
                fmt::format("'{}' is not expected here: and, or, or the end is", here().text));
        return check;
    }

private:
    const Token& here() const { return tokens_[at_]; }

    bool take(Token::Kind kind) {
        if (here().kind != kind) return false;
        ++at_;
        return true;
    }

    PolicyCheck alternatives(std::size_t depth) {
        PolicyCheck any{.kind = Kind::any_of};
        do any.parts.push_back(conjunction(depth));
        while (take(Token::Kind::word_or));
        return only(std::move(any));
    }

    PolicyCheck conjunction(std::size_t depth) {
        PolicyCheck all{.kind = Kind::all_of};
        do all.parts.push_back(operand(depth));
        while (take(Token::Kind::word_and));
        return only(std::move(all));
    }

    PolicyCheck operand(std::size_t depth) {
        if (depth > kDeepest) throw InvalidValue("parentheses and not are nested too deep");
        if (take(Token::Kind::word_not)) {
            PolicyCheck negation{.kind = Kind::negation};
            negation.parts.push_back(operand(depth + 1));
            return negation;
        }
        if (take(Token::Kind::open)) {
            auto inner = alternatives(depth + 1);
            if (!take(Token::Kind::close)) throw InvalidValue("a closing parenthesis is missing");
            return inner;
        }
        auto token = here();
        if (!take(Token::Kind::check))
            throw InvalidValue(
                token.kind == Token::Kind::end
                    ? std::string("a check is missing at the end")
                    : fmt::format("a check is expected where '{}' stands", token.text));
        return parse_one(token.text);
    }

    static PolicyCheck only(PolicyCheck group) {
        if (group.parts.size() > 1) return group;
        auto part = std::move(group.parts[0]);
        return part;
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

}  // namespace

bool PolicyCheck::holds(const PolicyQuestion& question) const {
    auto part_holds = [&](const PolicyCheck& part) { return part.holds(question); };
    switch (kind) {
        case Kind::always:
            return true;
        case Kind::never:
            return false;
        case Kind::all_of:
            return std::ranges::all_of(parts, part_holds);
        case Kind::any_of:
            return std::ranges::any_of(parts, part_holds);
        case Kind::negation:
            return !parts[0].holds(question);
        case Kind::role:
            return any_equals(text, question.caller.roles, question, Case::ignored);
        case Kind::rule:
            return target && target->holds(question);
        case Kind::attribute:
            return attribute_equals(*this, question);
        case Kind::literal:
            return equals(text, name, question, Case::matters, kNone);
    }
    return false;
}

PolicyCheck parse_policy_check(std::string_view text) {
    if (text.empty()) return {.kind = Kind::always};
    return Parser(text).whole();
}

}  // namespace ferrite::api
