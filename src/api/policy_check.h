#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity.h"

namespace ferrite::api {

/// The thing that a caller wants to touch, as far as rules look at it.
struct PolicyTarget {
    std::string_view kind;  ///< "node", "allocation" or "runbook"; empty: nothing of anybody's.
    std::optional<std::string_view> owner;   ///< Project.
    std::optional<std::string_view> lessee;  ///< Project, of a node.
};

/// What a rule is asked: may this caller touch this thing?
struct PolicyQuestion {
    const Identity& caller;
    const PolicyTarget& target;
    /// `%(config.service_project_name)s`; nothing when the service role has no elevated access.
    const std::optional<std::string>& service_project;
};

/// A text with `%(name)s` in it, as the right side of a check has.
struct PolicyTemplate {
    struct Piece {
        bool is_name = false;
        std::string text;
    };
    std::vector<Piece> pieces;
};

/// A policy rule in the grammar of oslo.policy, ready to be asked:
///
///     role:admin and (project_id:%(node.owner)s or not system_scope:all)
///
/// Words: `@` always, `!` never, `role:NAME`, `rule:OTHER_RULE`, `ATTRIBUTE:TEXT` for an attribute
/// of the caller, `'LITERAL':TEXT`; `not` binds closer than `and`, `and` closer than `or`. An empty
/// text allows everybody.
struct PolicyCheck {
    enum class Kind { always, never, all_of, any_of, negation, role, rule, attribute, literal };

    Kind kind = Kind::never;
    std::vector<PolicyCheck> parts;       ///< Of all_of, any_of and negation.
    std::string name;                     ///< The rule, the attribute or the literal.
    PolicyTemplate text;                  ///< What it is compared with.
    const PolicyCheck* target = nullptr;  ///< Of a `rule`, when it was resolved.

    /// Answers without allocating. Every `rule` must have been resolved.
    bool holds(const PolicyQuestion& question) const;
};

/// Throws InvalidValue that says what is wrong where in the text.
PolicyCheck parse_policy_check(std::string_view text);

}  // namespace ferrite::api
