#include "conductor/child_steps.h"

#include <exception>

#include <fmt/core.h>

#include "base/error.h"
#include "conductor/failure.h"
#include "conductor/flow_steps.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

Task<> run_on(NodeSession* child, StepKind kind, Step step) {
    bool waits = false;
    if (is_flow_step(step)) {
        waits = co_await run_flow_step(child, step) != StepsResult::finished;
    } else {
        auto interface = child->driver.all.find(step.interface);
        if (interface == child->driver.all.end())
            throw InvalidValue(fmt::format("There is no interface '{}'.", step.interface));
        auto offered = interface->second->steps(*child, kind);
        if (std::ranges::none_of(offered, [&](const Step& o) { return o.id() == step.id(); }))
            throw InvalidValue(fmt::format("It does not support the step {}.", step.id()));
        auto outcome = co_await interface->second->run_step(child, kind, step);
        waits = outcome == hardware::StepOutcome::wait;
    }
    if (waits)
        throw Error(500, "child_step",
                    "The step goes on by itself, which it may not on a child node.");
}

Task<> lock_and_run(NodeSession* parent, std::string uuid, StepKind kind, Step step) {
    auto child = co_await NodeSession::lock(&parent->services(), uuid);
    if (child->node.parent_node != parent->node.uuid) {
        co_await child->abandon();
        throw InvalidValue("It is no child of this node.");
    }
    auto failure = co_await failure_of(run_on(child.get(), kind, std::move(step)));
    co_await child->release();
    if (failure) throw Error(500, "child_step", std::move(*failure));
}

}  // namespace

Task<> run_on_children(NodeSession* session, StepKind kind, Step step) {
    auto children = step.children;
    if (children.empty())
        children = session->services().store.read(
            [&](store::Sql& db) { return store::nodes::children_of(db, session->node.uuid); });
    for (const auto& uuid : children) {
        auto failure = co_await failure_of(lock_and_run(session, uuid, kind, step));
        if (failure)
            throw Error(500, "child_step", fmt::format("on child node {}: {}", uuid, *failure));
    }
}

}  // namespace ferrite::conductor
