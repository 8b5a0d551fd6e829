#include "agent/command_board.h"

#include <algorithm>

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "base/log.h"
#include "base/uuid.h"

namespace ferrite::agent {
namespace {

std::string_view to_text(CommandStatus status) {
    switch (status) {
        case CommandStatus::running:
            return "RUNNING";
        case CommandStatus::succeeded:
            return "SUCCEEDED";
        case CommandStatus::failed:
            return "FAILED";
        case CommandStatus::version_mismatch:
            return "CLEAN_VERSION_MISMATCH";
    }
    return "FAILED";
}

std::string_view short_name(std::string_view full_name) {
    return full_name.substr(full_name.find('.') + 1);
}

/// A bare string becomes an object, with the name of an asynchronous command in front.
Json wrapped(Json result, const Command& command, std::string_view name) {
    if (!result.is_string()) return result;
    std::string text(result.as_string());
    if (command.kind == Command::Kind::async) text = fmt::format("{}: {}", name, text);
    return JsonObject{{"result", text}};
}

}  // namespace

JsonObject CommandRecord::to_json() const {
    return {{"id", id},
            {"command_name", name},
            {"command_status", to_text(status)},
            {"command_error", error},
            {"command_result", result}};
}

void CommandBoard::add(std::string name, Command command) {
    commands_.insert_or_assign(std::move(name), std::move(command));
}

Task<CommandRecord> CommandBoard::execute(std::string name, JsonObject parameters, Wait wait) {
    auto running = admit(name, parameters);
    log_info("AGENT_COMMAND_STARTED", "command={} id={}", name, running.record.id);
    auto record = running.record;
    bool sync = running.command.kind == Command::Kind::sync;
    auto done = std::make_shared<Signal>();
    work_.spawn("command " + name, run(std::move(running), std::move(parameters), done));
    if (!sync && wait == Wait::no) co_return record;
    while (!co_await done->wait_for(std::chrono::hours(1))) {
    }
    co_return record_of(record.id).value_or(record);
}

Task<Json> CommandBoard::execute_within(std::string name, JsonObject parameters) {
    const Command& command = lookup(name);
    if (command.validate) command.validate(parameters);
    co_return wrapped(co_await command.run(std::move(parameters)), command, short_name(name));
}

std::vector<CommandRecord> CommandBoard::list() {
    MutexLock lock(mutex_);
    bool running = !history_.empty() && history_.back().status == CommandStatus::running;
    if (!running) unread_ = false;
    return history_;
}

Task<CommandRecord> CommandBoard::find(std::string id, Wait wait) {
    if (wait == Wait::yes) {
        if (auto done = await_end(id))
            while (!co_await done->wait_for(std::chrono::hours(1))) {
            }
    }
    auto record = record_of(id);
    if (!record)
        throw AgentError(Fault::not_found, fmt::format("Command Result with id {} not found.", id));
    co_return *record;
}

bool CommandBoard::has_unread_result() const {
    MutexLock lock(mutex_);
    return unread_;
}

const Command& CommandBoard::lookup(std::string_view full_name) const {
    auto dot = full_name.find('.');
    if (dot == full_name.npos)
        throw AgentError(Fault::invalid_command,
                         "Command name must be of the form <extension>.<name>");
    auto extension = full_name.substr(0, dot + 1);
    if (auto found = commands_.find(full_name); found != commands_.end()) return found->second;
    bool extension_known = std::ranges::any_of(
        commands_, [&](const auto& entry) { return entry.first.starts_with(extension); });
    if (!extension_known)
        throw AgentError(Fault::not_found,
                         fmt::format("Extension with id {} not found.", full_name.substr(0, dot)));
    throw AgentError(Fault::invalid_command,
                     fmt::format("Unknown command: {}", short_name(full_name)));
}

/// Lets a command in, or throws why not. An asynchronous one shows in the history at once.
CommandBoard::Running CommandBoard::admit(std::string full_name, const JsonObject& parameters) {
    const Command& command = lookup(full_name);
    Running running{{new_uuid(), std::string(short_name(full_name))}, command, full_name};
    MutexLock lock(mutex_);
    if (!busy_with_.empty())
        throw AgentError(Fault::busy, fmt::format("executing command {}", busy_with_));
    if (command.validate) command.validate(parameters);
    busy_with_ = running.record.name;
    if (command.kind == Command::Kind::async) history_.push_back(running.record);
    return running;
}

Task<> CommandBoard::run(Running running, JsonObject parameters, std::shared_ptr<Signal> done) {
    auto& record = running.record;
    auto fail = [&](CommandStatus status, JsonObject error) {
        record.status = status;
        record.error = std::move(error);
        // A failed synchronous command is reported under its full name; conductors know it so.
        if (running.command.kind == Command::Kind::sync) record.name = running.full_name;
    };
    try {
        auto result = co_await running.command.run(std::move(parameters));
        record.result = wrapped(std::move(result), running.command, record.name);
        record.status = CommandStatus::succeeded;
    } catch (const AgentError& error) {
        fail(error.fault() == Fault::version_mismatch ? CommandStatus::version_mismatch
                                                      : CommandStatus::failed,
             error.to_json());
    } catch (const std::exception& error) {
        fail(CommandStatus::failed, AgentError(Fault::command_failed, error.what()).to_json());
    }
    bool is_async = running.command.kind == Command::Kind::async;
    finish(std::move(running));
    done->set();
    if (is_async && finished_) finished_();
}

void CommandBoard::finish(Running running) {
    auto& record = running.record;
    log_info("AGENT_COMMAND_ENDED", "command={} id={} status={} error={}", running.full_name,
             record.id, to_text(record.status), ferrite::to_text(member(record.error, "details")));
    Signals waiters;
    {
        MutexLock lock(mutex_);
        busy_with_.clear();
        if (running.command.kind == Command::Kind::async) {
            *std::ranges::find(history_, record.id, &CommandRecord::id) = record;
            unread_ = true;
        } else {
            history_.push_back(record);
        }
        if (auto found = waiting_.find(record.id); found != waiting_.end()) {
            waiters = std::move(found->second);
            waiting_.erase(found);
        }
    }
    for (const auto& waiter : waiters) waiter->set();
}

std::optional<CommandRecord> CommandBoard::record_of(const std::string& id) const {
    MutexLock lock(mutex_);
    auto found = std::ranges::find(history_, id, &CommandRecord::id);
    if (found == history_.end()) return std::nullopt;
    return *found;
}

/// A signal set when the command ends; null when it is not running.
std::shared_ptr<Signal> CommandBoard::await_end(const std::string& id) {
    MutexLock lock(mutex_);
    auto found = std::ranges::find(history_, id, &CommandRecord::id);
    if (found == history_.end() || found->status != CommandStatus::running) return nullptr;
    auto signal = std::make_shared<Signal>();
    waiting_[id].push_back(signal);
    return signal;
}

}  // namespace ferrite::agent
