#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "base/runtime.h"
#include "base/task.h"

namespace ferrite::agent {

enum class CommandStatus { running, succeeded, failed, version_mismatch };

/// A command that was given, as the conductor sees it (reference: agent.md section 3.2).
struct CommandRecord {
    std::string id;
    std::string name;  ///< Short: without the extension in front.
    CommandStatus status = CommandStatus::running;
    Json error;
    Json result;

    JsonObject to_json() const;
};

/// Something the agent can be told to do.
struct Command {
    enum class Kind {
        sync,   ///< The answer to the request carries the result.
        async,  ///< The answer says RUNNING; the result is read later.
    };

    Kind kind = Kind::sync;
    /// Does it. Runs on the work threads and may block them. A string result is wrapped as the
    /// protocol wants; what is thrown becomes the error of the command.
    std::function<Task<Json>(JsonObject parameters)> run;
    /// Checked before the command is accepted; throws AgentError. May be empty.
    std::function<void(const JsonObject& parameters)> validate = {};
};

/// The commands of the agent and the history of those given, in order: conductors decide by the
/// last entry alone, so one runs at a time and nothing is ever removed.
///
///     CommandBoard board(work);
///     board.add("standby.sync", {Command::Kind::sync, [&](JsonObject) { return flush_disks(); }});
///     auto record = co_await board.execute("standby.sync", {}, CommandBoard::Wait::no);
///
/// add() before the first request; the rest from any thread. Must outlive `work`.
class CommandBoard {
public:
    enum class Wait { no, yes };

    explicit CommandBoard(Runtime& work) : work_(work) {}

    void add(std::string name, Command command);

    /// Called on a work thread whenever an asynchronous command has ended. Set before serving.
    void on_finished(std::function<void()> callback) { finished_ = std::move(callback); }

    /// Runs `name` (`extension.command`). Throws AgentError when it is refused: busy (409), unknown
    /// (404, 400), bad parameters (400); those leave no trace in the history.
    Task<CommandRecord> execute(std::string name, JsonObject parameters, Wait wait);

    /// Runs a command inside another one, without a record. Throws what it throws.
    Task<Json> execute_within(std::string name, JsonObject parameters);

    /// All records; counts as the conductor having seen them, see has_unread_result().
    std::vector<CommandRecord> list();

    /// One record, when `wait` once it is no longer running. Throws AgentError(not_found).
    Task<CommandRecord> find(std::string id, Wait wait);

    /// True while the last command has ended and nobody has read the list since.
    bool has_unread_result() const;

private:
    using Signals = std::vector<std::shared_ptr<Signal>>;
    struct Running {
        CommandRecord record;
        Command command;
        std::string full_name;
    };

    const Command& lookup(std::string_view full_name) const;
    Running admit(std::string full_name, const JsonObject& parameters);
    Task<> run(Running running, JsonObject parameters, std::shared_ptr<Signal> done);
    void finish(Running running);
    std::optional<CommandRecord> record_of(const std::string& id) const;
    std::shared_ptr<Signal> await_end(const std::string& id);

    Runtime& work_;
    std::map<std::string, Command, std::less<>> commands_;
    std::function<void()> finished_;
    mutable Mutex mutex_;
    std::vector<CommandRecord> history_ FERRITE_GUARDED_BY(mutex_);
    std::map<std::string, Signals> waiting_ FERRITE_GUARDED_BY(mutex_);
    std::string busy_with_ FERRITE_GUARDED_BY(mutex_);
    bool unread_ FERRITE_GUARDED_BY(mutex_) = false;
};

}  // namespace ferrite::agent
