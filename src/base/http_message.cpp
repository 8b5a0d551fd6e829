#include "base/http_message.h"

#include <algorithm>

namespace ferrite {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// RFC 3986 section 2.3.
bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string_view HttpHeaders::get(std::string_view name) const {
    for (const auto& [field, value] : fields_) {
        if (same_name(field, name)) return value;
    }
    return {};
}

bool HttpHeaders::has(std::string_view name) const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const Field& field) { return same_name(field.first, name); });
}

void HttpHeaders::set(std::string_view name, std::string value) {
    std::string owned_name(name);  // `name` may point into a field that goes away
    std::erase_if(fields_, [&](const Field& field) { return same_name(field.first, owned_name); });
    add(std::move(owned_name), std::move(value));
}

void HttpHeaders::add(std::string name, std::string value) {
    constexpr std::size_t kUsual = 8;
    if (fields_.empty()) fields_.reserve(kUsual);
    fields_.emplace_back(std::move(name), std::move(value));
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query, bool* ok) {
    std::vector<std::pair<std::string, std::string>> parameters;
    if (ok) *ok = true;
    while (!query.empty()) {
        auto end = std::min(query.find('&'), query.size());
        auto word = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (word.empty()) continue;

        auto equals = word.find('=');
        auto name = percent_decode(word.substr(0, equals), true);
        auto value = percent_decode(equals == word.npos ? "" : word.substr(equals + 1), true);
        if (!name || !value) {
            if (ok) *ok = false;
            return {};
        }
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    bool plain = text.find('%') == text.npos && (!plus_is_space || text.find('+') == text.npos);
    if (plain) return std::string(text);
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            int high = hex_digit(text[i + 1]);
            int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            decoded += static_cast<char>(high << 4 | low);
            i += 2;
        }
    }
    return decoded;
}

std::string percent_encode(std::string_view text) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
            continue;
        }
        auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += kDigits[byte >> 4];
        encoded += kDigits[byte & 15];
    }
    return encoded;
}

}  // namespace ferrite
