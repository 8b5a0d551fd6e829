#include "api/policy_file.h"

#include <algorithm>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "base/error.h"

namespace ferrite::api {
namespace {

constexpr std::size_t kLongestFile = 1 << 20;  ///< Bytes; some hundred times the usual.
constexpr std::size_t kDeepestNesting = 64;

std::string place(const std::string& file, const YAML::Mark& mark) {
    return fmt::format("{}:{}", file, mark.line + 1);
}

/// `["a", ["b", "c"]]` is `a or (b and c)`.
std::string text_of_list(const YAML::Node& list, std::string_view file) {
    std::string any;
    for (const auto& group : list) {
        std::string all;
        if (group.IsScalar()) all = group.Scalar();
        if (group.IsSequence())
            for (const auto& check : group) {
                if (!check.IsScalar())
                    throw InvalidValue(
                        fmt::format("{}: a list of checks may hold lists of texts, "
                                    "and no deeper ones.",
                                    place(std::string(file), check.Mark())));
                all += (all.empty() ? "" : " and ") + check.Scalar();
            }
        if (all.empty()) continue;
        any += (any.empty() ? "(" : " or (") + all + ")";
    }
    return any;
}

std::string check_text(const YAML::Node& value, const std::string& file, std::string_view name) {
    if (value.IsNull()) return "";
    if (value.IsScalar()) return value.Scalar();
    if (value.IsSequence()) return text_of_list(value, file);
    throw InvalidValue(fmt::format("{}: the policy rule {} must be a text such as \"role:admin\".",
                                   place(file, value.Mark()), name));
}

/// The library reads nested lists by recursion; a text may not drive it too deep.
void check_nesting(const std::string& text, const std::string& file) {
    std::size_t line = 1, depth = 0, indents = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '\n') ++line, indents = 0;
        if (c == '[' || c == '{') ++depth;
        if ((c == ']' || c == '}') && depth > 0) --depth;
        bool entry = (c == '-' || c == '?' || c == ':') && at + 1 < text.size() &&
                     (text[at + 1] == ' ' || text[at + 1] == '\t' || text[at + 1] == '\n');
        if (entry) ++indents;
        if (depth + indents > kDeepestNesting)
            throw InvalidValue(
                fmt::format("{}:{}: lists and mappings are nested too deep.", file, line));
    }
}

}  // namespace

std::vector<PolicyOverride> parse_policy_file(const std::string& text, const std::string& file) {
    if (text.size() > kLongestFile)
        throw InvalidValue(
            fmt::format("{}: the policy file is larger than {} MiB.", file, kLongestFile >> 20));
    check_nesting(text, file);
    std::vector<PolicyOverride> rules;
    try {
        auto document = YAML::Load(text);
        if (document.IsNull()) return rules;
        if (!document.IsMap())
            throw InvalidValue(
                fmt::format("{}: a policy file maps names of rules to checks, a line each.",
                            place(file, document.Mark())));
        for (const auto& entry : document) {
            const auto& key = entry.first;
            if (!key.IsScalar())
                throw InvalidValue(
                    fmt::format("{}: the name of a rule must be a text.", place(file, key.Mark())));
            rules.push_back({.name = key.Scalar(),
                             .check = check_text(entry.second, file, key.Scalar()),
                             .place = place(file, key.Mark())});
        }
    } catch (const YAML::Exception& problem) {
        throw InvalidValue(
            fmt::format("{}: this is no YAML: {}.", place(file, problem.mark), problem.msg));
    }
    return rules;
}

}  // namespace ferrite::api
