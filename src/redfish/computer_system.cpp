#include "redfish/computer_system.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace ferrite::redfish {
namespace {

/// What stands for a Reset, best first.
struct ResetRow {
    Reset reset;
    std::array<std::string_view, 2> words;  ///< The second may be empty.
};

constexpr std::array kResets = {
    ResetRow{Reset::on, {"On", "ForceOn"}},
    ResetRow{Reset::force_off, {"ForceOff", ""}},
    ResetRow{Reset::graceful_shutdown, {"GracefulShutdown", ""}},
    ResetRow{Reset::graceful_restart, {"GracefulRestart", ""}},
    ResetRow{Reset::force_restart, {"ForceRestart", "PowerCycle"}},
    ResetRow{Reset::nmi, {"Nmi", ""}},
};

const ResetRow& row_of(Reset reset) {
    for (const auto& row : kResets)
        if (row.reset == reset) return row;
    return kResets.front();
}

/// The word to send; empty when the system takes none of them.
std::string_view word_for(const ComputerSystem& system, Reset reset) {
    const auto& words = row_of(reset).words;
    if (system.reset_types.empty()) return words.front();
    for (auto word : words)
        if (std::ranges::find(system.reset_types, word) != system.reset_types.end()) return word;
    return {};
}

std::optional<bool> power_of(std::string_view state) {
    if (state == "On" || state == "PoweringOn") return true;
    if (state == "Off" || state == "PoweringOff") return false;
    return std::nullopt;
}

enum class Habit { standard, enabled_always, all_together };

Habit habit_of(std::string_view manufacturer) {
    std::string name(manufacturer);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name == "supermicro") return Habit::enabled_always;
    for (auto maker : {"ami", "american megatrends", "american megatrends international",
                       "asrockrack", "redfish_compatible"})
        if (name == maker) return Habit::all_together;
    return Habit::standard;
}

}  // namespace

ComputerSystem system_from_json(std::string path, const Json& resource) {
    ComputerSystem system;
    system.path = std::move(path);
    system.powered_on = power_of(string_member(resource, "PowerState"));
    system.manufacturer = string_member(resource, "Manufacturer");
    const auto& boot = member(resource, "Boot");
    system.boot = {.target = string_member(boot, "BootSourceOverrideTarget"),
                   .enabled = string_member(boot, "BootSourceOverrideEnabled"),
                   .mode = string_member(boot, "BootSourceOverrideMode"),
                   .http_uri = string_member(boot, "HttpBootUri")};
    const auto& reset = member(member(resource, "Actions"), "#ComputerSystem.Reset");
    system.reset_path = string_member(reset, "target");
    const auto& types = member(reset, "ResetType@Redfish.AllowableValues");
    if (types.is_array())
        for (const auto& type : types.as_array())
            if (type.is_string()) system.reset_types.emplace_back(type.as_string());
    return system;
}

std::string_view to_text(Reset reset) {
    return row_of(reset).words.front();
}

bool offers(const ComputerSystem& system, Reset reset) {
    return !word_for(system, reset).empty();
}

JsonObject boot_changes(const ComputerSystem& system, const BootOverride& wanted) {
    const auto& now = system.boot;
    bool target = wanted.target != now.target;
    bool enabled = wanted.enabled != now.enabled;
    bool uri = !wanted.http_uri.empty() && wanted.http_uri != now.http_uri;
    if (!target && !enabled && !uri) return {};

    auto habit = habit_of(system.manufacturer);
    JsonObject boot;
    if (target || habit == Habit::all_together) boot["BootSourceOverrideTarget"] = wanted.target;
    if (enabled || habit != Habit::standard) boot["BootSourceOverrideEnabled"] = wanted.enabled;
    if (habit == Habit::all_together && !now.mode.empty())
        boot["BootSourceOverrideMode"] = now.mode;
    if (uri) boot["HttpBootUri"] = wanted.http_uri;
    JsonObject changes;
    changes["Boot"] = std::move(boot);
    return changes;
}

Task<ComputerSystem> read_system(Client* client, std::string id, Urgency urgency) {
    auto path = co_await client->system_path(std::move(id), urgency);
    auto resource = co_await client->get(path, urgency);
    co_return system_from_json(path, resource);
}

Task<> reset_system(Client* client, ComputerSystem system, Reset reset) {
    auto word = word_for(system, reset);
    if (word.empty())
        throw Error(Reason::refused, client->options().address,
                    fmt::format("{} does not offer the reset {}, only {}", system.path,
                                to_text(reset), fmt::join(system.reset_types, ", ")));
    if (system.reset_path.empty())
        throw Error(Reason::refused, client->options().address,
                    fmt::format("{} offers no reset", system.path));
    JsonObject body;
    body["ResetType"] = word;
    co_await client->post(system.reset_path, std::move(body));
}

Task<> set_boot(Client* client, ComputerSystem system, BootOverride wanted) {
    auto changes = boot_changes(system, wanted);
    if (changes.empty()) co_return;
    co_await client->patch(system.path, std::move(changes));
}

}  // namespace ferrite::redfish
