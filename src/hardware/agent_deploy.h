#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hardware/agent_client.h"
#include "hardware/interfaces.h"
#include "hardware/power_action.h"

namespace ferrite::hardware {

/// What the deploy interfaces have in common that know the agent (reference: conductor.md sections
/// 8 and 9): they boot it to clean the node, and give it the steps that are its own.
class AgentDeploy : public DeployInterface {
public:
    struct Options {
        PowerTimeouts power;
        std::chrono::seconds soft_stop_limit{
            30};  ///< Until an agent that powers off counts as stuck.
        std::chrono::milliseconds poll_interval{1'000};
        std::string default_boot_mode = "uefi";
        /// Priorities of clean steps in place of the agent's own.
        std::optional<int> erase_devices_priority;
        std::optional<int> erase_devices_metadata_priority;
        /// driver_internal_info members that tell the agent how to erase.
        JsonObject erase_settings;
    };

    std::map<std::string, std::string> properties() const override;
    std::vector<Step> steps(const NodeContext& context, StepKind kind) const override;

    Task<> tear_down(NodeContext* context) override;
    Task<StepOutcome> prepare_cleaning(NodeContext* context) override;
    Task<> tear_down_cleaning(NodeContext* context) override;
    Task<StepOutcome> prepare_service(NodeContext* context) override;
    Task<> tear_down_service(NodeContext* context) override;
    Task<> refresh_steps(NodeContext* context, StepKind kind) override;
    Task<AgentProgress> progress(NodeContext* context, StepKind kind) override;

protected:
    /// A deploy step that the interface has itself, whatever agent comes up.
    struct OwnStep {
        std::string_view name;
        int priority;
        bool in_band = false;  ///< The agent carries it out.
        bool abortable = false;
    };

    /// `agent` must outlive it.
    AgentDeploy(AgentClient& agent, Options options)
        : agent_(agent), options_(std::move(options)) {}

    /// Throws InvalidValue for a capability that names a way to boot which there is not.
    static void check_capabilities(const model::Node& node);

    /// In the order in which they run.
    virtual std::span<const OwnStep> own_steps() const = 0;

    /// Whether the agent carries the step out: its own steps, and those of ours that say so.
    bool is_in_band(StepKind kind, const Step& step) const;
    Task<StepOutcome> start_in_band(NodeContext* context, StepKind kind, Step step);

    /// Powers the machine off and makes its next start load the agent. The order holds for one
    /// start and is used up by it, so it is given anew before each; and never to a machine that is
    /// still starting, which would use it up as well.
    Task<> prepare_agent(NodeContext* context);
    /// From off to on; a machine that is never switched off is restarted.
    Task<> start_machine(NodeContext* context);

    AgentClient& agent_;
    const Options options_;

private:
    int clean_priority(const Step& step) const;
};

}  // namespace ferrite::hardware
