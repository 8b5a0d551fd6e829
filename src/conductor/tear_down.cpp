#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "conductor/steps.h"
#include "model/states.h"
#include "store/volume_targets.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

constexpr std::array kBusyCleaning = {states::deleting, states::cleaning, states::clean_wait};

/// What the instance leaves behind in the node's row goes, whether its machine obeyed or not.
void forget_instance(model::Node& node) {
    node.instance_info = model::JsonText();
    node.instance_uuid.reset();
    node.instance_name.reset();
    node.allocation_uuid.reset();
    forget_steps(node, StepKind::deploy);
    forget_operation(node, Forget::steps_and_agent);
    auto& info = node.driver_internal_info;
    if (info.get("automatic_lessee") == Json(true)) node.lessee.reset();
    info.erase({"instance", "root_uuid_or_disk_id", "is_whole_disk_image", "is_source_a_path",
                "deploy_boot_mode", "automatic_lessee", "prepared_image"});
}

Task<> take_instance_down(NodeSession* session) {
    co_await session->driver.rescue->clean_up(session);
    co_await session->driver.deploy->clean_up(session);
    co_await session->driver.deploy->tear_down(session);
}

/// A node that cannot be powered off cannot be undeployed.
void check_power(NodeSession& session) {
    try {
        session.driver.power->validate(session);
    } catch (Error& error) {
        error.within(fmt::format("Node {} can not be undeployed, for its power can not be switched",
                                 session.node.uuid));
        throw;
    }
}

}  // namespace

Begun begin_tear_down(NodeSession& session, const ProvisionRequest& request) {
    auto& options = session.services().options;
    refuse_above_limit(session, kBusyCleaning, options.max_concurrent_clean,
                       "max_concurrent_clean");
    refuse_protected(session, request.verb);
    check_power(session);
    change_state(session.node, "delete", Follows::work);
    session.node.driver_internal_info.erase({"agent_url"});
    return Work(tear_down);
}

Task<> tear_down(Services* services, NodeSession* session) {
    auto& node = session->node;
    auto failure = co_await failure_of(take_instance_down(session));
    forget_instance(node);
    // The volumes were the instance's; the connectors are the machine's and stay.
    co_await session->write_held(
        [&](store::Sql& db) { store::volume_targets::remove_of_node(db, node.uuid); });
    if (failure) {
        session->record_error(
            "unprovision", fmt::format("Error in tear_down of node {}: {}", node.uuid, *failure));
        change_state(node, "fail", Follows::nothing);
        co_return;
    }
    change_state(node, "clean", Follows::work);
    co_await session->save();
    co_await clean(services, session);
}

}  // namespace ferrite::conductor
