#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ferrite::sim {

/// An image as an agent was told to write it.
struct Image {
    std::string id;
    std::string url;
    std::string checksum;
};

/// What the agent of a simulated machine was told to do, and the answers that a conductor gets
/// (reference: agent.md section 3): one command at a time, and a history of which nothing is ever
/// removed. Does nothing itself; the machine says when a command has ended.
class AgentCommands {
public:
    /// What the machine has to do for a command before it may end.
    enum class Work { none, step, write, power_off, reboot, lock_down };

    struct Answer {
        int status = 200;
        Json body;
        std::string id;  ///< Of the command that runs now; empty: none does.
        Work work = Work::none;
        std::string step;            ///< The step that is carried out, if it is one.
        std::optional<Image> image;  ///< What is to be written.
    };

    /// Takes a command by its full name, `clean.execute_clean_step`. A refused one (409 while
    /// another runs, 404, 400) leaves no trace.
    Answer give(std::string_view name, const JsonObject& parameters);

    /// Ends the command that runs, with an error object unless that is null.
    void finish(const std::string& id, Json error);

    /// `{"commands": [...]}`. Counts as the conductor having seen them.
    Json list();
    /// One command; nothing when there is none of that id.
    std::optional<Json> find(std::string_view id) const;
    bool is_running(std::string_view id) const;

    /// Whether a command has ended and nobody has read the list since.
    bool has_unread_result() const { return unread_; }
    std::size_t count() const { return records_.size(); }
    const std::string& running() const { return running_; }

private:
    struct Record {
        std::string id;
        std::string name;
        std::string status;
        Json error;
        Json result;
        Json to_json() const;
    };

    Answer take_step(std::string_view kind, std::string_view name, const JsonObject& parameters);
    Answer take(std::string_view name, Work work, Json result);
    Answer answer_at_once(std::string_view name, Json result);

    std::vector<Record> records_;
    std::string running_;  ///< Name of the command that runs.
    bool unread_ = false;
};

/// The `command_error` of an agent.
Json agent_error(std::string_view type, std::string_view message, std::string_view details);

}  // namespace ferrite::sim
