#include "base/options.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/core.h>

namespace ferrite {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    auto first = text.find_first_not_of(kBlanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Calls `use` with each trimmed, non-empty element of a comma-separated text.
template <typename Use>
void for_each_element(std::string_view text, Use use) {
    while (!text.empty()) {
        auto end = std::min(text.find(','), text.size());
        if (auto element = trimmed(text.substr(0, end)); !element.empty()) use(element);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// All of `text` as a number; nothing when anything is left over.
template <typename T, typename... Format>
std::optional<T> whole_number(std::string_view text, Format... format) {
    text = trimmed(text);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Adds the elements `key:value` of `text` to `map`; false when one has no colon.
bool add_pairs(TextMap& map, std::string_view text) {
    bool good = true;
    for_each_element(text, [&](std::string_view element) {
        auto colon = element.find(':');
        if (colon == element.npos) {
            good = false;
            return;
        }
        std::string key(trimmed(element.substr(0, colon)));
        map.insert_or_assign(std::move(key), std::string(trimmed(element.substr(colon + 1))));
    });
    return good;
}

std::string print_pairs(const TextMap& map) {
    std::string text;
    for (const auto& [key, value] : map) {
        if (!text.empty()) text += ',';
        text += fmt::format("{}:{}", key, value);
    }
    return text;
}

std::string print_list(const std::vector<std::string>& elements) {
    std::string text;
    for (const auto& element : elements) {
        if (!text.empty()) text += ',';
        text += element;
    }
    return text;
}

/// The same type, but an empty text is "not set".
template <typename T>
OptionType<std::optional<T>> or_unset(OptionType<T> type) {
    return {.allowed = type.allowed + ", or empty",
            .parse = [parse = type.parse](OptionTexts texts) -> std::optional<std::optional<T>> {
                if (trimmed(texts.back()).empty()) return std::optional<T>();
                auto value = parse(texts);
                if (!value) return std::nullopt;
                return std::optional<T>(*value);
            },
            .print =
                [print = type.print](const std::optional<T>& value) {
                    return value ? print(*value) : std::string();
                }};
}

}  // namespace

OptionType<std::string> text() {
    return {.allowed = "a text",
            .parse = [](OptionTexts texts) { return std::optional(texts.back()); },
            .print = [](const std::string& value) { return value; }};
}

OptionType<Secret> secret_text() {
    return {.allowed = "a text",
            .parse = [](OptionTexts texts) { return std::optional(Secret(texts.back())); },
            .print = [](const Secret& value) { return value.reveal(); },
            .secret = true};
}

OptionType<bool> flag() {
    auto parse = [](OptionTexts texts) -> std::optional<bool> {
        std::string word(trimmed(texts.back()));
        for (char& c : word)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        for (auto yes : {"1", "yes", "true", "on"})
            if (word == yes) return true;
        for (auto no : {"0", "no", "false", "off"})
            if (word == no) return false;
        return std::nullopt;
    };
    return {.allowed = "true or false", .parse = parse, .print = [](const bool& value) {
                return std::string(value ? "true" : "false");
            }};
}

OptionType<double> number(double min) {
    bool bounded = min > std::numeric_limits<double>::lowest();
    auto parse = [min](OptionTexts texts) -> std::optional<double> {
        auto value = whole_number<double>(texts.back(), std::chars_format::general);
        if (!value || !(*value >= min && *value <= std::numeric_limits<double>::max()))
            return std::nullopt;
        return value;
    };
    return {.allowed = bounded ? fmt::format("a number of at least {}", min) : "a number",
            .parse = parse,
            .print = [](const double& value) { return fmt::format("{}", value); }};
}

OptionType<std::vector<std::string>> list() {
    auto parse = [](OptionTexts texts) {
        std::vector<std::string> elements;
        for_each_element(texts.back(), [&](auto element) { elements.emplace_back(element); });
        return std::optional(std::move(elements));
    };
    return {.allowed = "a list separated by commas", .parse = parse, .print = print_list};
}

OptionType<std::vector<std::string>> multi_text() {
    auto parse = [](OptionTexts texts) {
        return std::optional(std::vector<std::string>(texts.begin(), texts.end()));
    };
    return {
        .allowed = "a text; may be repeated", .parse = parse, .print = print_list, .multi = true};
}

OptionType<TextMap> dict() {
    auto parse = [](OptionTexts texts) -> std::optional<TextMap> {
        TextMap map;
        if (!add_pairs(map, texts.back())) return std::nullopt;
        return map;
    };
    return {.allowed = "key:value pairs separated by commas", .parse = parse, .print = print_pairs};
}

OptionType<TextMap> multi_dict() {
    auto parse = [](OptionTexts texts) -> std::optional<TextMap> {
        TextMap map;
        for (const auto& given : texts)
            if (!add_pairs(map, given)) return std::nullopt;
        return map;
    };
    return {.allowed = "key:value pairs separated by commas; may be repeated",
            .parse = parse,
            .print = print_pairs,
            .multi = true};
}

OptionType<std::optional<std::uint32_t>> octal() {
    OptionType<std::uint32_t> mode{
        .allowed = "octal file permissions such as 0660",
        .parse = [](OptionTexts texts) -> std::optional<std::uint32_t> {
            auto value = whole_number<std::uint32_t>(texts.back(), 8);
            if (!value || *value > 07777) return std::nullopt;
            return value;
        },
        .print = [](const std::uint32_t& value) { return fmt::format("{:04o}", value); }};
    return or_unset(mode);
}

OptionType<std::int64_t> integer_between(std::int64_t min, std::int64_t max) {
    constexpr std::int64_t kNoMax = std::numeric_limits<std::int32_t>::max();
    constexpr std::int64_t kNoMin = std::numeric_limits<std::int32_t>::min();
    std::string allowed = "a whole number";
    if (min > kNoMin && max < kNoMax) {
        allowed += fmt::format(" from {} to {}", min, max);
    } else if (min > kNoMin) {
        allowed += fmt::format(" of at least {}", min);
    } else if (max < kNoMax) {
        allowed += fmt::format(" of at most {}", max);
    }
    auto parse = [min, max](OptionTexts texts) -> std::optional<std::int64_t> {
        auto value = whole_number<std::int64_t>(texts.back());
        if (!value || *value < min || *value > max) return std::nullopt;
        return value;
    };
    return {.allowed = allowed, .parse = parse, .print = [](const std::int64_t& value) {
                return fmt::format("{}", value);
            }};
}

OptionType<std::chrono::seconds> seconds(std::int64_t min, std::int64_t max) {
    auto count = integer_between(min, max);
    auto parse = [parse = count.parse](OptionTexts texts) -> std::optional<std::chrono::seconds> {
        auto value = parse(texts);
        if (!value) return std::nullopt;
        return std::chrono::seconds(*value);
    };
    return {.allowed = count.allowed + " (seconds)",
            .parse = parse,
            .print = [](const std::chrono::seconds& value) {
                return fmt::format("{}", value.count());
            }};
}

OptionType<std::optional<std::chrono::seconds>> optional_seconds(std::int64_t min) {
    return or_unset(seconds(min));
}

OptionType<std::optional<int>> optional_integer(int min) {
    return or_unset(integer<int>(min));
}

}  // namespace ferrite
