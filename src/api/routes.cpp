#include "api/routes.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {

HttpResponse nothing_here(const Call& call) {
    throw NotFound(fmt::format("There is nothing at {}.", call.http.path.substr(0, 200)));
}

HttpResponse missing_ident(const Call& call) {
    throw InvalidValue(fmt::format("{} needs the identifier of one thing, behind {}/.",
                                   call.http.method, call.http.path.substr(0, 200)));
}

namespace {

enum class Fit { none, beginning, whole };

/// Compares words with a pattern; on a whole fit `captured` has what stood for its variable words.
Fit fit(std::string_view pattern, const std::vector<std::string>& words,
        std::vector<std::string>* captured) {
    std::size_t at = 0;
    while (!pattern.empty()) {
        auto expected = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(std::min(expected.size() + 1, pattern.size()));
        if (at == words.size()) return Fit::none;
        if (expected == "*") return Fit::whole;
        if (expected.starts_with('{')) {
            if (captured) captured->push_back(words[at]);
        } else if (expected != words[at]) {
            return Fit::none;
        }
        ++at;
    }
    return at == words.size() ? Fit::whole : Fit::beginning;
}

/// True for words that name a part of a thing, as `maintenance` does: routes for any word pass by.
bool names_a_part(const std::vector<std::string>& words) {
    return std::ranges::any_of(allowed_methods(), [&](const Allowed& row) {
        return row.pattern.contains("}/") && fit(row.pattern, words, nullptr) != Fit::none;
    });
}

RouterRefusal refuse_method(const std::vector<std::string>& words) {
    for (const auto& [pattern, methods] : allowed_methods())
        if (fit(pattern, words, nullptr) != Fit::none)
            return {.status = 405, .allow = std::string(methods), .with_allow = true};
    return {.status = 404};
}

}  // namespace

const Route* route_of(std::string_view method, std::string_view pattern) {
    for (const auto& route : routes())
        if (route.method == method && route.pattern == pattern) return &route;
    return nullptr;
}

std::optional<std::vector<std::string>> path_words(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path == "v1" || path == "v1/") return std::vector<std::string>();
    if (path.starts_with("v1/")) path.remove_prefix(3);
    if (path.ends_with('/')) path.remove_suffix(1);
    std::vector<std::string> words;
    for (auto word : split(path, '/')) {
        if (word.empty()) return std::nullopt;
        words.emplace_back(word);
    }
    return words;
}

RouteMatch find_route(std::string_view method, const std::vector<std::string>& words) {
    RouteMatch match;
    for (const auto& route : routes()) {
        if (route.method != method) continue;
        match.words.clear();
        if (fit(route.pattern, words, &match.words) != Fit::whole) continue;
        bool for_the_rest = route.pattern.ends_with("{field}") || route.pattern.ends_with("}/*");
        if (for_the_rest && names_a_part(words)) continue;
        match.route = &route;
        return match;
    }
    match.refusal = refuse_method(words);
    return match;
}

}  // namespace ferrite::api
