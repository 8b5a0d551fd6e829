#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

/// The tables of facts beside the tests: what the API of the original does, a line each.
namespace ferrite::model {

inline std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// The parts of `text` between `separator`, trimmed; none for an empty text.
inline std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    if (trimmed(text).empty()) return parts;
    for (;;) {
        auto end = text.find(separator);
        parts.emplace_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + separator.size());
    }
}

/// The lines of a file of facts, without its comments.
inline std::vector<std::string> fact_lines(const std::string& name) {
    std::ifstream file(std::string(FERRITE_SOURCE_DIR) + "/tests/model/" + name);
    EXPECT_TRUE(file) << name << " can not be read";
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
    return lines;
}

}  // namespace ferrite::model
