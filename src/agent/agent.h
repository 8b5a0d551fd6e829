#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/boot_parameters.h"
#include "agent/machine_files.h"

namespace ferrite::agent {

/// The deploy agent: finds its node, serves commands, reports in until the machine is switched off.
///
///     Agent agent({.options = read_options(parameters), .roots = {"/sys", "/dev", "/proc"}});
///     return agent.run();
///
/// Start-up: inspection when asked for, lookup until the service knows the machine, a certificate
/// for the address towards the service, the command API, heartbeats.
class Agent {
public:
    struct Settings {
        AgentOptions options;
        MachineFiles::Roots roots;
        std::filesystem::path state_directory = "/run/ferrite-agent";
        std::vector<std::filesystem::path> log_files;  ///< Part of collected logs.
        std::string version;
    };

    explicit Agent(Settings settings);
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    /// Runs until lockdown; throws Error when the agent cannot do its work: the service never knew
    /// the machine, no address, no port. Blocks the calling thread.
    void run();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::agent
