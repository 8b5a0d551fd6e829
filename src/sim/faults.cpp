#include "sim/faults.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::sim {
namespace {

constexpr FaultRow kRows[] = {
    {Fault::dead_bmc, "dead-bmc", false, "the BMC answers nothing"},
    {Fault::slow_bmc, "slow-bmc", true, "the BMC takes as long as given for each packet"},
    {Fault::wrong_password, "wrong-password", false, "the BMC has another password"},
    {Fault::stuck_bmc, "stuck-bmc", false, "the BMC takes power commands and does nothing"},
    {Fault::no_boot, "no-boot", false, "the machine never gets beyond its firmware"},
    {Fault::agent_hang, "agent-hang", false, "the agent reports once and never again"},
    {Fault::agent_crash, "agent-crash", false, "the agent is gone in the middle of its first step"},
    {Fault::bad_checksum, "bad-checksum", false, "the image has another checksum when written"},
};
constexpr Duration kDefaultDelay{3'000};

const FaultRow& row_of(std::string_view word) {
    for (const auto& row : kRows)
        if (row.word == word) return row;
    std::string known;
    for (const auto& row : kRows) known += fmt::format("{}{}", known.empty() ? "" : ", ", row.word);
    throw InvalidValue(fmt::format("There is no fault '{}'. There are: {}.", word, known));
}

/// The delay behind a colon, which only some faults have.
Duration delay_of(const FaultRow& row, std::optional<std::string_view> text) {
    if (!text) return row.has_delay ? kDefaultDelay : Duration(0);
    if (!row.has_delay)
        throw InvalidValue(
            fmt::format("Fault {} takes no delay; leave ':{}' out.", row.word, *text));
    return parse_duration(*text);
}

std::pair<std::string_view, std::optional<std::string_view>> split(std::string_view text, char at) {
    auto place = text.find(at);
    if (place == text.npos) return {text, std::nullopt};
    return {text.substr(0, place), text.substr(place + 1)};
}

unsigned machine_number(std::string_view text) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
        throw InvalidValue(fmt::format("'{}' is no machine number: they count from 1.", text));
    return number;
}

double share_of(std::string_view text) {
    double percent = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (error != std::errc() || end != text.data() + text.size() || !(percent >= 0) ||
        percent > 100)
        throw InvalidValue(fmt::format("'{}%' is no share from 0% to 100%.", text));
    return percent / 100;
}

std::vector<std::pair<unsigned, unsigned>> ranges_of(std::string_view text) {
    std::vector<std::pair<unsigned, unsigned>> ranges;
    for (std::optional<std::string_view> rest = text; rest;) {
        auto [item, more] = split(*rest, ',');
        auto [first, last] = split(item, '-');
        auto from = machine_number(first);
        auto to = last ? machine_number(*last) : from;
        if (to < from)
            throw InvalidValue(fmt::format("Machines '{}' end before they begin.", item));
        ranges.emplace_back(from, to);
        rest = more;
    }
    return ranges;
}

}  // namespace

std::span<const FaultRow> fault_rows() {
    return kRows;
}

void Faults::add(Fault fault, Duration delay) {
    bits_ |= bit(fault);
    if (fault == Fault::slow_bmc) delay_ = delay;
}

std::vector<std::string> Faults::words() const {
    std::vector<std::string> words;
    for (const auto& row : kRows) {
        if (!has(row.fault)) continue;
        words.emplace_back(row.word);
        if (row.has_delay) words.back() += fmt::format(":{}ms", delay_.count());
    }
    return words;
}

void parse_fault(std::string_view text, Faults& faults) {
    auto [word, delay] = split(text, ':');
    const auto& row = row_of(word);
    faults.add(row.fault, delay_of(row, delay));
}

FaultRule parse_fault_rule(std::string_view text) {
    auto [word, rest] = split(text, '=');
    const auto& row = row_of(word);
    if (!rest || rest->empty())
        throw InvalidValue(
            fmt::format("Fault '{}' does not say which machines have it: {}=1%, or {}=3,10-19.",
                        text, word, word));
    auto [machines, delay] = split(*rest, ':');
    FaultRule rule{.fault = row.fault, .delay = delay_of(row, delay)};
    if (machines.ends_with('%'))
        rule.share = share_of(machines.substr(0, machines.size() - 1));
    else
        rule.ranges = ranges_of(machines);
    return rule;
}

std::vector<Faults> draw_faults(const std::vector<FaultRule>& rules, unsigned machines,
                                std::uint64_t seed) {
    std::vector<unsigned> order(machines);
    std::iota(order.begin(), order.end(), 0u);
    Random random(mixed_seed(seed, 0));
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random.next() % i]);

    std::vector<Faults> faults(machines);
    std::size_t next = 0;
    for (const auto& rule : rules) {
        for (auto [first, last] : rule.ranges) {
            if (last > machines)
                throw InvalidValue(
                    fmt::format("There is no machine {} in a fleet of {}.", last, machines));
            for (auto number = first; number <= last; ++number)
                faults[number - 1].add(rule.fault, rule.delay);
        }
        auto count = static_cast<std::size_t>(std::llround(rule.share * machines));
        for (; count > 0; --count) faults[order[next++ % machines]].add(rule.fault, rule.delay);
    }
    return faults;
}

}  // namespace ferrite::sim
