#pragma once

#include <string_view>
#include <vector>

#include "base/task.h"
#include "conductor/inspection_hooks.h"
#include "conductor/rule_call.h"
#include "model/inspection_rule.h"
#include "store/sql.h"

namespace ferrite::conductor {

/// The stored rules of a phase ("main"), the highest priority first; inside `Store::read`.
std::vector<model::InspectionRule> inspection_rules(store::Sql& db, std::string_view phase);

/// Carries out the actions of those rules whose conditions all hold, in the order of the rules
/// (reference: conductor.md section 10.4). What they change is in `inspected`: node, ports and
/// plugin data. Throws Error that names the rule when a rule says that the inspection has failed,
/// or can not be carried out. Of a sensitive rule nothing but its UUID gets into errors and the
/// log. `inspected` and `fetch`, for rules that call others, outlive the task.
Task<> apply_inspection_rules(std::vector<model::InspectionRule> rules, Inspected* inspected,
                              const Fetch* fetch);

}  // namespace ferrite::conductor
