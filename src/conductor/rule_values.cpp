#include "conductor/rule_values.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::conductor {
namespace {

std::optional<std::size_t> index_in(std::string_view word) {
    std::size_t index = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    if (word.empty() || error != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    return index;
}

/// What `word` names in a container, which may be const; null when it names nothing.
template <class J>
J* step_into(J& value, std::string_view word) {
    if (auto* object = value.if_object()) return object->if_contains(word);
    auto* list = value.if_array();
    auto index = index_in(word);
    return list && index && *index < list->size() ? &(*list)[*index] : nullptr;
}

std::vector<std::string_view> words_of(std::string_view path) {
    std::vector<std::string_view> words;
    while (true) {
        auto end = path.find_first_of("./");
        if (end != 0 && !path.empty()) words.push_back(path.substr(0, end));
        if (end == path.npos) break;
        path.remove_prefix(end + 1);
    }
    if (words.empty()) throw InvalidValue("A rule names an empty path.");
    return words;
}

/// A placeholder without `!r` or `:>10` at its end. What is in brackets is a name: a MAC, say.
std::string_view without_format(std::string_view text) {
    int open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[') ++open;
        if (text[i] == ']') --open;
        if (open == 0 && (text[i] == '!' || text[i] == ':')) return text.substr(0, i);
    }
    return text;
}

/// The words of a placeholder: `inventory[cpu][count]` and `node.properties.cpu_arch`.
std::vector<std::string_view> words_of_placeholder(std::string_view text) {
    text = without_format(text);
    std::vector<std::string_view> words;
    while (!text.empty()) {
        auto end = text.find_first_of(".[]");
        if (end != 0) words.push_back(text.substr(0, end));
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
    }
    return words;
}

const Json* look_up(std::string_view placeholder, const JsonObject& scope) {
    auto words = words_of_placeholder(placeholder);
    if (words.empty()) return nullptr;
    const auto* place = scope.if_contains(words.front());
    for (std::size_t i = 1; place && i < words.size(); ++i) place = step_into(*place, words[i]);
    return place;
}

/// The text with its placeholders filled in; nothing when one leads nowhere or is not closed.
std::optional<Json> filled_in_text(std::string_view text, const JsonObject& scope) {
    std::string result;
    while (!text.empty()) {
        auto brace = text.find_first_of("{}");
        result += text.substr(0, brace);
        if (brace == text.npos) break;
        bool doubled = brace + 1 < text.size() && text[brace + 1] == text[brace];
        if (doubled || text[brace] == '}') {
            result += text[brace];
            text.remove_prefix(brace + (doubled ? 2 : 1));
            continue;
        }
        auto end = text.find('}', brace);
        if (end == text.npos) return std::nullopt;
        const auto* value = look_up(text.substr(brace + 1, end - brace - 1), scope);
        if (!value) return std::nullopt;
        bool is_all = brace == 0 && end + 1 == text.size() && result.empty();
        if (is_all) return *value;
        result += plain_text(*value);
        text.remove_prefix(end + 1);
    }
    return Json(result);
}

/// The container that holds the last word of the path; made on the way when `make` says so.
enum class Way { made, found };
Json* container_at(Json& document, const std::vector<std::string_view>& words, Way way) {
    auto* place = &document;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (place->is_null() && way == Way::made) *place = JsonObject();
        auto* next = step_into(*place, words[i]);
        if (!next && way == Way::made && place->is_object())
            next = &(place->as_object()[words[i]] = JsonObject());
        if (!next) return nullptr;
        place = next;
    }
    if (place->is_null() && way == Way::made) *place = JsonObject();
    return place;
}

/// The place itself, made as null when it is missing.
Json& place_at(Json& document, std::string_view path) {
    auto words = words_of(path);
    auto* container = container_at(document, words, Way::made);
    if (container && container->is_object()) return container->as_object()[words.back()];
    auto* place = container ? step_into(*container, words.back()) : nullptr;
    if (!place)
        throw InvalidValue(fmt::format("A rule names the path '{}', which can not be there.",
                                       path.substr(0, 200)));
    return *place;
}

}  // namespace

std::string plain_text(const Json& value) {
    return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

Json filled_in(const Json& value, const JsonObject& scope, const std::optional<Json>& missing) {
    if (value.is_string()) {
        auto text = std::string_view(value.get_string());
        if (text.find_first_of("{}") == text.npos) return value;
        if (auto found = filled_in_text(text, scope)) return std::move(*found);
        return missing.value_or(value);
    }
    if (value.is_array()) {
        JsonArray list;
        for (const auto& element : value.get_array())
            list.push_back(filled_in(element, scope, missing));
        return list;
    }
    if (!value.is_object()) return value;
    JsonObject object;
    for (const auto& entry : value.get_object())
        object[entry.key()] = filled_in(entry.value(), scope, missing);
    return object;
}

void set_at(Json& document, std::string_view path, Json value) {
    place_at(document, path) = std::move(value);
}

void extend_at(Json& document, std::string_view path, Json value, Repeats repeats) {
    auto& place = place_at(document, path);
    if (place.is_null()) place = JsonArray();
    if (!place.is_array())
        throw InvalidValue(
            fmt::format("A rule extends '{}', which is no list.", path.substr(0, 200)));
    auto& list = place.as_array();
    if (repeats == Repeats::left_out && std::ranges::find(list, value) != list.end()) return;
    list.push_back(std::move(value));
}

void erase_at(Json& document, std::string_view path) {
    auto words = words_of(path);
    auto* container = container_at(document, words, Way::found);
    if (!container) return;
    if (auto* object = container->if_object()) object->erase(words.back());
    auto* list = container->if_array();
    auto index = index_in(words.back());
    if (list && index && *index < list->size()) list->erase(list->begin() + *index);
}

std::string_view first_word(std::string_view path) {
    return words_of(path).front();
}

}  // namespace ferrite::conductor
