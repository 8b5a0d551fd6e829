#include "conductor/heartbeat.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <openssl/crypto.h>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "conductor/operations.h"
#include "model/states.h"
#include "store/conductors.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

/// In other states nothing is expected of an agent, and what it says is not kept.
constexpr std::array kHeardIn = {
    states::deploy_wait, states::deploying,    states::deploy_hold,  states::clean_wait,
    states::cleaning,    states::clean_hold,   states::rescue_wait,  states::rescuing,
    states::servicing,   states::service_wait, states::service_hold,
};
constexpr std::array kWaitsForAgent = {states::deploy_wait, states::clean_wait, states::rescue_wait,
                                       states::service_wait};

template <std::size_t N>
bool is_in(const model::Node& node, const std::array<std::string_view, N>& wanted) {
    return std::ranges::find(wanted, node.provision_state.value_or("")) != wanted.end();
}

constexpr std::chrono::seconds kNever{0};
constexpr std::chrono::seconds kLocked{5};  ///< Before a node that is at work is looked at again.

constexpr std::size_t kTokenBytes = 32;
constexpr const char* kMasked = "******";

/// driver_internal_info: the process that handed the agent's token out.
constexpr std::string_view kTokenIssuer = "agent_token_issuer";

/// A token that was made by a process that is no more, and that no agent has shown since: its agent
/// may never have got it, and would be shut out until its node's time is up.
bool may_be_lost(Services& services, const model::JsonText& info) {
    auto issuer = info.get_text(kTokenIssuer);
    if (!info.get_text("agent_url").empty() || issuer.empty()) return false;
    return !services.store.read(
        [&](store::Sql& db) { return store::conductors::has_entered(db, issuer); });
}

bool same_token(const std::string& a, const std::string& b) {
    return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void check(const model::Node& node, const Heartbeat& heartbeat, const Options& options) {
    if (!heartbeat.agent_version && !heartbeat.agent_status)
        throw InvalidValue("A heartbeat must say agent_version.");
    const auto& info = node.driver_internal_info;
    if (!same_token(info.get_text("agent_secret_token"), heartbeat.agent_token))
        throw InvalidValue(
            fmt::format("The agent token for node {} is not the one it was given.", node.uuid));
    if (options.require_tls && !heartbeat.callback_url.empty() &&
        !heartbeat.callback_url.starts_with("https://"))
        throw InvalidValue(fmt::format(
            "The callback_url of node {} must be https, unless [agent]require_tls is off.",
            node.uuid));
    auto known = info.get_text("agent_verify_ca");
    if (!known.empty() && heartbeat.agent_verify_ca && *heartbeat.agent_verify_ca != known)
        throw InvalidValue(
            fmt::format("The certificate of node {}'s agent has changed.", node.uuid));
    if (info.get_text("agent_url").empty() && node.reservation)
        throw Error(409, "node_locked",
                    fmt::format("Node {} is locked by host {}; report again soon.", node.uuid,
                                *node.reservation));
}

void keep(model::Node& node, const Heartbeat& heartbeat) {
    auto& info = node.driver_internal_info;
    info.set("agent_url", Json(heartbeat.callback_url));
    info.set("agent_version", heartbeat.agent_version ? Json(*heartbeat.agent_version) : Json());
    info.set("agent_last_heartbeat", Json(to_text(now_seconds())));
    if (heartbeat.agent_verify_ca) info.set("agent_verify_ca", Json(*heartbeat.agent_verify_ca));
    if (heartbeat.agent_status) info.set("agent_status", Json(*heartbeat.agent_status));
    if (heartbeat.agent_status_message)
        info.set("agent_status_message", Json(*heartbeat.agent_status_message));
}

Task<> go_on(Services* services, NodeSession* session) {
    auto& node = session->node;
    if (!is_in(node, kWaitsForAgent)) co_return;
    node.provision_updated_at = now_seconds();
    bool deploys = node.in_state(states::deploy_wait);
    bool cleans = node.in_state(states::clean_wait);
    bool serves = node.in_state(states::service_wait);
    if (node.maintenance && services->options.allow_provisioning_in_maintenance) co_return;
    if (node.maintenance) {
        constexpr const char* kWhy = "The node is in maintenance, in which it is not provisioned.";
        if (deploys) co_await fail_deploy(session, kWhy);
        if (cleans) co_await fail_clean(session, kWhy);
        if (serves) co_await fail_service(session, kWhy);
        if (node.in_state(states::rescue_wait)) co_await fail_rescue(session, kWhy);
        co_return;
    }
    if (deploys) co_await continue_deploy(services, session);
    if (cleans) co_await continue_clean(services, session);
    if (serves) co_await continue_service(services, session);
}

}  // namespace

Task<> take_heartbeat(Services* services, std::string uuid, Heartbeat heartbeat) {
    auto node = services->store.read([&](store::Sql& db) { return store::nodes::get(db, uuid); });
    check(node, heartbeat, services->options);
    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, node.uuid, NodeSession::Patience::once);
    } catch (const Error& error) {
        if (error.code() != "node_locked") throw;
        // The work that has the lock goes on by itself; the agent reports again.
        log_debug("AGENT_HEARTBEAT_DROPPED", "node={} reason=locked", node.uuid);
    }
    if (!session) co_return;
    if (!is_in(session->node, kHeardIn)) {
        log_warning("AGENT_HEARTBEAT_IGNORED", "node={} state=\"{}\"", node.uuid,
                    session->node.provision_state.value_or(""));
        co_await session->abandon();
        co_return;
    }
    refuse_when_full(*services);
    log_info("AGENT_HEARTBEAT", "node={} state=\"{}\" url={}", node.uuid,
             session->node.provision_state.value_or(""), heartbeat.callback_url);
    keep(session->node, heartbeat);
    // An agent that was answered does not repeat itself for minutes.
    auto* held = session.get();
    co_await give_back_on_failure(held, held->save());
    carry_out(*services, std::move(session), "heartbeat", go_on);
}

Task<std::chrono::seconds> look_at_agent(Services* services, std::string uuid) {
    auto node = services->store.read([&](store::Sql& db) { return store::nodes::find(db, uuid); });
    auto reported = [](const model::Node& of) {
        return is_in(of, kWaitsForAgent) && !of.driver_internal_info.get_text("agent_url").empty();
    };
    if (!node || !reported(*node)) co_return kNever;
    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    } catch (const Error& error) {
        log_debug("AGENT_NOT_LOOKED_AT", "node={} error={}", uuid, error.message());
    }
    if (!session) co_return kLocked;
    if (!reported(session->node)) {
        co_await session->abandon();
        co_return kNever;
    }
    log_info("AGENT_LOOKED_AT", "node={} state=\"{}\"", uuid,
             session->node.provision_state.value_or(""));
    carry_out(*services, std::move(session), "look at the agent", go_on);
    co_return kNever;
}

Task<std::string> issue_agent_token(Services* services, std::string uuid) {
    auto session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    auto& info = session->node.driver_internal_info;
    const auto& present = services->presence.incarnation();
    if (!info.get_text("agent_secret_token").empty() && !may_be_lost(*services, info)) {
        co_await session->abandon();
        co_return kMasked;
    }
    auto token = random_token(kTokenBytes);
    info.set("agent_secret_token", Json(token));
    info.set(kTokenIssuer, Json(present));
    co_await session->release();
    co_return token;
}

}  // namespace ferrite::conductor
