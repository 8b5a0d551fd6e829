#include <algorithm>

#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

struct Held {
    std::string_view state;
    StepKind kind;
    Task<> (*go_on)(Services*, NodeSession*);
};
constexpr Held kHeld[] = {
    {states::clean_hold, StepKind::clean, continue_clean},
    {states::deploy_hold, StepKind::deploy, continue_deploy},
    {states::service_hold, StepKind::service, continue_service},
};

}  // namespace

Begun begin_unhold(NodeSession& session, const ProvisionRequest&) {
    auto& node = session.node;
    auto held = node.provision_state.value_or("");
    change_state(node, "unhold", Follows::work);
    const auto* row = std::ranges::find(kHeld, held, &Held::state);
    bool agent_known = !node.driver_internal_info.get_text("agent_url").empty();
    // After a hold the agent may be gone: it is its next report that says it is not.
    if (agent_known && row->kind != StepKind::service) return std::nullopt;
    if (!agent_known) {
        // Nobody is going to report. The row says that the next step is begun, so that a restart
        // does not hold the node again.
        begin_step(node, row->kind, step_index(node, row->kind) + 1);
        change_state(node, "resume", Follows::work);
    }
    return Work(row->go_on);
}

}  // namespace ferrite::conductor
