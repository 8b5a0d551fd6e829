#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/known_node.h"
#include "base/json.h"
#include "base/task.h"

namespace ferrite::agent {

class CommandBoard;

enum class StepKind { clean, deploy, service };

/// Something that can be asked for as a clean, deploy or service step. A priority that is absent
/// means the step is not offered for that kind; zero means only on request.
struct Step {
    std::string name;
    std::string interface = "deploy";
    std::optional<int> clean_priority = {};
    std::optional<int> deploy_priority = {};
    std::optional<int> service_priority = {};
    JsonObject arguments = {};  ///< name -> {description, required}; shown as `argsinfo`.
    /// Runs on the work threads and may block them.
    std::function<Task<Json>(Json node, JsonObject arguments)> run;
};

/// The steps of the agent and the six commands that list and run them (reference: agent.md
/// section 5).
///
///     StepBook steps(node);
///     steps.add({.name = "erase_devices", .clean_priority = 10, .run = ...});
///     steps.install(board);   // clean.get_clean_steps, clean.execute_clean_step, ...
class StepBook {
public:
    explicit StepBook(KnownNode& node) : node_(node) {}

    void add(Step step) { steps_.push_back(std::move(step)); }

    /// Adds the commands; the book must outlive the board.
    void install(CommandBoard& board);

    /// The result of a `get_*_steps` command; keeps the node that came with the question.
    JsonObject list(StepKind kind, const JsonObject& parameters);

    /// An `execute_*_step` command. Throws AgentError: unknown step, other version, failure.
    Task<Json> execute(StepKind kind, JsonObject parameters);

private:
    Task<Json> list_task(StepKind kind, JsonObject parameters);
    const Step& find(StepKind kind, std::string_view name) const;
    void keep_node(const JsonObject& parameters);

    KnownNode& node_;
    std::vector<Step> steps_;
};

}  // namespace ferrite::agent
