#include <fmt/core.h>

#include "base/error.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

Task<> abort_clean(Services*, NodeSession* session) {
    auto step = current_step(session->node, StepKind::clean);
    auto why = step.name.empty()
                   ? std::string("By request, the clean operation was aborted.")
                   : fmt::format(
                         "By request, the clean operation was aborted during or after the "
                         "completion of step \"{}\".",
                         step.id());
    co_await end_clean_badly(session, why, CleanEnd::abort);
}

Task<> abort_deploy(Services*, NodeSession* session) {
    co_await fail_deploy(session, "By request, the deploy operation was aborted.", "abort");
}

}  // namespace

Begun begin_abort(NodeSession& session, const ProvisionRequest&) {
    auto& node = session.node;
    if (node.in_state(states::clean_wait) || node.in_state(states::clean_hold))
        return Work(abort_clean);
    if (node.in_state(states::deploy_wait) || node.in_state(states::deploy_hold))
        return Work(abort_deploy);
    if (node.in_state(states::inspect_wait))
        session.record_error("introspection", "Inspection was aborted by request.");
    auto error = node.last_error;
    change_state(node, "abort", Follows::nothing);
    node.last_error = error;
    return std::nullopt;
}

}  // namespace ferrite::conductor
