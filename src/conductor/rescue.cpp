#include <crypt.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
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

void end(NodeSession* session, const std::string& failure) {
    auto& node = session->node;
    if (failure.empty()) {
        change_state(node, "done", Follows::nothing);
        return;
    }
    session->record_error("rescue", failure);
    auto error = node.last_error;
    change_state(node, "fail", Follows::nothing);
    node.last_error = error;
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

Task<> rescue(Services* services, NodeSession* session) {
    std::string failure;
    auto outcome = hardware::StepOutcome::done;
    try {
        outcome = co_await session->driver.rescue->rescue(session);
    } catch (const Error& error) {
        failure = error.message();
    }
    if (failure.empty() && outcome == hardware::StepOutcome::wait) {
        change_state(session->node, "wait", Follows::work);
        services->on_waiting(session->node);
        co_return;
    }
    end(session, failure);
}

Begun begin_unrescue(NodeSession& session, const ProvisionRequest&) {
    refuse_in_maintenance(session, "unrescue");
    session.driver.power->validate(session);
    change_state(session.node, "unrescue", Follows::work);
    session.node.driver_internal_info.erase({"agent_url"});
    return Work(unrescue);
}

Task<> unrescue(Services*, NodeSession* session) {
    std::string failure;
    try {
        co_await session->driver.rescue->unrescue(session);
    } catch (const Error& error) {
        failure = error.message();
    }
    end(session, failure);
}

}  // namespace ferrite::conductor
