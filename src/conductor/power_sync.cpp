#include "conductor/power_sync.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <random>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
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

bool to_be_skipped(const model::Node& node) {
    if (node.target_power_state || node.reservation) return true;
    return std::ranges::find(kNotLookedAt, node.provision_state.value_or("")) != kNotLookedAt.end();
}

bool failed_power(const model::Node& node) {
    return node.maintenance && node.fault == model::faults::power_failure;
}

/// What a look at the hardware came to.
struct Reading {
    std::optional<std::string> state;
    std::string failure;
};

Task<Reading> read_power(NodeSession* session) {
    Reading reading;
    try {
        session->driver.power->validate(*session);
        reading.state = co_await session->driver.power->power_state(session);
        if (reading.state == power::error) reading.failure = "the hardware reports an error";
    } catch (const Error& error) {
        reading.failure = error.message();
    }
    co_return reading;
}

/// The node with its lock, or nothing while somebody else works on it.
Task<std::unique_ptr<NodeSession>> lock_quietly(Services* services, std::string uuid) {
    std::unique_ptr<NodeSession> session;
    try {
        session = co_await NodeSession::lock(services, uuid, NodeSession::Patience::once);
    } catch (const Error&) {
        // It is looked at again at the next interval.
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

    std::chrono::milliseconds after(std::chrono::seconds interval) const {
        // A tenth of jitter keeps ten thousand nodes from beating in step.
        thread_local std::minstd_rand random{std::random_device{}()};
        auto base = std::chrono::milliseconds(interval);
        std::uniform_int_distribution<std::int64_t> jitter(-base.count() / 20, base.count() / 20);
        return base + std::chrono::milliseconds(jitter(random));
    }

    Task<> put_into_maintenance(std::string uuid, Reading reading) {
        auto session = co_await lock_quietly(&services, uuid);
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

    Task<> correct(std::string uuid, std::string hardware_state) {
        auto session = co_await lock_quietly(&services, uuid);
        if (!session) co_return;
        auto& node = session->node;
        bool push = services.options.force_power_state_during_sync && node.power_state &&
                    !node.disable_power_off && session->driver.power->supports_power_sync() &&
                    !node.target_power_state;
        std::string failure;
        if (push && node.power_state != hardware_state) {
            log_warning("POWER_SYNC_PUSH", "node={} stored=\"{}\" hardware=\"{}\"", uuid,
                        *node.power_state, hardware_state);
            try {
                co_await hardware::power_action(session.get(), *node.power_state,
                                                services.options.power);
            } catch (const Error& error) {
                failure = error.message();
            }
            if (!failure.empty()) session->record_error("monitoring", failure);
        } else {
            log_info("POWER_SYNC_CORRECT", "node={} from=\"{}\" to=\"{}\"", uuid,
                     node.power_state.value_or("None"), hardware_state);
            node.power_state = hardware_state;
        }
        co_await session->release();
    }

    Task<> recover(std::string uuid, std::string hardware_state) {
        auto session = co_await lock_quietly(&services, uuid);
        if (!session) co_return;
        auto& node = session->node;
        if (failed_power(node)) {
            node.power_state = hardware_state;
            node.maintenance = false;
            node.maintenance_reason.reset();
            node.fault.reset();
            log_info("POWER_RECOVERED", "node={} power=\"{}\"", uuid, hardware_state);
        }
        co_await session->release();
    }

    Task<> compare(NodeSession* session, Reading reading) {
        const auto& node = session->node;
        if (!reading.failure.empty()) {
            if (!node.power_state && !node.in_state(states::active)) co_return;
            int count = count_failure(node.uuid);
            log_warning("POWER_SYNC_FAILED", "node={} count={} error={}", node.uuid, count,
                        reading.failure);
            if (count > services.options.power_state_sync_max_retries)
                co_await put_into_maintenance(node.uuid, reading);
            co_return;
        }
        if (!reading.state) co_return;
        if (reading.state == node.power_state) {
            forget(node.uuid);
            co_return;
        }
        if (node.power_state &&
            count_failure(node.uuid) > services.options.power_state_sync_max_retries) {
            co_await put_into_maintenance(node.uuid, reading);
            co_return;
        }
        co_await correct(node.uuid, *reading.state);
    }
};

PowerSync::PowerSync(Services& services) : state_(std::make_unique<State>(services)) {}
PowerSync::~PowerSync() = default;

Task<std::chrono::milliseconds> PowerSync::look(std::string uuid) {
    const auto& options = state_->services.options;
    auto again = state_->after(options.sync_power_state_interval);
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
        co_return std::chrono::milliseconds(0);
    }
    if (!view || to_be_skipped(view->node)) co_return again;
    bool recovering = failed_power(view->node);
    if (view->node.maintenance && !recovering) co_return again;
    auto reading = co_await read_power(view.get());
    if (!recovering) {
        co_await state_->compare(view.get(), reading);
        co_return again;
    }
    if (reading.failure.empty() && reading.state)
        co_await state_->recover(view->node.uuid, *reading.state);
    co_return state_->after(options.power_failure_recovery_interval);
}

}  // namespace ferrite::conductor
