#pragma once

#include <memory>
#include <string_view>

#include "api/identity.h"
#include "api/policy.h"
#include "model/node.h"

namespace ferrite::api {

/// Whether the policy decides what a caller may do, or he may do everything: noauth and http_basic
/// know no roles.
enum class Enforcement { off, on };

/// What the caller of one request may do.
///
///     if (!call.access.may("node:update", target_of(node))) ...
///     call.access.require("port:create", target_of(node));
class Access {
public:
    Access() = default;
    Access(const Policy& policy, std::shared_ptr<const Identity> identity, Enforcement enforcement);

    bool enforced() const { return rules_ != nullptr; }
    const Identity& identity() const { return *identity_; }

    /// Whether the caller may use `rule`, a name of policy_table.h behind `baremetal:`. Always true
    /// where nothing is enforced.
    bool may(std::string_view rule, const PolicyTarget& target = {}) const;

    /// Throws a 403 that names the rule unless the caller may use it.
    void require(std::string_view rule, const PolicyTarget& target = {}) const;

    /// The same for a rule that exists only where an operator defined it: else everybody may.
    void require_if_defined(std::string_view rule, const PolicyTarget& target = {}) const;

    /// Whether the rule `show_password` or `show_instance_secrets` lets the caller see secrets.
    /// They hold whatever the authentication strategy.
    bool reveals(std::string_view rule, const PolicyTarget& target = {}) const;

    /// Where `rule` is checked; only for an enforced access.
    PolicySubject subject(std::string_view rule) const { return rules_->subject(rule); }

private:
    const Policy* policy_ = nullptr;
    const PolicyRules* rules_ = nullptr;  ///< Set where they are enforced.
    std::shared_ptr<const Identity> identity_;
};

/// What rules look at in a node; valid as long as the node.
inline PolicyTarget target_of(const model::Node& node) {
    return {.kind = "node", .owner = node.owner, .lessee = node.lessee};
}

/// The same for something that has no lessee: "allocation", "runbook".
inline PolicyTarget target_of(std::string_view kind, const std::optional<std::string>& owner) {
    return {.kind = kind, .owner = owner};
}

}  // namespace ferrite::api
