#pragma once

#include "hardware/interfaces.h"
#include "hardware/power_action.h"

namespace ferrite::hardware {

/// Inspect `agent`: the machine boots the agent, which looks at it from inside and posts what it
/// finds (reference: conductor.md section 10.1). The boot interface tells the agent where to.
class AgentInspect : public InspectInterface {
public:
    struct Options {
        PowerTimeouts power;
        bool power_off = true;  ///< `[inspector]power_off`: once it is over.
        /// `[inspector]require_managed_boot`: refuse machines that the boot interface can not
        /// boot. Without it they are told to boot from whatever network they are in.
        bool require_managed_boot = true;
    };

    explicit AgentInspect(Options options) : options_(options) {}

    void validate(const NodeContext& context) const override;
    Task<StepOutcome> inspect(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;

private:
    Options options_;
};

/// The hosts that `driver_info` names in keys such as ipmi_address and redfish_address.
std::vector<std::string> bmc_hosts(const model::Node& node);

}  // namespace ferrite::hardware
