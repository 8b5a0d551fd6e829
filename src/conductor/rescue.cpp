#include <crypt.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

/// SHA-256 crypt, which every ramdisk's login understands.
std::string hashed(const std::string& password) {
    crypt_data data{};
    auto salt = fmt::format("$5${}$", random_token(12));
    const char* hash = crypt_r(password.c_str(), salt.c_str(), &data);
    if (!hash || *hash == '*') throw Error(500, "crypt", "The rescue password can not be hashed.");
    return hash;
}

void forget_password(model::Node& node) {
    node.instance_info.erase({"rescue_password", "hashed_rescue_password"});
}

void end(NodeSession* session, const std::optional<std::string>& failure) {
    auto& node = session->node;
    // While the node is in rescue, whoever must boot the ramdisk again needs the password.
    if (failure || node.in_state(model::states::unrescuing)) forget_password(node);
    if (failure) session->record_error("rescue", *failure);
    change_state(node, failure ? "fail" : "done", Follows::nothing);
}

Task<> start_rescue(NodeSession* session, hardware::StepOutcome* outcome) {
    *outcome = co_await session->driver.rescue->rescue(session);
}

}  // namespace

Begun begin_rescue(NodeSession& session, const ProvisionRequest& request) {
    auto& node = session.node;
    refuse_in_maintenance(session, "rescue");
    session.driver.power->validate(session);
    session.driver.rescue->validate(session);
    change_state(node, "rescue", Follows::work);
    node.instance_info.set("rescue_password", Json(request.rescue_password));
    node.instance_info.set("hashed_rescue_password", Json(hashed(request.rescue_password)));
    return Work(rescue);
}

Task<> rescue(Services*, NodeSession* session) {
    auto outcome = hardware::StepOutcome::done;
    auto failure = co_await failure_of(start_rescue(session, &outcome));
    if (!failure && outcome == hardware::StepOutcome::wait)
        change_state(session->node, "wait", Follows::work);
    else
        end(session, failure);
}

Task<> fail_rescue(NodeSession* session, std::string why) {
    auto& node = session->node;
    session->record_error("rescue", why);
    co_await power_off_failed(session);
    if (auto failure = co_await failure_of(session->driver.rescue->clean_up(session)))
        node.last_error = fmt::format("{} Also failed to clean up: {}", *node.last_error, *failure);
    forget_password(node);
    change_state(node, "fail", Follows::nothing);
}

Task<> abort_rescue(Services*, NodeSession* session) {
    auto& node = session->node;
    forget_password(node);
    auto failure = co_await failure_of(session->driver.rescue->clean_up(session));
    if (!failure) co_return;
    session->record_error("rescue",
                          fmt::format("Failed to clean up after the rescue of node {} was aborted: "
                                      "{}",
                                      node.uuid, *failure));
    node.maintenance = true;
    node.maintenance_reason = node.last_error;
    node.fault = model::faults::rescue_abort_failure;
}

Begun begin_unrescue(NodeSession& session, const ProvisionRequest&) {
    refuse_in_maintenance(session, "unrescue");
    session.driver.power->validate(session);
    change_state(session.node, "unrescue", Follows::work);
    session.node.driver_internal_info.erase({"agent_url"});
    return Work(unrescue);
}

Task<> unrescue(Services*, NodeSession* session) {
    end(session, co_await failure_of(session->driver.rescue->unrescue(session)));
}

}  // namespace ferrite::conductor
