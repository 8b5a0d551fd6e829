#include "agent/step_book.h"

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "agent/command_board.h"

namespace ferrite::agent {
namespace {

// The names of the original's built-in set of steps, under which operators know them.
constexpr std::string_view kGroup = "GenericHardwareManager";
constexpr std::string_view kVersionKey = "generic_hardware_manager";
constexpr std::string_view kVersion = "1.2";

struct KindWords {
    std::string_view name;
    Fault failure;
    std::optional<int> Step::* priority;
};

const KindWords& words_of(StepKind kind) {
    static const KindWords kWords[] = {
        {"clean", Fault::cleaning, &Step::clean_priority},
        {"deploy", Fault::deployment, &Step::deploy_priority},
        {"service", Fault::servicing, &Step::service_priority},
    };
    return kWords[static_cast<int>(kind)];
}

JsonObject versions() {
    return {{kVersionKey, kVersion}};
}

JsonObject step_json(const Step& step, StepKind kind, int priority) {
    JsonObject json{{"step", step.name},
                    {"priority", priority},
                    {"interface", step.interface},
                    {"reboot_requested", false}};
    if (kind == StepKind::clean) json["abortable"] = true;
    if (!step.arguments.empty()) json["argsinfo"] = step.arguments;
    return json;
}

/// Arguments of the step itself win over those beside it in the command.
JsonObject merged_arguments(const JsonObject& parameters, const Json& step,
                            std::string_view version_key) {
    JsonObject arguments;
    for (const auto& [key, value] : parameters)
        if (key != "step" && key != "node" && key != "ports" && key != version_key)
            arguments[key] = value;
    if (const Json& own = member(step, "args"); own.is_object())
        for (const auto& [key, value] : own.as_object()) arguments[key] = value;
    return arguments;
}

}  // namespace

void StepBook::install(CommandBoard& board) {
    for (auto kind : {StepKind::clean, StepKind::deploy, StepKind::service}) {
        auto word = words_of(kind).name;
        auto get = [this, kind](JsonObject parameters) {
            return list_task(kind, std::move(parameters));
        };
        board.add(fmt::format("{0}.get_{0}_steps", word), {Command::Kind::sync, get});
        auto run = [this, kind](JsonObject parameters) {
            return execute(kind, std::move(parameters));
        };
        board.add(fmt::format("{0}.execute_{0}_step", word), {Command::Kind::async, run});
    }
}

JsonObject StepBook::list(StepKind kind, const JsonObject& parameters) {
    keep_node(parameters);
    JsonArray offered;
    for (const auto& step : steps_)
        if (auto priority = step.*words_of(kind).priority)
            offered.push_back(step_json(step, kind, *priority));
    return {
        {fmt::format("{}_steps", words_of(kind).name), JsonObject{{kGroup, std::move(offered)}}},
        {"hardware_manager_version", versions()}};
}

Task<Json> StepBook::list_task(StepKind kind, JsonObject parameters) {
    co_return list(kind, parameters);
}

Task<Json> StepBook::execute(StepKind kind, JsonObject parameters) {
    const auto& words = words_of(kind);
    keep_node(parameters);
    auto version_key = fmt::format("{}_version", words.name);
    const Json document(parameters);
    const Json& wanted = member(document, version_key);
    if (!wanted.is_null() && wanted != Json(versions()))
        throw AgentError(Fault::version_mismatch, "the steps were listed by another agent version");
    const Json step = member(document, "step");
    auto name = string_member(step, "step");
    if (name.empty())
        throw AgentError(Fault::command_failed,
                         fmt::format("Malformed {} step: no \"step\" key", words.name));
    const Step& found = find(kind, name);
    Json result;
    try {
        result = co_await found.run(node_.get(), merged_arguments(parameters, step, version_key));
    } catch (const AgentError&) {
        throw;
    } catch (const std::exception& error) {
        throw AgentError(words.failure,
                         fmt::format("Unexpected exception performing {} step {}. {}", words.name,
                                     name, error.what()));
    }
    // The step is echoed whole: the conductor tells by it which of its steps has ended.
    co_return JsonObject{{fmt::format("{}_result", words.name), std::move(result)},
                         {fmt::format("{}_step", words.name), step}};
}

const Step& StepBook::find(StepKind kind, std::string_view name) const {
    for (const auto& step : steps_)
        if (step.name == name && step.*words_of(kind).priority) return step;
    throw AgentError(Fault::unknown_step, fmt::format("Could not find method: {}", name));
}

void StepBook::keep_node(const JsonObject& parameters) {
    if (auto* node = parameters.if_contains("node"); node != nullptr && node->is_object())
        node_.set(*node);
}

}  // namespace ferrite::agent
