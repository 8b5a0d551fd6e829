#include "hardware/redfish.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime.h"
#include "model/states.h"
#include "redfish/computer_system.h"
#include "redfish/sensors.h"
#include "redfish/virtual_media.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;
using ClientPtr = std::shared_ptr<redfish::Client>;
using redfish::Reset;

constexpr std::string_view kKeptDevice = "redfish_boot_device";
constexpr std::chrono::milliseconds kLongestPollInterval{10'000};
constexpr std::chrono::milliseconds kLongestPostDelay{30'000};

struct DeviceName {
    std::string_view name;
    std::string_view target;
};
constexpr std::array kDevices = {
    DeviceName{"pxe", "Pxe"},        DeviceName{"disk", "Hdd"},          DeviceName{"cdrom", "Cd"},
    DeviceName{"bios", "BiosSetup"}, DeviceName{"uefihttp", "UefiHttp"},
};

/// A driver_info value as text: clients send truth values as such or as words.
std::string text_of(const JsonObject& info, std::string_view key) {
    auto* value = info.if_contains(key);
    if (!value || value->is_null()) return {};
    return value->is_string() ? std::string(value->as_string()) : ferrite::to_text(*value);
}

std::optional<bool> truth_of(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    for (auto word : {"true", "yes", "on", "1", "t", "y"})
        if (text == word) return true;
    for (auto word : {"false", "no", "off", "0", "f", "n"})
        if (text == word) return false;
    return std::nullopt;
}

/// `redfish_verify_ca`: a truth value, or the file of a CA. True means: as the settings say.
void read_verification(const std::string& text, redfish::ClientOptions& options) {
    if (text.empty()) return;
    if (auto truth = truth_of(text)) {
        if (!*truth) options.verify_tls = false;
        return;
    }
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(text, ignored))
        throw InvalidValue(fmt::format(
            "driver_info redfish_verify_ca must be true, false or a file of CA certificates on the "
            "conductor; '{}' is none.",
            text));
    options.verify_tls = true;
    options.ca_file = text;
}

struct MediaRow {
    std::string_view device_type;
    std::array<std::string_view, 2> media_types;  ///< The second may be empty.
};
constexpr std::array kMedia = {MediaRow{"cdrom", {"CD", "DVD"}}, MediaRow{"floppy", {"Floppy", ""}},
                               MediaRow{"disk", {"USBStick", ""}}};

/// BMCs judge an image by the end of its name.
std::string copy_name(const model::Node& node, std::string_view device_type) {
    return fmt::format("{}-{}.{}", device_type, node.uuid, device_type == "cdrom" ? "iso" : "img");
}

std::vector<std::string> media_types(const std::vector<std::string>& device_types) {
    std::vector<std::string> types;
    for (const auto& row : kMedia)
        if (std::ranges::find(device_types, row.device_type) != device_types.end())
            for (auto type : row.media_types)
                if (!type.empty()) types.emplace_back(type);
    return types;
}

/// Waits until the BMC reports the machine on or off, asking more and more seldom.
Task<> wait_for_power(ClientPtr client, std::string id, bool wanted,
                      std::chrono::milliseconds interval, std::chrono::seconds timeout) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        auto system = co_await redfish::read_system(client.get(), id);
        if (system.powered_on == wanted) co_return;
        if (std::chrono::steady_clock::now() + interval > deadline)
            throw Conflict(fmt::format("the machine is not {} {} s after its BMC took the command",
                                       wanted ? "on" : "off", timeout.count()));
        co_await sleep_for(interval);
        interval = std::min(interval * 2, kLongestPollInterval);
    }
}

/// The power state after which `reset` has nothing left to do; nothing for restarts.
std::optional<bool> goal_of(Reset reset) {
    switch (reset) {
        case Reset::on:
            return true;
        case Reset::force_off:
        case Reset::graceful_shutdown:
            return false;
        default:
            return std::nullopt;
    }
}

/// Has the system reset. BMCs that refuse because it is done already are content, and those that
/// are not ready to power on are asked again.
Task<> reset(ClientPtr client, std::string id, Reset kind, RedfishSettings settings) {
    for (unsigned attempt = 1;; ++attempt) {
        auto system = co_await redfish::read_system(client.get(), id);
        std::optional<redfish::Error> failure;
        try {
            co_await redfish::reset_system(client.get(), system, kind);
        } catch (const redfish::Error& error) {
            failure = error;
        }
        if (!failure) co_return;
        int status = failure->service_status();
        if (auto goal = goal_of(kind); goal && (status == 400 || status == 409)) {
            auto now = co_await redfish::read_system(client.get(), id);
            if (now.powered_on == goal) co_return;
        }
        bool not_ready =
            kind == Reset::on && status == 409 && failure->says("ActionParameterValueConflict");
        if (!not_ready || attempt >= settings.power_on_conflict_attempts) throw *failure;
        co_await sleep_for(settings.power_on_conflict_interval);
    }
}

/// Sets the boot override, waiting for the firmware's self-test to end when it must.
Task<> set_override(ClientPtr client, std::string id, redfish::BootOverride wanted,
                    RedfishSettings settings) {
    auto delay = settings.post_boot_delay;
    for (unsigned attempt = 1;; ++attempt) {
        auto system = co_await redfish::read_system(client.get(), id);
        try {
            co_await redfish::set_boot(client.get(), system, wanted);
            co_return;
        } catch (const redfish::Error& error) {
            if (!error.says("UnableToModifyDuringSystemPOST") ||
                attempt >= settings.post_boot_attempts)
                throw;
        }
        co_await sleep_for(delay);
        delay = std::min(delay * 2, kLongestPostDelay);
    }
}

redfish::BootOverride override_for(const model::Node& node, std::string_view device,
                                   bool persistent) {
    auto found = std::ranges::find(kDevices, device, &DeviceName::name);
    if (found == kDevices.end())
        throw InvalidValue(
            fmt::format("Boot device '{}' is not one that Redfish can set: pxe, disk, cdrom, bios, "
                        "uefihttp.",
                        device));
    redfish::BootOverride wanted;
    wanted.target = found->target;
    wanted.enabled = persistent ? "Continuous" : "Once";
    if (device == "uefihttp")
        wanted.http_uri = node.driver_internal_info.get_text("redfish_uefi_http_url");
    return wanted;
}

/// Sets a device once more that the BMC would not keep. The machine may boot without it, so a
/// failure is only told of.
Task<> restore_boot_device(NodeContext* context, ClientPtr client, RedfishSettings settings) {
    auto device = context->node.driver_internal_info.get_text(kKeptDevice);
    if (device.empty()) co_return;
    try {
        co_await set_override(client, redfish_system_id(context->node),
                              override_for(context->node, device, false), settings);
    } catch (const Error& error) {
        log_warning("REDFISH_BOOT_DEVICE", "node={} device={} error=\"{}\"", context->node.uuid,
                    device, error.message());
    }
}

}  // namespace

std::string redfish_system_id(const model::Node& node) {
    return text_of(node.driver_info.object(), "redfish_system_id");
}

std::map<std::string, std::string> redfish_properties() {
    return {
        {"redfish_address", "URL of the BMC; https unless it says otherwise. Required."},
        {"redfish_system_id",
         "Path of the system, such as /redfish/v1/Systems/1; needed when the BMC has several."},
        {"redfish_username", "User name at the BMC."},
        {"redfish_password", "Password at the BMC."},
        {"redfish_verify_ca", "Whether to check the BMC's certificate, or the CA file for it."},
        {"redfish_auth_type", "auto (default), basic or session."},
    };
}

redfish::ClientOptions redfish_options(const model::Node& node, const RedfishSettings& settings) {
    auto info = node.driver_info.object();
    auto address = text_of(info, "redfish_address");
    if (address.empty())
        throw InvalidValue(fmt::format(
            "Missing the following Redfish properties in node {} driver_info: ['redfish_address']",
            node.uuid));
    auto options = redfish::options_for_address(address);
    options.user = text_of(info, "redfish_username");
    options.password = Secret(text_of(info, "redfish_password"));
    if (options.user.empty() && !options.password.empty())
        throw InvalidValue(fmt::format(
            "Node {} has driver_info redfish_password without redfish_username.", node.uuid));
    auto word = text_of(info, "redfish_auth_type");
    options.authentication = settings.authentication;
    if (word == "auto") options.authentication = redfish::Authentication::automatic;
    if (word == "basic") options.authentication = redfish::Authentication::basic;
    if (word == "session") options.authentication = redfish::Authentication::session;
    if (!word.empty() && word != "auto" && word != "basic" && word != "session")
        throw InvalidValue(fmt::format(
            "driver_info redfish_auth_type must be auto, basic or session, not '{}'.", word));
    options.verify_tls = settings.verify_tls;
    options.ca_file = settings.ca_file;
    read_verification(text_of(info, "redfish_verify_ca"), options);
    options.connect_timeout = settings.connect_timeout;
    options.read_timeout = settings.read_timeout;
    options.attempts = settings.attempts;
    options.retry_interval = settings.retry_interval;
    return options;
}

std::shared_ptr<redfish::Client> RedfishBmcs::client_for(const model::Node& node) {
    return clients_.get(node, [&] {
        return std::make_shared<redfish::Client>(http_, redfish_options(node, settings_));
    });
}

std::map<std::string, std::string> RedfishPower::properties() const {
    return redfish_properties();
}

void RedfishPower::validate(const NodeContext& context) const {
    redfish_options(context.node, bmcs_.settings());
}

Task<std::optional<std::string>> RedfishPower::power_state(NodeContext* context) {
    auto client = bmcs_.client_for(context->node);
    auto system = co_await redfish::read_system(client.get(), redfish_system_id(context->node),
                                                context->urgency);
    if (!system.powered_on) co_return std::nullopt;
    co_return std::string(*system.powered_on ? power::on : power::off);
}

Task<> RedfishPower::set_power_state(NodeContext* context, std::string target,
                                     std::chrono::seconds timeout) {
    co_await context->ensure_held();
    auto client = bmcs_.client_for(context->node);
    auto id = redfish_system_id(context->node);
    auto settings = bmcs_.settings();
    bool on = target == power::on;
    if (on) co_await restore_boot_device(context, client, settings);
    auto kind = on                          ? Reset::on
                : target == power::soft_off ? Reset::graceful_shutdown
                                            : Reset::force_off;
    co_await reset(client, id, kind, settings);
    co_await wait_for_power(client, id, on, settings.power_poll_interval, timeout);
}

Task<> RedfishPower::reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) {
    co_await context->ensure_held();
    auto client = bmcs_.client_for(context->node);
    auto id = redfish_system_id(context->node);
    auto settings = bmcs_.settings();
    auto poll = settings.power_poll_interval;
    auto system = co_await redfish::read_system(client.get(), id);
    if (system.powered_on == true && (soft || context->node.disable_power_off)) {
        co_await restore_boot_device(context, client, settings);
        auto kind = soft ? Reset::graceful_restart : Reset::force_restart;
        co_await reset(client, id, kind, settings);
        co_await wait_for_power(client, id, true, poll, timeout);
        co_return;
    }
    if (system.powered_on != false) {
        co_await reset(client, id, Reset::force_off, settings);
        co_await wait_for_power(client, id, false, poll, timeout);
    }
    co_await context->ensure_held();
    co_await restore_boot_device(context, client, settings);
    co_await reset(client, id, Reset::on, settings);
    co_await wait_for_power(client, id, true, poll, timeout);
}

std::map<std::string, std::string> RedfishManagement::properties() const {
    return redfish_properties();
}

void RedfishManagement::validate(const NodeContext& context) const {
    redfish_options(context.node, bmcs_.settings());
}

std::vector<std::string> RedfishManagement::supported_boot_devices() const {
    std::vector<std::string> names;
    for (const auto& device : kDevices) names.emplace_back(device.name);
    return names;
}

Task<BootDeviceSetting> RedfishManagement::boot_device(NodeContext* context) {
    auto client = bmcs_.client_for(context->node);
    auto system = co_await redfish::read_system(client.get(), redfish_system_id(context->node));
    BootDeviceSetting setting;
    for (const auto& device : kDevices)
        if (device.target == system.boot.target) setting.device = device.name;
    if (system.boot.enabled == "Continuous") setting.persistent = true;
    if (system.boot.enabled == "Once") setting.persistent = false;
    co_return setting;
}

Task<> RedfishManagement::set_boot_device(NodeContext* context, std::string device,
                                          bool persistent) {
    co_await context->ensure_held();
    auto wanted = override_for(context->node, device, persistent);
    auto client = bmcs_.client_for(context->node);
    auto id = redfish_system_id(context->node);
    auto settings = bmcs_.settings();
    context->node.driver_internal_info.erase({kKeptDevice});
    try {
        co_await set_override(client, id, wanted, settings);
        co_return;
    } catch (const redfish::Error& error) {
        if (!persistent || error.reason() != redfish::Reason::refused) throw;
    }
    wanted.enabled = "Once";
    co_await set_override(client, id, wanted, settings);
    context->node.driver_internal_info.set(kKeptDevice, Json(device));
}

Task<> RedfishManagement::attach_virtual_media(NodeContext* context, VirtualMediaImage image) {
    co_await context->ensure_held();
    auto client = bmcs_.client_for(context->node);
    auto url = std::move(image.url);
    if (image.serve_copy)
        url = co_await images_.serve_copy(std::move(url),
                                          copy_name(context->node, image.device_type));
    co_await redfish::insert_media(client.get(), redfish_system_id(context->node),
                                   media_types({image.device_type}), std::move(url));
}

Task<> RedfishManagement::detach_virtual_media(NodeContext* context,
                                               std::vector<std::string> device_types) {
    co_await context->ensure_held();
    auto client = bmcs_.client_for(context->node);
    co_await redfish::eject_media(client.get(), redfish_system_id(context->node),
                                  media_types(device_types));
    for (const auto& type : device_types) images_.discard_copy(copy_name(context->node, type));
}

Task<JsonObject> RedfishManagement::virtual_media(NodeContext* context) {
    auto client = bmcs_.client_for(context->node);
    JsonObject all;
    auto slots =
        co_await redfish::read_virtual_media(client.get(), redfish_system_id(context->node));
    for (const auto& slot : slots)
        all[slot.path.substr(slot.path.rfind('/') + 1)] =
            JsonObject{{"media_types", JsonArray(slot.media_types.begin(), slot.media_types.end())},
                       {"inserted", slot.inserted},
                       {"image", slot.image.empty() ? Json() : Json(slot.image)}};
    co_return all;
}

Task<JsonObject> RedfishManagement::sensors(NodeContext* context) {
    auto client = bmcs_.client_for(context->node);
    co_return co_await redfish::read_sensors(client.get(), redfish_system_id(context->node),
                                             context->urgency);
}

Task<> RedfishManagement::inject_nmi(NodeContext* context) {
    co_await context->ensure_held();
    auto client = bmcs_.client_for(context->node);
    co_await reset(client, redfish_system_id(context->node), Reset::nmi, bmcs_.settings());
}

std::map<std::string, std::string> RedfishInspect::properties() const {
    return redfish_properties();
}

void RedfishInspect::validate(const NodeContext& context) const {
    redfish_options(context.node, bmcs_.settings());
}

Task<StepOutcome> RedfishInspect::inspect(NodeContext* context) {
    throw InvalidValue(
        fmt::format("Node {} can not be inspected by inspect_interface redfish, which this version "
                    "does not offer: set inspect_interface to no-inspect.",
                    context->node.uuid));
    co_return StepOutcome::done;
}

}  // namespace ferrite::hardware
