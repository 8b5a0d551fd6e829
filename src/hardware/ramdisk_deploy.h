#pragma once

#include <string>

#include "hardware/agent_deploy.h"

namespace ferrite::hardware {

/// Deploy `ramdisk`: the instance is a kernel and ramdisk, or an ISO, that the node loads at every
/// start by its boot interface; its disk is left alone, and no agent takes part (reference:
/// conductor.md section 8.5). The agent is needed to clean the node.
class RamdiskDeploy : public AgentDeploy {
public:
    /// `agent` must outlive it.
    RamdiskDeploy(AgentClient& agent, Options options) : AgentDeploy(agent, std::move(options)) {}

    void validate(const NodeContext& context) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;

    Task<> prepare(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;

private:
    std::span<const OwnStep> own_steps() const override;
    Task<> start_instance(NodeContext* context);
};

}  // namespace ferrite::hardware
