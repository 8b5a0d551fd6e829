#include "conductor/power_sync.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <fmt/core.h>

#include "base/circuit_breaker.h"
#include "base/error.h"
#include "base/log.h"
#include "base/periodic.h"
#include "conductor/failure.h"
#include "conductor/node_events.h"
#include "conductor/node_session.h"
#include "hardware/power_action.h"
#include "model/states.h"
#include "store/nodes.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
namespace power = model::power;

constexpr std::array kNotLookedAt = {states::deploy_wait, states::clean_wait, states::enroll,
                                     states::adopt_failed};

bool failed_power(const model::Node& node) {
    return node.maintenance && node.fault == model::faults::power_failure;
}

bool to_be_skipped(const model::Node& node) {
    if (node.target_power_state) return true;
    if (node.maintenance && !failed_power(node)) return true;
    return std::ranges::find(kNotLookedAt, node.provision_state.value_or("")) != kNotLookedAt.end();
}

/// What a look at the hardware came to.
struct Reading {
    std::optional<std::string> stored;  ///< The node's power_state before the look.
    std::optional<std::string> state;
    std::string failure;
    /// It was not looked at: its BMC is silent, and tried again after this time.
    std::optional<std::chrono::milliseconds> put_off;
    bool configured = true;  ///< Whether the node says how to reach its hardware at all.
};

Task<Reading> read_power(NodeSession* session) {
    Reading reading{.stored = session->node.power_state};
    try {
        reading.configured = false;
        session->driver.power->validate(*session);
        reading.configured = true;
        reading.state = co_await session->driver.power->power_state(session);
        if (reading.state == power::error) reading.failure = "the hardware reports an error";
    } catch (const CircuitOpen& resting) {
        reading.put_off = resting.retry_after();
    } catch (const std::exception& error) {
        reading.failure = error.what();
    }
    co_return reading;
}

/// The node with its lock, if it is still as it was when its hardware was asked; nothing when
/// somebody works on it, or has in the meantime. It is looked at again at the next interval.
Task<std::unique_ptr<NodeSession>> lock_unchanged(Services* services, std::string uuid,
                                                  Reading reading) {
    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    } catch (const Error&) {
        co_return nullptr;
    }
    if (to_be_skipped(session->node) || session->node.power_state != reading.stored) {
        co_await session->abandon();
        co_return nullptr;
    }
    co_return session;
}

}  // namespace

struct PowerSync::State {
    Services& services;
    std::mutex mutex;
    std::map<std::string, int> failures;  ///< Only nodes that have any.

    explicit State(Services& s) : services(s) {}

    int count_failure(const std::string& uuid) {
        std::lock_guard lock(mutex);
        return ++failures[uuid];
    }
    void forget(const std::string& uuid) {
        std::lock_guard lock(mutex);
        failures.erase(uuid);
    }

    Task<> put_into_maintenance(std::string uuid, Reading reading) {
        auto session = co_await lock_unchanged(&services, uuid, reading);
        if (!session) co_return;
        auto& node = session->node;
        auto why = fmt::format(
            "During sync_power_state, max retries exceeded for node {}, node state {} does not "
            "match expected state '{}'. Updating DB state to '{}' Switching node to maintenance "
            "mode. {}",
            node.uuid, reading.state.value_or("None"), node.power_state.value_or("None"),
            reading.state.value_or("None"), reading.failure);
        node.maintenance = true;
        node.fault = model::faults::power_failure;
        node.maintenance_reason = why;
        node.power_state = reading.state;
        session->record_error("monitoring", why);
        co_await session->release();
        forget(uuid);
    }

    /// Pushes the stored state to the hardware, or takes over what the hardware says.
    Task<> correct(std::string uuid, Reading reading) {
        auto session = co_await lock_unchanged(&services, uuid, reading);
        if (!session) co_return;
        auto& node = session->node;
        bool push = services.options.force_power_state_during_sync && node.power_state &&
                    !node.disable_power_off && session->driver.power->supports_power_sync();
        log_warning("POWER_SYNC_MISMATCH", "node={} stored=\"{}\" hardware=\"{}\" action={}", uuid,
                    node.power_state.value_or("None"), *reading.state, push ? "push" : "store");
        if (push) {
            auto failure = co_await failure_of(
                hardware::power_action(session.get(), *node.power_state, services.options.power));
            if (failure) session->record_error("monitoring", *failure);
        } else {
            node.power_state = reading.state;
        }
        co_await session->release();
        if (!push) announce_corrected_power(services, node, reading.stored);
    }

    /// A look that went well is the end of older errors, but not of why a node is in a failed
    /// state.
    Task<> settle(std::string uuid, Reading reading) {
        auto session = co_await lock_unchanged(&services, uuid, reading);
        if (!session) co_return;
        session->node.last_error.reset();
        co_await session->release();
    }

    Task<> recover(std::string uuid, Reading reading) {
        auto session = co_await lock_unchanged(&services, uuid, reading);
        if (!session) co_return;
        auto& node = session->node;
        if (failed_power(node)) {
            node.power_state = reading.state;
            node.maintenance = false;
            node.maintenance_reason.reset();
            node.fault.reset();
            log_info("POWER_RECOVERED", "node={} power=\"{}\"", uuid, *reading.state);
        }
        co_await session->release();
        if (reading.state != reading.stored)
            announce_corrected_power(services, node, reading.stored);
    }

    Task<> compare(NodeSession* session, Reading reading) {
        const auto& node = session->node;
        int most = services.options.power_state_sync_max_retries;
        if (!reading.failure.empty()) {
            // A node that was never managed may well not say yet where its BMC is.
            if (!node.power_state && !reading.configured) co_return;
            int count = count_failure(node.uuid);
            log_warning("POWER_SYNC_FAILED", "node={} count={} error={}", node.uuid, count,
                        reading.failure);
            if (count > most) co_await put_into_maintenance(node.uuid, reading);
        } else if (!reading.state || reading.state == node.power_state) {
            forget(node.uuid);
            bool stale = services.options.node_history && node.last_error &&
                         !states::is_failure(node.provision_state.value_or(""));
            if (stale && reading.state) co_await settle(node.uuid, reading);
        } else if (node.power_state && count_failure(node.uuid) > most) {
            co_await put_into_maintenance(node.uuid, reading);
        } else {
            co_await correct(node.uuid, reading);
        }
    }
};

PowerSync::PowerSync(Services& services) : state_(std::make_unique<State>(services)) {}
PowerSync::~PowerSync() = default;

Task<std::chrono::milliseconds> PowerSync::look(std::string uuid) {
    const auto& options = state_->services.options;
    auto again = jittered(options.sync_power_state_interval);
    std::unique_ptr<NodeSession> view;
    bool gone = false;
    try {
        view = NodeSession::look(state_->services, uuid);
    } catch (const NotFound&) {
        gone = true;
    } catch (const Error& error) {
        log_warning("POWER_SYNC_FAILED", "node={} error={}", uuid, error.message());
    }
    if (gone) {
        state_->forget(uuid);
        // A look that was under way when the node was deleted may have connected again.
        state_->services.drivers.forget_node(uuid);
        co_return std::chrono::milliseconds(0);
    }
    if (!view || view->node.reservation || to_be_skipped(view->node)) co_return again;
    bool recovering = failed_power(view->node);
    if (recovering && options.power_failure_recovery_interval.count() <= 0) co_return again;
    view->urgency = Urgency::poll;
    auto reading = co_await read_power(view.get());
    if (reading.put_off) co_return *reading.put_off;
    if (!recovering) {
        co_await state_->compare(view.get(), reading);
        co_return again;
    }
    if (reading.failure.empty() && reading.state) {
        co_await state_->recover(view->node.uuid, reading);
        co_return again;
    }
    co_return jittered(options.power_failure_recovery_interval);
}

}  // namespace ferrite::conductor
