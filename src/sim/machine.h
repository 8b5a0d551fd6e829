#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/runtime.h"
#include "ipmi/bmc_chassis.h"
#include "sim/agent_commands.h"
#include "sim/faults.h"
#include "sim/quantities.h"

namespace ferrite::sim {

/// How long a machine takes for what it does.
struct Timings {
    DurationRange boot{Duration(5'000), Duration(20'000)};     ///< Power on to agent or instance.
    DurationRange shutdown{Duration(1'000), Duration(5'000)};  ///< Soft off to off.
    DurationRange step{Duration(1'000), Duration(3'000)};      ///< A step of the agent.
    DurationRange write{Duration(10'000), Duration(60'000)};   ///< Writing an image.
};

/// What is running on a machine.
enum class Running { nothing, firmware, agent, instance };
std::string_view to_text(Running running);

/// Something that happens to a machine after a while, unless its power changes before.
struct Coming {
    enum class Kind { booted, shut_down, command_ended, agent_crashed };
    Kind kind = Kind::booted;
    std::uint64_t episode = 0;
    Duration delay{0};
    std::string command;  ///< Id of the command that ends.
};

/// A made-up machine: power, boot order, what runs on it, the agent's commands, and a record of
/// what was done to it. It has no clock: what takes time is returned as a Coming, which the fleet
/// hands back to complete() when it is due. Everything that depends on the machine staying on
/// carries the episode, a number that changes with its power. Any thread.
///
///     auto [reply, coming] = machine.handle(request, "127.0.0.1:40001");
///     if (coming) { co_await sleep_for(coming->delay); machine.complete(*coming); }
class Machine {
public:
    struct Identity {
        unsigned number = 0;  ///< From 1.
        std::string name;
        std::string mac;
        IpAddress bmc;
        ipmi::Nonce guid{};
    };

    Machine(Identity identity, const Timings& timings, Faults faults, std::uint64_t seed);

    const Identity& identity() const { return identity_; }
    Faults faults();
    void set_faults(Faults faults);

    /// A command for its BMC, sent by `driver` (address and port of the console).
    std::pair<ipmi::CommandReply, std::optional<Coming>> handle(const ipmi::Request& request,
                                                                std::string_view driver);

    /// What follows when something that was coming has come.
    struct Change {
        bool agent_boots = false;      ///< An agent is up, and looks its node up next.
        std::optional<Coming> coming;  ///< What comes next.
    };
    Change complete(const Coming& coming);

    /// The present episode.
    std::uint64_t episode();

    // The agent. Each of these does nothing once the episode is over.

    /// The agent knows its node and has its token, and will take commands.
    void begin_agent(std::uint64_t episode, std::string node, std::string token);
    /// What ends the agent's sleep: a command has ended or the power has changed. Null: the agent
    /// is to report no more.
    std::shared_ptr<Signal> next_report(std::uint64_t episode);
    void count_heartbeat(std::uint64_t episode);
    bool has_unread_result(std::uint64_t episode);

    /// Whether an agent is there to answer; `token` of the request.
    enum class Admission { admitted, no_agent, wrong_token };
    Admission admit(std::string_view token);
    std::pair<AgentCommands::Answer, std::optional<Coming>> give_command(
        std::string_view name, const JsonObject& parameters);
    Json list_commands();
    std::optional<Json> find_command(std::string_view id);
    /// What ends a wait for that command; null when it does not run.
    std::shared_ptr<Signal> command_end(std::string_view id);

    /// All that is known of it, for the control API.
    JsonObject to_json();
    /// Adds this machine to the sums over a fleet.
    void add_to(JsonObject& totals);

private:
    struct Agent {
        std::string node;
        std::string token;
        AgentCommands commands;
        std::map<std::string, AgentCommands::Answer, std::less<>> work;
        unsigned heartbeats = 0;
        bool silent = false;  ///< Locked down or hanging.
        bool crashed = false;
    };
    /// A console that has changed something by way of the BMC.
    struct Driver {
        std::string endpoint;
        unsigned changes = 0;
    };

    std::optional<Coming> on_control(ipmi::PowerAction action) FERRITE_REQUIRES(mutex_);
    std::optional<Coming> power_on() FERRITE_REQUIRES(mutex_);
    void power_off() FERRITE_REQUIRES(mutex_);
    void begin_episode() FERRITE_REQUIRES(mutex_);
    Running boot() FERRITE_REQUIRES(mutex_);
    ipmi::BootDevice take_boot_device() FERRITE_REQUIRES(mutex_);
    std::optional<Coming> end_command(const std::string& id) FERRITE_REQUIRES(mutex_);
    std::optional<Coming> work_for(const AgentCommands::Answer& answer) FERRITE_REQUIRES(mutex_);
    void note_driver(std::string_view endpoint) FERRITE_REQUIRES(mutex_);
    void wake() FERRITE_REQUIRES(mutex_);
    Json image_json() const FERRITE_REQUIRES(mutex_);

    const Identity identity_;
    const Timings& timings_;
    Mutex mutex_;
    Faults faults_ FERRITE_GUARDED_BY(mutex_);
    Random random_ FERRITE_GUARDED_BY(mutex_);
    ipmi::BmcChassis chassis_ FERRITE_GUARDED_BY(mutex_);
    std::uint64_t episode_ FERRITE_GUARDED_BY(mutex_) = 1;
    Running running_ FERRITE_GUARDED_BY(mutex_) = Running::nothing;
    std::optional<ipmi::BootDevice> lasting_device_ FERRITE_GUARDED_BY(mutex_);
    std::unique_ptr<Agent> agent_ FERRITE_GUARDED_BY(mutex_);
    std::shared_ptr<Signal> wake_ FERRITE_GUARDED_BY(mutex_);

    std::optional<Image> disk_ FERRITE_GUARDED_BY(mutex_);  ///< None: blank or erased.
    std::optional<Image> last_image_ FERRITE_GUARDED_BY(mutex_);
    std::vector<Driver> drivers_ FERRITE_GUARDED_BY(mutex_);  ///< In order of their last change.
    unsigned driver_returns_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned boots_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned network_boots_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned bmc_commands_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned writes_begun_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned images_written_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned steps_done_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned busy_refusals_ FERRITE_GUARDED_BY(mutex_) = 0;
};

}  // namespace ferrite::sim
