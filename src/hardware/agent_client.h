#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/task.h"
#include "model/node.h"

namespace ferrite::hardware {

/// One command that an agent was given (reference: agent.md section 3.2).
struct AgentCommand {
    std::string id;
    std::string name;    ///< "execute_clean_step", ...
    std::string status;  ///< "RUNNING", "SUCCEEDED", "FAILED", "VERSION_MISMATCH", ...
    Json result;
    Json error;

    bool running() const { return status == "RUNNING"; }
    bool succeeded() const { return status == "SUCCEEDED"; }
    /// What a failed command says of itself, in words.
    std::string failure() const;
};

/// The agent does not answer at all.
struct AgentUnreachable : Error {
    explicit AgentUnreachable(std::string message)
        : Error(500, "agent_unreachable", std::move(message)) {}
};

/// The agent is still busy with another command, or has not reported where it is: it can be asked
/// again after its next heartbeat.
struct AgentBusy : Error {
    explicit AgentBusy(std::string message) : Error(500, "agent_busy", std::move(message)) {}
};

/// Gives commands to the deploy agent on a node and reads what became of them (reference: agent.md
/// section 3, conductor.md section 8.2). The agent's address, token and certificate are in the
/// node's driver_internal_info.
///
/// Every function throws AgentUnreachable after the attempts are used up, AgentBusy, or Error
/// (code "agent") with the agent's own words. The node must outlive the task.
class AgentClient {
public:
    struct Options {
        std::chrono::milliseconds timeout{60'000};  ///< `[agent]command_timeout`
        unsigned attempts = 3;                      ///< On connection failures.
        std::chrono::milliseconds retry_interval{1'000};
        bool verify_tls = true;  ///< When the agent named no certificate of its own.
    };

    AgentClient(HttpClient& client, Options options) : client_(client), options_(options) {}

    /// Starts a command and returns at once; its end is seen in commands().
    Task<AgentCommand> start(const model::Node* node, std::string name, JsonObject params);

    /// Runs a command and waits for its end, which may take up to `limit`. Throws when it failed.
    Task<AgentCommand> run(const model::Node* node, std::string name, JsonObject params,
                           std::chrono::seconds limit = std::chrono::seconds(60));

    /// All commands that the agent has been given since it started, oldest first.
    Task<std::vector<AgentCommand>> commands(const model::Node* node);

private:
    Task<Json> exchange(const model::Node* node, std::string method, std::string query,
                        std::string body);

    HttpClient& client_;
    Options options_;
};

/// The node and its ports as the agent wants to see them.
JsonObject agent_view(const model::Node& node);

}  // namespace ferrite::hardware
