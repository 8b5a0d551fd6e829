#include "base/ini_file.h"

#include <algorithm>

#include <fmt/core.h>

namespace ferrite {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed_right(std::string_view text) {
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view trimmed(std::string_view text) {
    text = trimmed_right(text);
    return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view unquoted(std::string_view text) {
    bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                  text.front() == text.back();
    return quoted ? text.substr(1, text.size() - 2) : text;
}

class Parser {
public:
    explicit Parser(const std::string& file) : file_(file) {}

    void line(std::string_view text) {
        ++line_;
        text = trimmed_right(text);
        if (text.empty()) {
            value_is_open_ = false;
        } else if (kBlanks.find(text.front()) != kBlanks.npos) {
            continuation(trimmed(text));
        } else if (text.front() == '[') {
            head(text);
        } else if (text.front() != '#' && text.front() != ';') {
            assignment(text);
        } else {
            value_is_open_ = false;
        }
    }

    IniText take() { return std::move(result_); }

private:
    void continuation(std::string_view text) {
        if (!value_is_open_) {
            problem("the line begins with a space but there is no value above it to continue");
            return;
        }
        auto& value = result_.entries.back().value;
        if (!value.empty()) value += '\n';
        value += text;
    }

    void head(std::string_view text) {
        value_is_open_ = false;
        if (text.back() != ']') {
            problem("the section head has no closing bracket");
        } else if (auto name = trimmed(text.substr(1, text.size() - 2)); name.empty()) {
            problem("the section has no name");
        } else {
            section_ = name;
        }
    }

    void assignment(std::string_view text) {
        value_is_open_ = false;
        auto split = text.find_first_of("=:");
        if (split == text.npos) {
            problem("expected `name = value`");
            return;
        }
        std::string name(trimmed(text.substr(0, split)));
        if (name.empty()) {
            problem("there is no name in front of the value");
        } else if (section_.empty()) {
            problem(fmt::format("`{}` stands before the first [section]", name));
        } else {
            std::ranges::replace(name, '-', '_');
            std::string value(unquoted(trimmed(text.substr(split + 1))));
            result_.entries.push_back({section_, std::move(name), std::move(value), file_, line_});
            value_is_open_ = true;
        }
    }

    void problem(std::string_view text) {
        result_.problems.push_back(fmt::format("{}:{}: {}", file_, line_, text));
    }

    std::string file_;
    IniText result_;
    std::string section_;
    int line_ = 0;
    bool value_is_open_ = false;
};

}  // namespace

std::string IniEntry::place() const {
    return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

IniText parse_ini(std::string_view text, const std::string& file) {
    Parser parser(file);
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        parser.line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.take();
}

}  // namespace ferrite
