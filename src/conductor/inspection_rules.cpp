#include "conductor/inspection_rules.h"

#include <limits>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/rule_actions.h"
#include "conductor/rule_conditions.h"
#include "conductor/rule_rows.h"
#include "store/inspection_rules.h"

namespace ferrite::conductor {
namespace {

JsonObject scope_of(const Inspected& inspected) {
    return {{"node", document_for_rules(inspected.node)},
            {"inventory", inspected.inventory},
            {"plugin_data", inspected.plugin_data}};
}

bool holds(const model::InspectionRule& rule, const JsonObject& scope) {
    for (const auto& condition : rule.conditions.array())
        if (!condition_holds(condition, scope)) return false;
    return true;
}

/// An action sees what the ones before it have changed.
Task<> apply(model::InspectionRule rule, Inspected* inspected, const Fetch* fetch) {
    if (!holds(rule, scope_of(*inspected))) co_return;
    log_info("INSPECTION_RULE_APPLIED", "node={} rule={}", inspected->node.uuid, rule.uuid);
    auto speech = rule.sensitive ? Speech::silent : Speech::logged;
    const auto actions = rule.actions.array();
    for (const auto& action : actions)
        co_await carry_out_action(action, scope_of(*inspected), inspected, speech, fetch);
}

}  // namespace

std::vector<model::InspectionRule> inspection_rules(store::Sql& db, std::string_view phase) {
    std::vector<const model::Field<model::InspectionRule>*> fields;
    for (const auto& field : model::inspection_rule_fields())
        if (field.stored()) fields.push_back(&field);
    store::PageQuery query{.where = {{"phase = ?", {std::string(phase)}}},
                           .sort_key = "priority",
                           .descending = true,
                           .limit = std::numeric_limits<std::int64_t>::max()};
    std::vector<model::InspectionRule> rules;
    store::inspection_rules::page(
        db, query, fields, [&](const model::InspectionRule& rule) { rules.push_back(rule); });
    return rules;
}

Task<> apply_inspection_rules(std::vector<model::InspectionRule> rules, Inspected* inspected,
                              const Fetch* fetch) {
    for (const auto& rule : rules) {
        try {
            co_await apply(rule, inspected, fetch);
        } catch (Error& error) {
            // What it says, or could not do, is a part of what it hides.
            if (rule.sensitive)
                throw Error(500, "inspection_failed",
                            fmt::format("Inspection rule {}, which is sensitive, ended the "
                                        "inspection: look into its conditions and actions.",
                                        rule.uuid));
            error.within(fmt::format("Inspection rule {}", rule.uuid));
            throw;
        }
    }
}

}  // namespace ferrite::conductor
