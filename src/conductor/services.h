#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "conductor/presence.h"
#include "conductor/rule_call.h"
#include "hardware/drivers.h"
#include "hardware/power_action.h"
#include "model/notification.h"
#include "store/history.h"
#include "store/nodes.h"
#include "store/store.h"

namespace ferrite::conductor {

/// What becomes of an agent's inspection report (`[inspector]`, `[inventory]`).
struct InspectionOptions {
    std::vector<std::string> hooks{"ramdisk-error", "validate-interfaces", "ports", "architecture"};
    std::string add_ports = "pxe";   ///< Cards that become ports: all, active, pxe, disabled.
    std::string keep_ports = "all";  ///< Ports that stay: all, present, added.
    bool update_pxe_enabled = true;
    bool keep_inventory = true;  ///< `[inventory]data_backend` is not none.
};

/// The sensors of machines (`[sensor_data]`); told only to a notifier that wants them.
struct SensorOptions {
    std::chrono::seconds interval{600};
    unsigned workers = 4;                ///< Machines read at one time.
    std::chrono::seconds patience{300};  ///< wait_timeout: then a slow one gives its place away.
    std::vector<std::string> types{"ALL"};
    bool undeployed = false;  ///< Also of nodes that are not active.
};

/// How the conductor works; names and meanings are those of the `[conductor]` options unless said
/// otherwise. A time-out or interval of zero: never.
struct Options {
    std::string host;  ///< `[DEFAULT]host`: the name in `reservation`.
    std::string conductor_group;
    std::string rpc_endpoint;  ///< URL at which it takes calls of other processes; or empty.
    unsigned locked_retry_attempts = 3;
    std::chrono::milliseconds locked_retry_interval{1'000};
    hardware::PowerTimeouts power;
    std::chrono::seconds sync_power_state_interval{120};
    unsigned power_sync_workers = 256;  ///< Nodes asked at the same time, but for slow ones.
    int power_state_sync_max_retries = 3;
    bool force_power_state_during_sync = true;
    std::chrono::seconds power_failure_recovery_interval{300};
    std::chrono::seconds deploy_callback_timeout{1800};
    std::chrono::seconds clean_callback_timeout{1800};
    std::chrono::seconds rescue_callback_timeout{1800};
    std::chrono::seconds inspect_wait_timeout{1800};
    std::chrono::seconds service_callback_timeout{1800};
    std::optional<std::chrono::seconds> boot_retry_timeout;  ///< `[pxe]`
    std::chrono::seconds boot_retry_check_interval{90};      ///< `[pxe]`
    std::chrono::seconds cleanup_interval{86400};            ///< conductor_cleanup_interval
    std::chrono::seconds cleanup_timeout{1209600};           ///< conductor_cleanup_timeout
    int cleanup_batch_size = 50;                             ///< conductor_cleanup_batch_size
    SensorOptions sensors;
    bool ends_waits = true;  ///< check_provision_state_interval is not 0; rescue ends anyway.
    std::chrono::seconds heartbeat_interval{10};
    /// Between two looks for nodes that became this conductor's without anybody saying so.
    std::chrono::seconds sync_local_state_interval{180};
    std::chrono::seconds heartbeat_timeout{60};  ///< After which a conductor is held to be dead.
    bool automated_clean = true;
    bool allow_provisioning_in_maintenance = true;
    bool allow_deleting_available_nodes = true;
    int max_concurrent_deploy = 250;
    int max_concurrent_clean = 50;
    std::size_t max_workers = 10'000;  ///< Operations under way; more are refused with 503.
    std::vector<std::string> disallow_clean_steps;  ///< `[api]disallow_clean_steps`
    std::vector<std::string> disallow_deploy_steps;
    std::vector<std::string> disallow_service_steps;
    std::chrono::seconds max_wait_step{30};      ///< max_conductor_wait_step_seconds
    bool power_off_after_deploy_failure = true;  ///< `[deploy]`
    bool power_off_in_clean_fail = false;        ///< poweroff_in_cleanfail
    bool power_off_in_service_fail = false;      ///< poweroff_in_servicefail
    bool require_tls = true;                     ///< `[agent]`: of agents' addresses.
    std::size_t max_error_length = 4096;         ///< `[DEFAULT]log_in_db_max_size`
    InspectionOptions inspection;
    Fetch fetch;  ///< How inspection rules call other services.
    bool node_history = true;
    /// Errors only, as the original has it, or every event: `[conductor]node_history_events`.
    enum class HistoryEvents { errors, all } node_history_events = HistoryEvents::all;
    store::history::Retention node_history_retention;
    std::shared_ptr<model::Notifier> notifier;  ///< None: nobody listens.
    /// Go on after a restart with what was under way, or fail it as the original does.
    bool resume_interrupted = true;
};

class NodeSession;

/// What every operation of the conductor needs. It lives until the last of them is gone: work that
/// a stopped runtime drops goes later than the conductor itself.
struct Services : std::enable_shared_from_this<Services> {
    Services(store::Store& s, const hardware::Drivers& d, Runtime& r, Options o)
        : store(s),
          drivers(d),
          runtime(r),
          options(std::move(o)),
          presence(options.host, options.heartbeat_timeout) {}

    store::Store& store;
    const hardware::Drivers& drivers;
    Runtime& runtime;
    const Options options;
    Presence presence;

    /// Whether this conductor is the one for such a node.
    std::function<bool(const store::nodes::Place&)> in_charge = [](const auto&) { return true; };
    /// Brings what `in_charge` knows of the conductors up to date; blocks for milliseconds.
    std::function<void()> reread_conductors = [] {};
    /// To be called when conductors came or went: nodes are taken over.
    std::function<void()> conductors_changed = [] {};

    model::Notifier& notifier() const {
        return options.notifier ? *options.notifier : model::silent_notifier();
    }

    std::atomic<std::size_t> workers = 0;
    std::atomic<bool> ended = false;  ///< The conductor is gone: start nothing any more.
    /// Called when a node in a wait state was saved: its time-out counts from what it says.
    std::function<void(const model::Node&)> on_waiting = [](const model::Node&) {};
};

/// Takes one off `Services::workers` when it goes. Held by work that was counted as it was started.
struct CountedWorker {
    std::shared_ptr<Services> services;
    ~CountedWorker() { --services->workers; }
};

/// The asynchronous part of an operation. It sees to its own failures: what it throws is a defect,
/// which is told in last_error and fails what was under way.
using Work = std::function<Task<>(Services*, NodeSession*)>;

/// Throws Error (503) when too much is under way. To be asked before an operation is begun: what is
/// begun is carried out.
void refuse_when_full(const Services& services);

/// Lets `work` go on in the background with the node's lock, which is given back at its end.
void carry_out(Services& services, std::unique_ptr<NodeSession> session, std::string name,
               Work work);

}  // namespace ferrite::conductor
