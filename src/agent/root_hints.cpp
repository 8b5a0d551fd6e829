#include "agent/root_hints.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include <fmt/core.h>

#include "agent/agent_error.h"

namespace ferrite::agent {
namespace {

using Values = std::vector<std::optional<std::string>>;

struct HintKind {
    std::string_view name;
    HintTest::Kind kind;
    /// What the disk has to compare; any of several values may satisfy the hint.
    Values (*values)(const Disk&);
};

constexpr auto kText = HintTest::Kind::text;
constexpr auto kNumber = HintTest::Kind::number;

const HintKind kHintKinds[] = {
    {"size", kNumber,
     [](const Disk& d) {
         return Values{fmt::format("{:.17g}", static_cast<double>(d.size) / (1ull << 30))};
     }},
    {"model", kText, [](const Disk& d) { return Values{d.model}; }},
    {"vendor", kText, [](const Disk& d) { return Values{d.vendor}; }},
    {"serial", kText, [](const Disk& d) { return Values{d.serial}; }},
    {"wwn", kText,
     [](const Disk& d) {
         return d.wwn_base && d.wwn_base != d.wwn ? Values{d.wwn, d.wwn_base} : Values{d.wwn};
     }},
    {"wwn_with_extension", kText, [](const Disk& d) { return Values{d.wwn_with_extension}; }},
    {"wwn_vendor_extension", kText, [](const Disk& d) { return Values{d.wwn_vendor_extension}; }},
    {"name", kText, [](const Disk& d) { return Values{d.name}; }},
    {"hctl", kText, [](const Disk& d) { return Values{d.hctl}; }},
    {"by_path", kText, [](const Disk& d) { return Values{d.by_path}; }},
    {"tran", kText, [](const Disk& d) { return Values{d.transport}; }},
    {"rotational", kText, [](const Disk& d) { return Values{d.rotational ? "true" : "false"}; }},
};

// Longest first, so that a prefix never wins over the operator that was meant.
constexpr std::string_view kOperators[] = {
    "<range-in>", "<all-in>", "<in>", "<or>", "s==", "s!=", "s<=", "s>=", "s<",
    "s>",         "==",       "!=",   "<=",   ">=",  "<",   ">",   "="};

const HintKind& kind_of(std::string_view name) {
    for (const auto& kind : kHintKinds)
        if (kind.name == name) return kind;
    throw InvalidValue(fmt::format("root device hint \"{}\" is not known", name));
}

std::string normal(std::string_view text) {
    return lower_case(trimmed(text));
}

std::optional<double> as_number(std::string_view text) {
    auto copy = trimmed(text);
    if (copy.empty()) return std::nullopt;
    char* end = nullptr;
    double value = std::strtod(copy.c_str(), &end);
    if (*end != 0 || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        auto start = text.find_first_not_of(" \t");
        if (start == text.npos) return words;
        text.remove_prefix(start);
        auto end = std::min(text.find_first_of(" \t"), text.size());
        words.push_back(normal(text.substr(0, end)));
        text.remove_prefix(end);
    }
}

/// The operands of `<or> a <or> b`, where the first `<or>` is already gone.
std::vector<std::string> split_alternatives(std::string_view text) {
    std::vector<std::string> alternatives;
    while (true) {
        auto next = text.find("<or>");
        alternatives.push_back(normal(text.substr(0, next)));
        if (next == text.npos) return alternatives;
        text.remove_prefix(next + 4);
    }
}

std::string_view operator_at_start(std::string_view hint) {
    for (auto op : kOperators) {
        if (!hint.starts_with(op)) continue;
        // "s" begins many ordinary texts, so the text operators must stand apart.
        bool stands_apart = hint.size() == op.size() || hint[op.size()] == ' ';
        if (op.starts_with('s') && !stands_apart) continue;
        return op;
    }
    return {};
}

bool is_range(const std::vector<std::string>& words) {
    if (words.size() != 4 || !as_number(words[1]) || !as_number(words[2])) return false;
    return (words[0] == "[" || words[0] == "(") && (words[3] == "]" || words[3] == ")");
}

bool in_range(double value, const std::vector<std::string>& words) {
    double low = *as_number(words[1]);
    double high = *as_number(words[2]);
    bool above = words[0] == "[" ? value >= low : value > low;
    bool below = words[3] == "]" ? value <= high : value < high;
    return above && below;
}

template <typename T>
bool compare(std::string_view op, const T& value, const T& operand) {
    if (op == "==") return value == operand;
    if (op == "!=") return value != operand;
    if (op == "<") return value < operand;
    if (op == "<=") return value <= operand;
    if (op == ">") return value > operand;
    return value >= operand;  // ">=" and, by an old promise, "="
}

std::string hint_text(std::string_view name, const Json& value) {
    if (value.is_string()) return std::string(value.as_string());
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    if (value.is_number()) return to_text(value);
    throw InvalidValue(
        fmt::format("root device hint \"{}\" must be text, a number or a boolean", name));
}

std::string boolean_text(const std::string& text) {
    auto word = normal(text);
    for (auto yes : {"1", "true", "on", "yes", "t", "y"})
        if (word == yes) return "true";
    for (auto no : {"0", "false", "off", "no", "f", "n"})
        if (word == no) return "false";
    throw InvalidValue(fmt::format("root device hint \"rotational\": \"{}\" is no boolean", text));
}

const Json& hints_of(const Json& node) {
    const Json& chosen = member(member(node, "instance_info"), "root_device");
    if (chosen.is_object() && !chosen.as_object().empty()) return chosen;
    return member(member(node, "properties"), "root_device");
}

}  // namespace

HintTest HintTest::parse(std::string_view hint, Kind kind) {
    auto text = trimmed(hint);
    auto op = operator_at_start(text);
    std::string_view rest = std::string_view(text).substr(op.size());
    HintTest test;
    test.operator_ = op.empty() ? (kind == Kind::number ? "==" : "s==") : std::string(op);
    if (op == "<or>") {
        test.operands_ = split_alternatives(rest);
    } else if (op == "<range-in>" || op == "<all-in>") {
        test.operands_ = split_words(rest);
    } else {
        test.operands_ = {normal(rest)};
    }
    bool text_operator = test.operator_.starts_with('s') || test.operator_.starts_with("<in") ||
                         op == "<or>" || op == "<all-in>";
    bool well_formed = op == "<range-in>" ? is_range(test.operands_)
                                          : text_operator || as_number(test.operands_.front());
    if (!well_formed || test.operands_.empty() || test.operands_.front().empty())
        throw InvalidValue(fmt::format("root device hint \"{}\" has a malformed value", text));
    return test;
}

bool HintTest::holds(std::string_view raw_value) const {
    const std::string value = normal(raw_value);
    const std::string& operand = operands_.front();
    if (operator_ == "<in>") return value.find(operand) != std::string::npos;
    if (operator_ == "<or>") return std::ranges::find(operands_, value) != operands_.end();
    if (operator_ == "<all-in>")
        return std::ranges::all_of(operands_, [&](auto& word) { return value == word; });
    if (operator_.starts_with('s')) return compare(operator_.substr(1), value, operand);
    auto number = as_number(value);
    if (!number) return false;
    if (operator_ == "<range-in>") return in_range(*number, operands_);
    return compare(operator_, *number, *as_number(operand));
}

RootHints RootHints::parse(const Json& hints) {
    RootHints parsed;
    if (hints.is_null()) return parsed;
    if (!hints.is_object()) throw InvalidValue("root device hints must be an object");
    for (const auto& [key, value] : hints.as_object()) {
        const auto& kind = kind_of(key);
        auto text = hint_text(key, value);
        if (kind.name == "rotational") text = boolean_text(text);
        parsed.hints_.push_back({std::string(key), HintTest::parse(text, kind.kind)});
    }
    return parsed;
}

bool RootHints::match(const Disk& disk) const {
    return std::ranges::all_of(hints_, [&](const Hint& hint) {
        return std::ranges::any_of(kind_of(hint.name).values(disk), [&](const auto& value) {
            // An attribute that the disk lacks compares as the word "none", as operators know it.
            return hint.test.holds(value.value_or("none"));
        });
    });
}

std::vector<Disk> without_skipped(std::vector<Disk> disks, const Json& node) {
    const Json& list = member(member(node, "properties"), "skip_block_devices");
    if (!list.is_array()) return disks;
    for (const auto& entry : list.as_array()) {
        // Entries by volume name speak of software RAID arrays, which are no disks here.
        if (!entry.is_object() || entry.as_object().contains("volume_name")) continue;
        auto hints = RootHints::parse(entry);
        if (hints.empty()) continue;
        std::erase_if(disks, [&](const Disk& disk) { return hints.match(disk); });
    }
    return disks;
}

Disk choose_root_disk(std::vector<Disk> disks, const Json& node, std::uint64_t minimum_bytes) {
    try {
        disks = without_skipped(std::move(disks), node);
        auto hints = RootHints::parse(hints_of(node));
        if (!hints.empty()) {
            for (auto& disk : disks)
                if (hints.match(disk)) return disk;
            throw AgentError(Fault::device_not_found,
                             fmt::format("No suitable device was found for deployment using these "
                                         "hints: {}",
                                         to_text(hints_of(node))));
        }
    } catch (const InvalidValue& error) {
        throw AgentError(Fault::device_not_found, error.message());
    }
    std::ranges::sort(disks, [](const Disk& a, const Disk& b) {
        return a.size != b.size ? a.size < b.size : a.name < b.name;
    });
    for (auto& disk : disks)
        if (disk.size >= minimum_bytes && !disk.read_only) return disk;
    throw AgentError(Fault::device_not_found,
                     fmt::format("No disk of at least {} MiB was found; give root device hints or "
                                 "check that the storage driver is in the ramdisk",
                                 minimum_bytes >> 20));
}

}  // namespace ferrite::agent
