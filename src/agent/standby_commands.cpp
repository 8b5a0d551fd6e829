#include "agent/standby_commands.h"

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "base/log.h"

namespace ferrite::agent {
namespace {

/// How long the answer to the command may take to leave the machine before the power goes.
constexpr std::chrono::milliseconds kFarewell{1500};

std::string text_or_empty(const JsonObject& parameters, std::string_view key) {
    auto* value = parameters.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->as_string());
}

Json image_info_of(const JsonObject& parameters) {
    auto* info = parameters.if_contains("image_info");
    return info == nullptr ? Json(nullptr) : *info;
}

void check_image_info(const JsonObject& parameters) {
    parse_image_info(image_info_of(parameters), image::Md5Policy::allowed);
}

Task<Json> prepare_image(ImageDeployer* deployer, JsonObject parameters) {
    auto said = co_await deployer->prepare_image(image_info_of(parameters),
                                                 text_or_empty(parameters, "configdrive"));
    co_return Json(said);
}

/// As a step the sentence is wrapped the way the command's own result would be.
Task<Json> write_image(ImageDeployer* deployer, JsonObject arguments) {
    auto said = co_await deployer->prepare_image(image_info_of(arguments),
                                                 text_or_empty(arguments, "configdrive"));
    co_return JsonObject{{"result", "prepare_image: " + said}};
}

Task<Json> partition_uuids(ImageDeployer* deployer) {
    co_return deployer->partition_uuids();
}

Task<Json> sync_disks(const MachineFiles* machine) {
    flush_disks(*machine);
    co_return nullptr;
}

Task<> change_power_soon(const MachineFiles* machine, PowerChange change) {
    co_await sleep_for(kFarewell);
    change_power(*machine, change);
}

/// Succeeds at once and lets the machine go a moment later, so that the result can be read.
Task<Json> begin_power_change(const MachineFiles* machine, Runtime* work, PowerChange change) {
    flush_disks(*machine);
    work->spawn("power change", change_power_soon(machine, change));
    co_return nullptr;
}

/// The only entry of a flow's element: command name and parameters.
std::pair<std::string, JsonObject> flow_element(const Json& element) {
    if (!element.is_object() || element.as_object().size() != 1)
        throw AgentError(Fault::invalid_params, "each flow element must have exactly one command");
    const auto& entry = *element.as_object().begin();
    if (!entry.value().is_object())
        throw AgentError(Fault::invalid_params, "the parameters of a command must be an object");
    return {std::string(entry.key()), entry.value().as_object()};
}

void check_flow(const JsonObject& parameters) {
    auto* flow = parameters.if_contains("flow");
    if (flow == nullptr || !flow->is_array())
        throw AgentError(Fault::invalid_params, "'flow' must be a list of commands");
    for (const auto& element : flow->as_array()) flow_element(element);
}

Task<Json> run_flow(CommandBoard* board, JsonObject parameters) {
    const JsonArray flow = parameters.at("flow").as_array();
    for (const auto& element : flow) {
        auto [name, arguments] = flow_element(element);
        std::string failure;
        try {
            co_await board->execute_within(name, std::move(arguments));
        } catch (const Error& error) {
            failure = error.message();
        }
        if (!failure.empty())
            throw AgentError(Fault::command_failed,
                             fmt::format("{} was failed: {}", name, failure));
    }
    co_return nullptr;
}

}  // namespace

void add_standby_commands(CommandBoard& board, StepBook& steps, ImageDeployer& deployer,
                          const MachineFiles& machine, Runtime& work) {
    auto* images = &deployer;
    auto* files = &machine;
    auto* runtime = &work;
    auto* commands = &board;
    using Kind = Command::Kind;
    auto prepare = [=](JsonObject p) { return prepare_image(images, std::move(p)); };
    board.add("standby.prepare_image", {Kind::async, prepare, check_image_info});
    // The older name, from when caching and preparing were two commands.
    board.add("standby.cache_image", {Kind::async, prepare, check_image_info});
    board.add("standby.get_partition_uuids",
              {Kind::sync, [=](JsonObject) { return partition_uuids(images); }});
    board.add("standby.sync", {Kind::sync, [=](JsonObject) { return sync_disks(files); }});
    board.add("standby.power_off", {Kind::async, [=](JsonObject) {
                                        return begin_power_change(files, runtime, PowerChange::off);
                                    }});
    board.add("standby.run_image", {Kind::async, [=](JsonObject) {
                                        return begin_power_change(files, runtime,
                                                                  PowerChange::reboot);
                                    }});
    board.add(
        "flow.start_flow",
        {Kind::async, [=](JsonObject p) { return run_flow(commands, std::move(p)); }, check_flow});

    JsonObject image_info{{"description", "What to write: id, urls, checksum, disk_format."},
                          {"required", true}};
    JsonObject config_drive{{"description", "URL or base64 of a gzipped config drive."},
                            {"required", false}};
    steps.add({.name = "write_image",
               .deploy_priority = 0,
               .service_priority = 0,
               .arguments = {{"image_info", image_info}, {"configdrive", config_drive}},
               .run = [=](Json, JsonObject a) { return write_image(images, std::move(a)); }});
}

}  // namespace ferrite::agent
