#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/policy_check.h"
#include "api/policy_options.h"
#include "api/policy_table.h"

namespace ferrite::api {

/// One rule of the operator's.
struct PolicyOverride {
    std::string name;
    std::string check;
    std::string place;  ///< `/etc/ferrite/policy.yaml:12`
};

enum class PolicyVerdict { allowed, refused, wrong_scope };

/// All rules of one moment: the table of policy_table.h with the operator's overrides in it.
/// Immutable; any number of threads may ask.
///
///     PolicyRules rules(options, overrides);
///     if (rules.decide("node:update", caller, target) != PolicyVerdict::allowed) ...
class PolicyRules {
public:
    /// Throws InvalidValue that names the place of the rule that can not be: bad grammar, a
    /// reference to a rule that does not exist, rules that refer to each other in a circle.
    PolicyRules(const PolicyOptions& options, std::span<const PolicyOverride> overrides);
    PolicyRules(const PolicyRules&) = delete;
    PolicyRules& operator=(const PolicyRules&) = delete;

    /// Whether `caller` may use `operation` (a rule's name behind `baremetal:`) on `target`. A rule
    /// that does not exist refuses everybody.
    PolicyVerdict decide(std::string_view operation, const Identity& caller,
                         const PolicyTarget& target) const;

    /// The same for a rule without `baremetal:` (show_password), whatever the scope of the caller.
    bool holds(std::string_view rule, const Identity& caller, const PolicyTarget& target) const;

    /// Where `operation` is checked; `service` for one that does not exist.
    PolicySubject subject(std::string_view operation) const;
    bool defines(std::string_view operation) const;

    /// The overrides whose names begin with `baremetal:` and that nothing here asks for: most
    /// likely mistyped.
    const std::vector<PolicyOverride>& unknown() const { return unknown_; }

private:
    struct Rule {
        PolicyCheck check;
        std::string place;  ///< For messages.
        PolicySubject subject = PolicySubject::service;
        PolicyScopes scopes = PolicyScopes::any;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    using Rules = std::unordered_map<std::string, Rule, Hash, std::equal_to<>>;
    using Path = std::vector<std::string_view>;

    Rules& place_of(std::string_view& name);
    void add(const PolicyRow& row, bool with_former);
    void add(const PolicyOverride& override_of);
    void resolve(PolicyCheck& check, const std::string& place, Path& path);
    static const Rule* find(const Rules& rules, std::string_view name);

    Rules operations_;  ///< By the name behind `baremetal:`.
    Rules others_;
    std::vector<PolicyOverride> unknown_;
    std::optional<std::string> service_project_;
    bool enforce_scope_;
};

}  // namespace ferrite::api
