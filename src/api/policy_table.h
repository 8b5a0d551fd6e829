#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ferrite::api {

/// For what a token may be that uses a rule, while `[oslo_policy]enforce_scope` is on.
enum class PolicyScopes : std::uint8_t {
    any,  ///< System or a project.
    system,
};

/// What a rule has to know beside the caller, and so where it is checked.
enum class PolicySubject : std::uint8_t {
    service,     ///< Nothing: before the handler runs.
    list,        ///< Every row: it becomes a condition of the query (access.h).
    node,        ///< A node, its ports and what else belongs to it: where that is found.
    allocation,  ///< An allocation: where that is found.
    runbook,     ///< A runbook: where that is found.
};

/// One rule and what it says unless the operator's policy file says otherwise.
struct PolicyRow {
    std::string_view name;   ///< Whole, with `baremetal:` where it has that.
    std::string_view check;  ///< Grammar: policy_check.h.
    PolicySubject subject = PolicySubject::service;
    PolicyScopes scopes = PolicyScopes::any;
    /// What passes as well while `[oslo_policy]enforce_new_defaults` is off: the rule's meaning
    /// before roles had scopes.
    std::string_view former = {};
};

/// Every rule of the service (reference: api.md section 23.4).
std::span<const PolicyRow> policy_table();

}  // namespace ferrite::api
