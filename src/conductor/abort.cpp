#include <fmt/core.h>

#include "base/error.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

/// A step that must not be cut off is let run to its end; then the operation is aborted.
bool put_off(model::Node& node, StepKind kind) {
    auto step = current_step(node, kind);
    if (step.name.empty() || step.abortable) return false;
    abort_after_step(node, kind);
    return true;
}

}  // namespace

Begun begin_abort(NodeSession& session, const ProvisionRequest&) {
    auto& node = session.node;
    bool cleans = node.in_state(states::clean_wait) || node.in_state(states::clean_hold);
    bool deploys = node.in_state(states::deploy_wait) || node.in_state(states::deploy_hold);
    if (cleans && put_off(node, StepKind::clean)) return std::nullopt;
    if (deploys && put_off(node, StepKind::deploy)) return std::nullopt;
    bool services = node.in_state(states::service_wait) || node.in_state(states::service_hold);
    bool serviced = node.in_state(states::service_failed);
    if (services && put_off(node, StepKind::service)) return std::nullopt;
    if (serviced && node.maintenance)
        throw Conflict(fmt::format(
            "Node {} is in maintenance since its servicing failed: end that first.", node.uuid));
    bool rescues = node.in_state(states::rescue_wait);
    bool inspects = node.in_state(states::inspect_wait);

    // Its instance is started first; then an abort makes it active.
    if (serviced) return Work(abort_service);
    bool works = cleans || services || deploys || rescues || inspects;
    change_state(node, "abort", works ? Follows::work : Follows::nothing);
    // Kept at once: were the rest interrupted, the node would already say why it is in this state.
    if (cleans) node.last_error = abort_reason(node, StepKind::clean);
    if (deploys) node.last_error = abort_reason(node, StepKind::deploy);
    if (cleans) return Work(abort_clean);
    if (deploys) return Work(abort_deploy);
    if (services) return Work(abort_service);
    if (rescues) return Work(abort_rescue);
    if (inspects) {
        session.record_error("introspection", "Inspection was aborted by request.");
        return Work(abort_inspect);
    }
    return std::nullopt;
}

}  // namespace ferrite::conductor
