#include "conductor/boot_retries.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/failure.h"
#include "conductor/node_session.h"
#include "hardware/power_action.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using std::chrono::seconds;

constexpr std::array kWaits = {states::deploy_wait, states::clean_wait, states::rescue_wait};

bool boots_from_network(const model::Node& node) {
    auto boot = node.boot_interface.value_or("");
    return boot == "pxe" || boot == "ipxe" || boot == "http" || boot == "http-ipxe";
}

/// Of a time that driver_internal_info keeps.
Timestamp time_at(const model::Node& node, std::string_view key) {
    auto time = parse_timestamp(node.driver_internal_info.get_text(key));
    return time.value_or(Timestamp());
}

/// When the machine last showed that it is getting on.
Timestamp last_sign(const model::Node& node) {
    return std::max({node.provision_updated_at.value_or(now_seconds()),
                     time_at(node, "agent_last_heartbeat"),
                     time_at(node, "last_power_state_change")});
}

Task<> boot_anew(NodeSession* session) {
    const auto& power = session->services().options.power;
    namespace words = model::power;
    if (session->node.disable_power_off) {
        co_await session->driver.management->set_boot_device(session, "pxe", false);
        co_await hardware::power_action(session, std::string(words::reboot), power);
        co_return;
    }
    co_await hardware::power_action(session, std::string(words::off), power);
    co_await session->driver.management->set_boot_device(session, "pxe", false);
    co_await hardware::power_action(session, std::string(words::on), power);
}

/// The node stays in its wait state whatever comes of it: its time-out runs on.
Task<> retry(Services*, NodeSession* session) {
    auto failure = co_await failure_of(boot_anew(session));
    if (failure) log_warning("BOOT_RETRY_FAILED", "node={} error={}", session->node.uuid, *failure);
}

Task<std::unique_ptr<NodeSession>> lock_free(Services* services, std::string uuid) {
    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    } catch (const Error&) {
        // Whoever has it brings it on.
    }
    co_return session;
}

}  // namespace

std::optional<seconds> boot_left(const Options& options, const model::Node& node) {
    if (!options.boot_retry_timeout || node.maintenance || !boots_from_network(node) ||
        std::ranges::find(kWaits, node.provision_state.value_or("")) == kWaits.end() ||
        !node.driver_internal_info.get_text("agent_secret_token").empty())
        return std::nullopt;
    auto silence = std::chrono::duration_cast<seconds>(now_seconds() - last_sign(node));
    return std::max(*options.boot_retry_timeout - silence, seconds(0));
}

Task<seconds> retry_boot(Services* services, std::string uuid) {
    const auto& options = services->options;
    auto node = services->store.read([&](store::Sql& db) { return store::nodes::find(db, uuid); });
    auto left = node ? boot_left(options, *node) : std::nullopt;
    if (!left) co_return seconds(0);
    if (left->count() > 0) co_return *left;
    auto session = co_await lock_free(services, uuid);
    if (!session) co_return options.boot_retry_check_interval;
    if (boot_left(options, session->node) != seconds(0)) {
        co_await session->abandon();
        co_return options.boot_retry_check_interval;
    }
    log_warning("BOOT_RETRY", "node={} state=\"{}\" silent_seconds={}", uuid,
                session->node.provision_state.value_or(""), options.boot_retry_timeout->count());
    carry_out(*services, std::move(session), "boot retry", retry);
    co_return std::max(*options.boot_retry_timeout, options.boot_retry_check_interval);
}

}  // namespace ferrite::conductor
