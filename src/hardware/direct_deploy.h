#pragma once

#include <string>

#include "hardware/agent_deploy.h"
#include "hardware/instance_image.h"

namespace ferrite::hardware {

/// Deploy `direct`: the agent on the node writes the image itself (reference: conductor.md section
/// 8.2).
class DirectDeploy : public AgentDeploy {
public:
    /// Both must outlive it.
    DirectDeploy(AgentClient& agent, InstanceImages& images, Options options)
        : AgentDeploy(agent, std::move(options)), images_(images) {}

    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;

    Task<> prepare(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;

private:
    std::span<const OwnStep> own_steps() const override;
    Task<StepOutcome> write_image(NodeContext* context);
    Task<> prepare_instance_boot(NodeContext* context);
    Task<> tear_down_agent(NodeContext* context);

    InstanceImages& images_;
};

}  // namespace ferrite::hardware
