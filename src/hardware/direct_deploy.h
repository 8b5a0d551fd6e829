#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "hardware/agent_client.h"
#include "hardware/instance_image.h"
#include "hardware/interfaces.h"
#include "hardware/power_action.h"

namespace ferrite::hardware {

/// Deploy `direct`: the agent on the node writes the image itself (reference: conductor.md section
/// 8.2), and cleans the node with its own steps.
class DirectDeploy : public DeployInterface {
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

    /// Both must outlive it.
    DirectDeploy(AgentClient& agent, InstanceImages& images, Options options)
        : agent_(agent), images_(images), options_(std::move(options)) {}

    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    std::vector<Step> steps(const NodeContext& context, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;

    Task<> prepare(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;
    Task<> tear_down(NodeContext* context) override;
    Task<StepOutcome> prepare_cleaning(NodeContext* context) override;
    Task<> tear_down_cleaning(NodeContext* context) override;
    Task<> refresh_steps(NodeContext* context, StepKind kind) override;
    Task<AgentProgress> progress(NodeContext* context, StepKind kind) override;

private:
    Task<> boot_agent(NodeContext* context);
    Task<> start_machine(NodeContext* context);
    Task<StepOutcome> start_in_band(NodeContext* context, StepKind kind, Step step);
    Task<StepOutcome> write_image(NodeContext* context);
    Task<> prepare_instance_boot(NodeContext* context);
    Task<> tear_down_agent(NodeContext* context);
    int clean_priority(const Step& step) const;

    AgentClient& agent_;
    InstanceImages& images_;
    Options options_;
};

}  // namespace ferrite::hardware
