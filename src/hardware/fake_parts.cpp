#include "hardware/fake_parts.h"

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::hardware {
namespace {

/// What the fake machine remembers, in driver_internal_info.
constexpr std::string_view kSettings = "fake_bios_settings";      ///< Name to value.
constexpr std::string_view kVersions = "fake_firmware_versions";  ///< Component to version.

JsonObject argument(std::string_view meaning, bool required) {
    return {{"description", meaning}, {"required", required}};
}

/// A value as the text that a BMC would tell.
std::string text_of(const Json& value) {
    return value.is_string() ? std::string(value.get_string()) : ferrite::to_text(value);
}

/// The objects of the argument `settings`, each with the texts that `needed` names.
JsonArray read_settings(const Step& step, std::initializer_list<std::string_view> needed) {
    const auto* settings = step.args.if_contains("settings");
    if (!settings || !settings->is_array())
        throw InvalidValue(fmt::format("Step {} needs a list of settings.", step.id()));
    for (const auto& setting : settings->get_array())
        for (auto key : needed)
            if (string_member(setting, key).empty())
                throw InvalidValue(
                    fmt::format("Step {}: each of the settings needs a {}.", step.id(), key));
    return settings->get_array();
}

bool is_component(std::string_view name) {
    return name == "bios" || name == "bmc" || (name.starts_with("nic:") && name.size() > 4);
}

}  // namespace

std::vector<Step> FakeBios::steps(const NodeContext&, StepKind kind) const {
    if (kind != StepKind::clean) return {};
    JsonObject arguments{
        {"settings", argument("List of objects with the name and the value of a setting.", true)}};
    return {{.interface = "bios", .name = "apply_configuration", .argsinfo = std::move(arguments)},
            {.interface = "bios", .name = "factory_reset"}};
}

Task<StepOutcome> FakeBios::run_step(NodeContext* context, StepKind, Step step) {
    JsonObject settings;
    if (step.name == "apply_configuration")
        for (const auto& setting : read_settings(step, {"name"}))
            settings[string_member(setting, "name")] = text_of(member(setting, "value"));
    co_await pretend(delays_.bios);
    context->node.driver_internal_info.set(kSettings, std::move(settings));
    co_return StepOutcome::done;
}

Task<std::optional<std::vector<model::BiosSetting>>> FakeBios::settings(NodeContext* context) {
    Json known = context->node.driver_internal_info.get(kSettings);
    if (!known.is_object()) co_return std::nullopt;
    std::vector<model::BiosSetting> settings;
    for (const auto& entry : known.get_object()) {
        model::BiosSetting setting;
        setting.name = std::string(entry.key());
        setting.value = text_of(entry.value());
        settings.push_back(std::move(setting));
    }
    co_return settings;
}

std::vector<Step> FakeFirmware::steps(const NodeContext&, StepKind kind) const {
    if (kind != StepKind::clean) return {};
    JsonObject arguments{
        {"settings",
         argument("List of objects with a component (bios, bmc, nic:<id>) and the url of its new "
                  "firmware.",
                  true)}};
    return {{.interface = "firmware", .name = "update", .argsinfo = std::move(arguments)}};
}

Task<StepOutcome> FakeFirmware::run_step(NodeContext* context, StepKind, Step step) {
    auto settings = read_settings(step, {"component", "url"});
    Json known = context->node.driver_internal_info.get(kVersions);
    JsonObject versions = known.is_object() ? known.get_object() : JsonObject();
    for (const auto& setting : settings) {
        auto component = string_member(setting, "component");
        if (!is_component(component))
            throw InvalidValue(
                fmt::format("Step {}: '{}' is no component: there are bios, bmc and nic:<id>.",
                            step.id(), component.substr(0, 100)));
        auto url = string_member(setting, "url");
        versions[component] = url.substr(url.rfind('/') + 1);
    }
    co_await pretend(delays_.firmware);
    context->node.driver_internal_info.set(kVersions, std::move(versions));
    co_return StepOutcome::done;
}

Task<std::optional<std::vector<model::FirmwareComponent>>> FakeFirmware::components(
    NodeContext* context) {
    Json known = context->node.driver_internal_info.get(kVersions);
    if (!known.is_object()) co_return std::nullopt;
    std::vector<model::FirmwareComponent> components;
    for (const auto& entry : known.get_object()) {
        model::FirmwareComponent part;
        part.component = std::string(entry.key());
        part.current_version = text_of(entry.value());
        components.push_back(std::move(part));
    }
    co_return components;
}

std::vector<Step> FakeRaid::steps(const NodeContext&, StepKind kind) const {
    if (kind != StepKind::clean) return {};
    JsonObject arguments{
        {"create_root_volume", argument("Whether to create the root volume; true.", false)},
        {"create_nonroot_volumes", argument("Whether to create the other volumes; true.", false)},
        {"delete_existing", argument("Whether to delete what is there before; true.", false)}};
    return {{.interface = "raid", .name = "create_configuration", .argsinfo = std::move(arguments)},
            {.interface = "raid", .name = "delete_configuration"}};
}

Task<StepOutcome> FakeRaid::run_step(NodeContext* context, StepKind, Step step) {
    JsonArray disks;
    bool creates = step.name == "create_configuration";
    auto asked = [&](const char* name) { return !(member(Json(step.args), name) == Json(false)); };
    Json target = context->node.target_raid_config.get("logical_disks");
    if (creates && target.is_array())
        for (const auto& disk : target.get_array()) {
            bool is_root = member(disk, "is_root_volume") == Json(true);
            if (asked(is_root ? "create_root_volume" : "create_nonroot_volumes"))
                disks.push_back(disk);
        }
    co_await pretend(delays_.raid);
    context->node.raid_config =
        disks.empty() ? model::JsonText()
                      : model::JsonText(Json(JsonObject{{"logical_disks", std::move(disks)}}));
    co_return StepOutcome::done;
}

}  // namespace ferrite::hardware
