#pragma once

#include "base/json.h"
#include "base/task.h"
#include "conductor/inspection_hooks.h"
#include "conductor/rule_call.h"

namespace ferrite::conductor {

/// Whether a rule may write what it says into the log.
enum class Speech { logged, silent };

/// Carries out one action of an inspection rule, once or for each item of its loop (reference:
/// conductor.md section 10.4). `scope` is what placeholders stand for. Throws Error when the rule
/// says that the inspection has failed, or when the action can not be carried out. `inspected` and
/// `fetch` outlive the task.
Task<> carry_out_action(Json action, JsonObject scope, Inspected* inspected, Speech speech,
                        const Fetch* fetch);

}  // namespace ferrite::conductor
