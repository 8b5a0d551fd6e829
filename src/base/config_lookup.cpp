#include "base/config_lookup.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite {
namespace {

constexpr int kMaxDepth = 10;
constexpr int kMaxReferences = 1000;
constexpr std::size_t kMaxExpanded = 64 * 1024;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// How many letters must be changed, added or left out to make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

bool begins_name(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

bool continues_name(char c) {
    return begins_name(c) || (c >= '0' && c <= '9') || c == '.';
}

}  // namespace

std::string section_key(std::string_view section) {
    std::string key(section);
    std::ranges::transform(key, key.begin(), lower);
    return key == "default" ? "DEFAULT" : key;
}

OptionNames::OptionNames(std::span<const Option> rows, std::span<const AcceptedSection> accepted) {
    for (const auto& option : rows) {
        options_.emplace(Name(option.section, option.name), &option);
        for (const auto& former : option.former_names)
            former_.emplace(Name(former.section, former.name), &option);
    }
    for (const auto& [section, names] : accepted) {
        for (std::size_t start = 0; start < names.size();) {
            auto end = std::min(names.find(' ', start), names.size());
            accepted_.emplace(section, names.substr(start, end - start));
            start = end + 1;
        }
    }
}

const Option* OptionNames::find(const std::string& section, const std::string& name) const {
    auto found = options_.find({section, name});
    return found == options_.end() ? nullptr : found->second;
}

const Option* OptionNames::find_former(const std::string& section, const std::string& name) const {
    auto found = former_.find({section, name});
    return found == former_.end() ? nullptr : found->second;
}

bool OptionNames::accepts(const std::string& section, const std::string& name) const {
    return accepted_.contains({section, name}) || accepted_.contains({section, "*"});
}

std::string OptionNames::suggestion(const std::string& section, const std::string& name) const {
    constexpr std::size_t kLongestName = 100;
    if (name.size() > kLongestName) return "";
    auto best_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
    Name best;
    auto consider = [&](const Name& candidate) {
        // The right name in the wrong section is as likely as one wrong letter.
        auto distance =
            edit_distance(name, candidate.second) + (candidate.first == section ? 0 : 1);
        if (distance >= best_distance) return;
        best_distance = distance;
        best = candidate;
    };
    for (const auto& [candidate, option] : options_) consider(candidate);
    for (const auto& candidate : accepted_)
        if (candidate.second != "*") consider(candidate);
    if (best.second.empty()) return "";
    return fmt::format("; did you mean [{}]{}?", best.first, best.second);
}

OptionValues::OptionValues(const OptionNames& names, std::span<const IniEntry> entries)
    : names_(names) {
    for (const auto& entry : entries) entries_[{section_key(entry.section), entry.name}] = &entry;
}

std::string OptionValues::expand(std::string_view text, const std::string& section) const {
    Expansion result;
    expand_into(result, text, section, 0);
    return std::move(result.out);
}

void OptionValues::expand_into(Expansion& result, std::string_view text, const std::string& section,
                               int depth) const {
    if (depth > kMaxDepth) throw InvalidValue("its $references go in a circle");
    while (!text.empty()) {
        if (text.starts_with("$$") || text.starts_with("\\$")) {
            result.out += '$';
            text.remove_prefix(2);
        } else if (text.front() == '$') {
            text.remove_prefix(expand_reference(result, text, section, depth));
        } else {
            auto end = std::min(text.find_first_of("$\\", 1), text.size());
            result.out += text.substr(0, end);
            text.remove_prefix(end);
        }
        if (result.out.size() > kMaxExpanded || result.references > kMaxReferences)
            throw InvalidValue("its $references make it too long");
    }
}

/// Replaces the reference that `rest` begins with; returns how many characters it took.
std::size_t OptionValues::expand_reference(Expansion& result, std::string_view rest,
                                           const std::string& section, int depth) const {
    bool braced = rest.starts_with("${");
    std::size_t start = braced ? 2 : 1;
    std::size_t end = start;
    while (end < rest.size() && (end == start ? begins_name(rest[end]) : continues_name(rest[end])))
        ++end;
    if (end == start || (braced && (end == rest.size() || rest[end] != '}'))) {
        result.out += '$';  // a dollar sign that begins no reference
        return 1;
    }
    auto reference = rest.substr(start, end - start);
    Found found;
    bool known = resolve(reference, section, found);
    if (!known && !braced) {
        // `$host.example.org`: the dot may belong to the text behind the reference.
        reference = reference.substr(0, reference.find('.'));
        end = start + reference.size();
        known = resolve(reference, section, found);
    }
    if (!known)
        throw InvalidValue(fmt::format(
            "${} refers to no option that has a value (write $$ for a dollar sign)", reference));
    ++result.references;
    expand_into(result, found.text, found.section, depth + 1);
    return end + (braced ? 1 : 0);
}

bool OptionValues::resolve(std::string_view reference, const std::string& section,
                           Found& found) const {
    auto dot = reference.find('.');
    if (dot != reference.npos)
        return look_up(section_key(reference.substr(0, dot)),
                       std::string(reference.substr(dot + 1)), found);
    std::string name(reference);
    return look_up(section, name, found) || look_up("DEFAULT", name, found);
}

bool OptionValues::look_up(const std::string& section, const std::string& name,
                           Found& found) const {
    if (auto entry = entries_.find({section, name}); entry != entries_.end()) {
        found = {section, entry->second->value};
        return true;
    }
    const auto* option = names_.find(section, name);
    if (option == nullptr) return false;
    found = {section, option->default_text};
    return true;
}

}  // namespace ferrite
