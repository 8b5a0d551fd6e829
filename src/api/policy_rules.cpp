#include "api/policy_rules.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::api {
namespace {

constexpr std::string_view kPrefix = "baremetal:";
/// Rules of this name are asked for when the operator defines them, and only then.
constexpr std::string_view kStepRules = "baremetal:step:execute:";

/// A token for a domain, or for nothing, suits no rule.
bool suits(PolicyScopes scopes, const Identity& caller) {
    if (!caller.system_scope.empty()) return true;
    return scopes == PolicyScopes::any && !caller.project_id.empty();
}

PolicyCheck parse_at(std::string_view place, std::string_view name, std::string_view text) {
    try {
        return parse_policy_check(text);
    } catch (const InvalidValue& problem) {
        throw InvalidValue(fmt::format("{}: the policy rule {} can not be read: {}.", place, name,
                                       problem.message()));
    }
}

}  // namespace

PolicyRules::PolicyRules(const PolicyOptions& options, std::span<const PolicyOverride> overrides)
    : service_project_(options.service_project), enforce_scope_(options.enforce_scope) {
    for (const auto& row : policy_table()) add(row, !options.enforce_new_defaults);
    for (const auto& rule : overrides) add(rule);
    for (auto* rules : {&operations_, &others_})
        for (auto& [name, rule] : *rules) {
            Path path;
            resolve(rule.check, rule.place, path);
        }
}

PolicyVerdict PolicyRules::decide(std::string_view operation, const Identity& caller,
                                  const PolicyTarget& target) const {
    const auto* rule = find(operations_, operation);
    if (!rule) return PolicyVerdict::refused;
    if (enforce_scope_ && !suits(rule->scopes, caller)) return PolicyVerdict::wrong_scope;
    return rule->check.holds({caller, target, service_project_}) ? PolicyVerdict::allowed
                                                                 : PolicyVerdict::refused;
}

bool PolicyRules::holds(std::string_view name, const Identity& caller,
                        const PolicyTarget& target) const {
    const auto* rule = find(others_, name);
    return rule && rule->check.holds({caller, target, service_project_});
}

PolicySubject PolicyRules::subject(std::string_view operation) const {
    const auto* rule = find(operations_, operation);
    return rule ? rule->subject : PolicySubject::service;
}

bool PolicyRules::defines(std::string_view operation) const {
    return find(operations_, operation) != nullptr;
}

/// Which of the two maps has `name`, from which the prefix is cut.
PolicyRules::Rules& PolicyRules::place_of(std::string_view& name) {
    if (!name.starts_with(kPrefix)) return others_;
    name.remove_prefix(kPrefix.size());
    return operations_;
}

void PolicyRules::add(const PolicyRow& row, bool with_former) {
    auto text = std::string(row.check);
    if (with_former && !row.former.empty() && !text.empty())
        text = fmt::format("({}) or ({})", row.check, row.former);
    auto name = row.name;
    auto& rules = place_of(name);
    rules[std::string(name)] = {.check = parse_at("built in", row.name, text),
                                .place = "built in",
                                .subject = row.subject,
                                .scopes = row.scopes};
}

void PolicyRules::add(const PolicyOverride& override_of) {
    std::string_view name = override_of.name;
    auto& rules = place_of(name);
    if (&rules == &operations_ && !rules.contains(name) &&
        !override_of.name.starts_with(kStepRules))
        unknown_.push_back(override_of);
    auto& rule = rules[std::string(name)];
    rule.check = parse_at(override_of.place, override_of.name, override_of.check);
    rule.place = override_of.place;
}

/// Lets every `rule:NAME` point at what it names. `path` is how this check was come to, so that a
/// circle is noticed.
void PolicyRules::resolve(PolicyCheck& check, const std::string& place, Path& path) {
    for (auto& part : check.parts) resolve(part, place, path);
    if (check.kind != PolicyCheck::Kind::rule) return;
    std::string_view name = check.name;
    auto& rules = place_of(name);
    auto found = rules.find(name);
    if (found == rules.end())
        throw InvalidValue(
            fmt::format("{}: rule:{} names a policy rule that does not exist.", place, check.name));
    if (std::ranges::find(path, check.name) != path.end())
        throw InvalidValue(
            fmt::format("{}: the policy rule {} refers to itself, by way of others "
                        "or directly.",
                        place, check.name));
    check.target = &found->second.check;
    path.push_back(check.name);
    resolve(found->second.check, found->second.place, path);
    path.pop_back();
}

const PolicyRules::Rule* PolicyRules::find(const Rules& rules, std::string_view name) {
    auto found = rules.find(name);
    return found == rules.end() ? nullptr : &found->second;
}

}  // namespace ferrite::api
