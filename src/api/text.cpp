#include "api/text.h"

#include <algorithm>
#include <array>

namespace ferrite::api {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    auto first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string> comma_separated(std::string_view text) {
    std::vector<std::string> words;
    for (auto part : split(text, ',')) {
        std::string word(trimmed(part));
        if (!word.empty() && std::ranges::find(words, word) == words.end())
            words.push_back(std::move(word));
    }
    return words;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::optional<bool> boolean_word(std::string_view text) {
    constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "true", "y", "yes", "on"};
    constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "false", "n", "no", "off"};
    auto word = lower_case(trimmed(text));
    if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
    return std::nullopt;
}

}  // namespace ferrite::api
