#include "sim/agent_commands.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/uuid.h"

namespace ferrite::sim {
namespace {

using Work = AgentCommands::Work;

/// A step that the agents offer, with its priority in cleaning; none: it is no clean step.
struct StepRow {
    std::string_view name;
    std::optional<int> clean;
    std::optional<int> deploy;
    std::optional<int> service;
};
constexpr StepRow kSteps[] = {
    {"erase_devices_metadata", 99, 0, std::nullopt},
    {"erase_devices", 10, std::nullopt, std::nullopt},
    {"erase_devices_express", 0, std::nullopt, std::nullopt},
    {"erase_pstore", 0, std::nullopt, std::nullopt},
    {"write_image", std::nullopt, 0, 0},
};

std::optional<int> priority_of(const StepRow& row, std::string_view kind) {
    return kind == "clean" ? row.clean : kind == "deploy" ? row.deploy : row.service;
}

/// Commands that are no steps: what the machine does, and whether the answer waits for it.
struct CommandRow {
    std::string_view name;
    Work work;
    bool at_once;
};
constexpr CommandRow kCommands[] = {
    {"image.install_bootloader", Work::step, false},
    {"standby.prepare_image", Work::write, false},
    {"standby.cache_image", Work::write, false},
    {"standby.get_partition_uuids", Work::none, true},
    {"standby.sync", Work::none, true},
    {"standby.power_off", Work::power_off, false},
    {"standby.run_image", Work::reboot, false},
    {"rescue.finalize_rescue", Work::none, true},
    {"log.collect_system_logs", Work::none, true},
    {"system.lockdown", Work::lock_down, true},
};

Json result_of(std::string_view command) {
    if (command == "standby.get_partition_uuids") return JsonObject{{"root uuid", "0x5f0e71c3"}};
    if (command == "log.collect_system_logs") return JsonObject{{"system_logs", ""}};
    return nullptr;
}

AgentCommands::Answer refusal(int status, std::string text) {
    return {.status = status,
            .body = JsonObject{{"faultcode", status < 500 ? "Client" : "Server"},
                               {"faultstring", std::move(text)}}};
}

std::string_view short_name(std::string_view name) {
    return name.substr(name.find('.') + 1);
}

Json step_list(std::string_view kind) {
    JsonArray steps;
    for (const auto& row : kSteps) {
        auto priority = priority_of(row, kind);
        if (!priority) continue;
        JsonObject step{{"step", row.name},
                        {"priority", *priority},
                        {"interface", "deploy"},
                        {"reboot_requested", false}};
        if (kind == "clean") step["abortable"] = true;
        steps.push_back(std::move(step));
    }
    JsonObject lists{{"SimulatedHardwareManager", std::move(steps)}};
    return JsonObject{{fmt::format("{}_steps", kind), std::move(lists)},
                      {"hardware_manager_version", JsonObject{{"simulated", "1"}}}};
}

Image image_of(const Json& info) {
    Image image{.id = string_member(info, "id"),
                .checksum = string_member(info, "os_hash_value", string_member(info, "checksum"))};
    const auto& urls = member(info, "urls");
    if (urls.is_array() && !urls.as_array().empty() && urls.as_array()[0].is_string())
        image.url = urls.as_array()[0].as_string();
    return image;
}

}  // namespace

Json AgentCommands::Record::to_json() const {
    return JsonObject{{"id", id},
                      {"command_name", name},
                      {"command_status", status},
                      {"command_error", error},
                      {"command_result", result}};
}

AgentCommands::Answer AgentCommands::give(std::string_view name, const JsonObject& parameters) {
    if (!running_.empty())
        return refusal(409, fmt::format("Agent is busy: executing command {}", running_));
    for (std::string_view kind : {"clean", "deploy", "service"}) {
        if (name == fmt::format("{0}.get_{0}_steps", kind))
            return answer_at_once(short_name(name), step_list(kind));
        if (name == fmt::format("{0}.execute_{0}_step", kind))
            return take_step(kind, short_name(name), parameters);
    }
    for (const auto& row : kCommands) {
        if (row.name != name) continue;
        if (!row.at_once) {
            auto answer = take(short_name(name), row.work, result_of(name));
            if (row.work == Work::write)
                answer.image = image_of(member(Json(parameters), "image_info"));
            return answer;
        }
        auto answer = answer_at_once(short_name(name), result_of(name));
        answer.work = row.work;
        return answer;
    }
    return refusal(404, fmt::format("Not found: there is no command {}.", name));
}

AgentCommands::Answer AgentCommands::take_step(std::string_view kind, std::string_view name,
                                               const JsonObject& parameters) {
    Json document(parameters);
    const Json& step = member(document, "step");
    auto wanted = string_member(step, "step");
    const auto* row = std::ranges::find(kSteps, wanted, &StepRow::name);
    bool known = row != std::end(kSteps) && priority_of(*row, kind);
    bool writes = wanted == "write_image";
    JsonObject said{{"result", fmt::format("{}: done by a simulated agent", wanted)}};
    // The step is echoed whole: the conductor tells by it which of its steps has ended.
    JsonObject result{{fmt::format("{}_result", kind), std::move(said)},
                      {fmt::format("{}_step", kind), step}};
    auto answer = take(name, writes ? Work::write : Work::step, std::move(result));
    answer.step = wanted;
    if (writes) answer.image = image_of(member(member(step, "args"), "image_info"));
    if (known) return answer;
    finish(answer.id, agent_error("HardwareManagerMethodNotFound",
                                  "No hardware manager found to handle the method",
                                  fmt::format("Could not find method: {}", wanted)));
    return {.body = *find(answer.id)};
}

AgentCommands::Answer AgentCommands::take(std::string_view name, Work work, Json result) {
    records_.push_back({.id = new_uuid(),
                        .name = std::string(name),
                        .status = "RUNNING",
                        .error = nullptr,
                        .result = nullptr});
    Answer answer{.body = records_.back().to_json(), .id = records_.back().id, .work = work};
    records_.back().result = std::move(result);
    running_ = name;
    return answer;
}

AgentCommands::Answer AgentCommands::answer_at_once(std::string_view name, Json result) {
    auto answer = take(name, Work::none, std::move(result));
    running_.clear();
    records_.back().status = "SUCCEEDED";
    return {.body = records_.back().to_json()};
}

void AgentCommands::finish(const std::string& id, Json error) {
    auto record = std::ranges::find(records_, id, &Record::id);
    if (record == records_.end() || record->status != "RUNNING") return;
    record->status = error.is_null() ? "SUCCEEDED" : "FAILED";
    if (!error.is_null()) record->result = nullptr;
    record->error = std::move(error);
    running_.clear();
    unread_ = true;
}

Json AgentCommands::list() {
    JsonArray all;
    for (const auto& record : records_) {
        all.push_back(record.to_json());
        if (record.status == "RUNNING") all.back().as_object()["command_result"] = nullptr;
    }
    if (running_.empty()) unread_ = false;
    return JsonObject{{"commands", std::move(all)}};
}

std::optional<Json> AgentCommands::find(std::string_view id) const {
    auto record = std::ranges::find(records_, id, &Record::id);
    if (record == records_.end()) return std::nullopt;
    auto json = record->to_json();
    if (record->status == "RUNNING") json.as_object()["command_result"] = nullptr;
    return json;
}

bool AgentCommands::is_running(std::string_view id) const {
    auto record = std::ranges::find(records_, id, &Record::id);
    return record != records_.end() && record->status == "RUNNING";
}

Json agent_error(std::string_view type, std::string_view message, std::string_view details) {
    return JsonObject{{"type", type}, {"code", 500}, {"message", message}, {"details", details}};
}

}  // namespace ferrite::sim
