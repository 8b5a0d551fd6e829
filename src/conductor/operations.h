#pragma once

#include <optional>
#include <string_view>

#include "conductor/client.h"
#include "conductor/node_session.h"
#include "conductor/services.h"

/// The verbs, one file each. A verb has a synchronous part, `begin_*`, that checks, changes the
/// node's state and may refuse by throwing, and the work that follows in the background, which ends
/// in a state of rest or in a wait state. What waits goes on when the agent reports (`continue_*`),
/// or ends at its time-out (`fail_*`).
///
/// Everything here runs with the node's lock, takes it on where the stored state says it is, and
/// may therefore be begun again after a restart (reference: conductor.md section 1.5). A node whose
/// lock is given back in a wait state has its time-out running; see NodeSession::release().
namespace ferrite::conductor {

/// What remains to be done after the synchronous part; nothing when that was all.
using Begun = std::optional<Work>;

// manage.cpp
Begun begin_manage(NodeSession& session, const ProvisionRequest& request);
Task<> verify(Services* services, NodeSession* session);

// clean.cpp
Begun begin_provide(NodeSession& session, const ProvisionRequest& request);
Begun begin_clean(NodeSession& session, const ProvisionRequest& request);
Task<> clean(Services* services, NodeSession* session);
Task<> continue_clean(Services* services, NodeSession* session);
/// Takes back what was prepared, keeps `why` as last_error and moves the node to clean failed; into
/// maintenance as well when a step was under way.
Task<> fail_clean(NodeSession* session, std::string why);
/// What is left to do once the node is in clean failed by request.
Task<> abort_clean(Services* services, NodeSession* session);

// deploy.cpp
Begun begin_deploy(NodeSession& session, const ProvisionRequest& request);
/// Throws InvalidValue when the instance asks for traits that the node has not, or when its deploy
/// templates or `user_steps` are wrong as far as that can be told before the agent is up.
void check_deploy_steps(const NodeSession& session, const JsonArray& user_steps);
Task<> deploy(Services* services, NodeSession* session);
Task<> continue_deploy(Services* services, NodeSession* session);
/// Takes back what was prepared, keeps `why` as last_error and moves the node to deploy failed.
Task<> fail_deploy(NodeSession* session, std::string why);
/// What is left to do once the node is in deploy failed by request.
Task<> abort_deploy(Services* services, NodeSession* session);

// service.cpp
Begun begin_service(NodeSession& session, const ProvisionRequest& request);
Task<> service(Services* services, NodeSession* session);
Task<> continue_service(Services* services, NodeSession* session);
/// Takes back what was prepared, keeps `why` as last_error and moves the node to service failed;
/// into maintenance as well when a step was under way.
Task<> fail_service(NodeSession* session, std::string why);
/// Starts the instance of a node in service failed again and lets it be active; when that fails, it
/// stays there.
Task<> abort_service(Services* services, NodeSession* session);

// unhold.cpp
Begun begin_unhold(NodeSession& session, const ProvisionRequest& request);

// tear_down.cpp
Begun begin_tear_down(NodeSession& session, const ProvisionRequest& request);
Task<> tear_down(Services* services, NodeSession* session);

// adopt.cpp, inspect.cpp, rescue.cpp
Begun begin_adopt(NodeSession& session, const ProvisionRequest& request);
Task<> adopt(Services* services, NodeSession* session);
Begun begin_inspect(NodeSession& session, const ProvisionRequest& request);
Task<> inspect(Services* services, NodeSession* session);
/// What is left to do once the node is in inspect failed by request.
Task<> abort_inspect(Services* services, NodeSession* session);
/// Takes back what was prepared, keeps `why` as last_error and moves the node to inspect failed.
Task<> fail_inspect(NodeSession* session, std::string why);
Begun begin_rescue(NodeSession& session, const ProvisionRequest& request);
Task<> rescue(Services* services, NodeSession* session);
/// Powers the machine off, takes back what was prepared, keeps `why` as last_error and moves the
/// node to rescue failed.
Task<> fail_rescue(NodeSession* session, std::string why);
/// What is left to do once the node is in rescue failed by request.
Task<> abort_rescue(Services* services, NodeSession* session);
Begun begin_unrescue(NodeSession& session, const ProvisionRequest& request);
Task<> unrescue(Services* services, NodeSession* session);

// abort.cpp
Begun begin_abort(NodeSession& session, const ProvisionRequest& request);

// power.cpp
/// Powers the machine of an operation that failed off, unless it must stay on. When that fails too,
/// last_error says so.
Task<> power_off_failed(NodeSession* session);
/// Checks and notes a power action that was asked for (reference: conductor.md section 2.10).
Work begin_power(NodeSession& session, std::string action,
                 std::optional<std::chrono::seconds> timeout);
/// Goes on with a power change that was interrupted. Bears being run twice.
Task<> resume_power(Services* services, NodeSession* session);

/// A verb by its word in the API.
struct Operation {
    std::string_view verb;
    Begun (*begin)(NodeSession&, const ProvisionRequest&);
};
const Operation* find_operation(std::string_view verb);

/// Goes on with what was under way in the node's state when the conductor died; nothing when that
/// state is one of rest or waits by itself.
Begun resumed_work(const model::Node& node);

/// Refuses what maintenance forbids (400).
void refuse_in_maintenance(const NodeSession& session, std::string_view verb);
/// Refuses what protection forbids (403).
void refuse_protected(const NodeSession& session, std::string_view verb);
/// Refuses one operation more than `limit` in `states` (503); 0: no limit.
void refuse_above_limit(NodeSession& session, std::span<const std::string_view> states, int limit,
                        std::string_view option);

}  // namespace ferrite::conductor
