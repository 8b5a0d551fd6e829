#include "api/access.h"

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::api {

Access::Access(const Policy& policy, std::shared_ptr<const Identity> identity,
               Enforcement enforcement)
    : policy_(&policy),
      rules_(enforcement == Enforcement::on ? &policy.rules() : nullptr),
      identity_(std::move(identity)) {}

bool Access::may(std::string_view rule, const PolicyTarget& target) const {
    return !rules_ || rules_->decide(rule, *identity_, target) == PolicyVerdict::allowed;
}

void Access::require(std::string_view rule, const PolicyTarget& target) const {
    if (!rules_) return;
    auto verdict = rules_->decide(rule, *identity_, target);
    if (verdict == PolicyVerdict::allowed) return;
    throw Error(403, "not_authorized",
                verdict == PolicyVerdict::wrong_scope
                    ? fmt::format("Access to baremetal:{} is denied: it takes a token with system "
                                  "scope{}, and this one has another.",
                                  rule, identity_->project_id.empty() ? " or for a project" : "")
                    : fmt::format("Access to baremetal:{} is denied: the roles and the project of "
                                  "the token do not satisfy that policy rule.",
                                  rule));
}

void Access::require_if_defined(std::string_view rule, const PolicyTarget& target) const {
    if (rules_ && rules_->defines(rule)) require(rule, target);
}

bool Access::reveals(std::string_view rule, const PolicyTarget& target) const {
    return policy_->rules().holds(rule, *identity_, target);
}

}  // namespace ferrite::api
