#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ferrite::hardware {

/// In which operation a step belongs.
enum class StepKind { clean, deploy, service };

/// "clean", "deploy", "service": the word in field names and agent commands.
std::string_view to_text(StepKind kind);

/// One step of an operation as data: what the lists in `driver_internal_info` and the agent's
/// answers hold (reference: conductor.md section 9.3).
struct Step {
    std::string interface;  ///< "deploy", "power", ...
    std::string name;
    int priority = 0;  ///< Higher runs first; 0: only when asked for.
    bool abortable = false;
    bool requires_ramdisk = true;
    JsonObject args;
    Json argsinfo;
    bool on_children = false;           ///< Runs on the node's children instead of the node.
    std::vector<std::string> children;  ///< Their UUIDs; empty: all of them.

    /// "interface.step", as errors and templates write it.
    std::string id() const { return interface + "." + name; }
};

JsonObject to_json(const Step& step);
/// Reads what to_json writes, or what an agent or a user says; missing members have defaults.
Step step_from_json(const Json& value);

/// What a step came to when it returns.
enum class StepOutcome {
    done,  ///< Finished: the next one may begin.
    wait,  ///< Goes on elsewhere: the agent's next heartbeat looks again.
};

}  // namespace ferrite::hardware
