#include "hardware/ipmi.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "base/error.h"
#include "base/runtime.h"
#include "model/capabilities.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;

/// A driver_info value as text: clients send ports and suites as numbers or as strings.
std::string text_of(const JsonObject& info, std::string_view key) {
    auto* value = info.if_contains(key);
    if (!value || value->is_null()) return {};
    return value->is_string() ? std::string(value->as_string()) : ferrite::to_text(*value);
}

int number_of(const JsonObject& info, std::string_view key, int lowest, int highest) {
    auto text = text_of(info, key);
    int number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < lowest ||
        number > highest)
        throw InvalidValue(fmt::format("driver_info {} must be a number from {} to {}, not '{}'.",
                                       key, lowest, highest, text));
    return number;
}

ipmi::Privilege privilege_of(const std::string& name) {
    if (name.empty() || name == "ADMINISTRATOR") return ipmi::Privilege::administrator;
    if (name == "OPERATOR") return ipmi::Privilege::operator_;
    if (name == "USER") return ipmi::Privilege::user;
    if (name == "CALLBACK") return ipmi::Privilege::callback;
    throw InvalidValue(fmt::format(
        "driver_info ipmi_priv_level must be ADMINISTRATOR, OPERATOR, USER or CALLBACK, not '{}'.",
        name));
}

/// The bytes of a key given in hexadecimal.
std::string key_bytes(const std::string& hex) {
    std::string bytes;
    bool good = hex.size() % 2 == 0;
    for (std::size_t i = 0; good && i < hex.size(); i += 2) {
        unsigned byte = 0;
        auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
        good = error == std::errc() && end == hex.data() + i + 2;
        bytes += static_cast<char>(byte);
    }
    if (!good)
        throw InvalidValue("driver_info ipmi_hex_kg_key must be an even number of hex digits.");
    return bytes;
}

struct DeviceName {
    std::string_view name;
    ipmi::BootDevice device;
};
constexpr DeviceName kDevices[] = {
    {"pxe", ipmi::BootDevice::pxe},     {"disk", ipmi::BootDevice::disk},
    {"cdrom", ipmi::BootDevice::cdrom}, {"bios", ipmi::BootDevice::bios},
    {"safe", ipmi::BootDevice::safe},
};

/// driver_internal_info: the device that a BMC which forgets lasting boot flags is told again
/// before each power on.
constexpr std::string_view kForcedDevice = "persistent_boot_device";

/// A yes or no of driver_info, which clients send as JSON or as a word.
bool flag_of(const model::Node& node, std::string_view key, bool fallback) {
    Json value = node.driver_info.get(key);
    if (value.is_bool()) return value.as_bool();
    if (!value.is_string()) return fallback;
    auto word = std::string_view(value.as_string());
    return word == "true" || word == "True" || word == "1" || word == "yes" || word == "on";
}

Task<> send_boot_flags(ipmi::Session* session, const model::Node* node,
                       const IpmiSettings* settings, ipmi::BootDevice device,
                       ipmi::Persistence persistence) {
    if (flag_of(*node, "ipmi_disable_boot_timeout", settings->disable_boot_timeout))
        co_await session->disable_boot_timeout();
    bool uefi = model::boot_mode_of(*node, settings->default_boot_mode) == "uefi";
    bool supermicro = node->properties.get_text("vendor") == "supermicro";
    co_await session->set_boot_device(
        device, persistence, uefi ? ipmi::Firmware::uefi : ipmi::Firmware::bios,
        uefi && supermicro ? ipmi::DiskCode::supermicro_uefi : ipmi::DiskCode::standard);
}

/// Tells the BMC the forced boot device again, if the node has one.
Task<> force_boot_device(ipmi::Session* session, const model::Node* node,
                         const IpmiSettings* settings) {
    auto name = node->driver_internal_info.get_text(kForcedDevice);
    auto found = std::ranges::find(kDevices, name, &DeviceName::name);
    if (found == std::end(kDevices)) co_return;
    co_await send_boot_flags(session, node, settings, found->device, ipmi::Persistence::next_boot);
}

/// Waits until the BMC reports `wanted`, asking more and more seldom.
Task<> wait_for_power(ipmi::Session* session, ipmi::PowerState wanted,
                      std::chrono::milliseconds interval, std::chrono::seconds timeout) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        if (co_await session->power_state() == wanted) co_return;
        if (std::chrono::steady_clock::now() + interval > deadline)
            throw Conflict(fmt::format("the machine is not {} {} s after its BMC took the command",
                                       wanted == ipmi::PowerState::on ? "on" : "off",
                                       timeout.count()));
        co_await sleep_for(interval);
        interval = std::min(interval * 2, std::chrono::milliseconds(10'000));
    }
}

/// A sensor in the words of ipmitool's listing, which those who gather readings know.
JsonObject shown_sensor(const ipmi::Sensor& sensor) {
    const auto& record = sensor.record;
    auto value = ipmi::value_of(record, *sensor.reading.raw);
    auto type_key =
        fmt::format("Sensor Type ({})", record.is_threshold() ? "Threshold" : "Discrete");
    JsonObject shown{
        {"Sensor ID", fmt::format("{} (0x{:x})", record.name, record.number)},
        {"Entity ID", fmt::format("{}.{} ({})", record.entity, record.entity_instance,
                                  ipmi::entity_text(record.entity))},
        {type_key, fmt::format("{} (0x{:02x})", ipmi::type_text(record.type), record.type)},
        {"Status", ipmi::status_text(record, sensor.reading)},
    };
    if (value)
        shown["Sensor Reading"] = fmt::format("{:.6g} (+/- 0) {}", *value, ipmi::unit_text(record));
    else
        shown["Sensor Reading"] = fmt::format("{:x}h", *sensor.reading.raw);
    if (!record.is_threshold())
        shown["States Asserted"] = fmt::format("0x{:04x}", sensor.reading.states);
    return shown;
}

}  // namespace

std::map<std::string, std::string> bmc_properties() {
    return {
        {"ipmi_address", "IP address or host name of the BMC. Required."},
        {"ipmi_username", "User name at the BMC; empty for the null user."},
        {"ipmi_password", "Password at the BMC."},
        {"ipmi_port", "UDP port of the BMC, 623 unless given."},
        {"ipmi_priv_level", "ADMINISTRATOR (default), OPERATOR, USER or CALLBACK."},
        {"ipmi_protocol_version", "2.0 (default) or 1.5."},
        {"ipmi_cipher_suite", "Cipher suite number; negotiated unless given."},
        {"ipmi_hex_kg_key", "Kg key of the BMC in hexadecimal."},
        {"ipmi_force_boot_device", "Whether to set the boot device again before each power on."},
        {"ipmi_disable_boot_timeout", "Whether to switch off the 60 s limit of boot flags."},
    };
}

ipmi::SessionOptions bmc_options(const model::Node& node, const IpmiSettings& settings) {
    JsonObject info = node.driver_info.object();
    ipmi::SessionOptions options;
    options.host = text_of(info, "ipmi_address");
    if (options.host.empty())
        throw InvalidValue(
            "Missing the following IPMI credentials in node's driver_info: ['ipmi_address'].");
    if (!text_of(info, "ipmi_port").empty())
        options.port = static_cast<std::uint16_t>(number_of(info, "ipmi_port", 1, 65535));
    options.user = text_of(info, "ipmi_username");
    options.password = Secret(text_of(info, "ipmi_password"));
    options.privilege = privilege_of(text_of(info, "ipmi_priv_level"));
    auto protocol = text_of(info, "ipmi_protocol_version");
    if (!protocol.empty() && protocol != "2.0" && protocol != "1.5")
        throw InvalidValue(fmt::format(
            "driver_info ipmi_protocol_version must be 2.0 or 1.5, not '{}'.", protocol));
    if (protocol == "1.5") options.protocol = ipmi::Protocol::v1_5;
    options.allow_v1_5 = protocol.empty();
    if (!text_of(info, "ipmi_cipher_suite").empty()) {
        if (protocol == "1.5")
            throw InvalidValue("driver_info ipmi_cipher_suite needs ipmi_protocol_version 2.0.");
        options.cipher_suite =
            static_cast<std::uint8_t>(number_of(info, "ipmi_cipher_suite", 0, 17));
    }
    options.cipher_suites_to_try = settings.cipher_suites;
    options.kg_key = Secret(key_bytes(text_of(info, "ipmi_hex_kg_key")));
    options.timeout = settings.timeout;
    options.min_command_interval = settings.min_command_interval;
    auto bridging = text_of(info, "ipmi_bridging");
    if (!bridging.empty() && bridging != "no")
        throw InvalidValue(fmt::format(
            "driver_info ipmi_bridging '{}' is not supported: give the address of the BMC itself.",
            bridging));
    ipmi::validate(options);
    return options;
}

std::shared_ptr<ipmi::Session> Bmcs::session_for(const model::Node& node) {
    return sessions_.get(node, [&] {
        return std::make_shared<ipmi::Session>(transport_, bmc_options(node, settings_));
    });
}

std::map<std::string, std::string> IpmiPower::properties() const {
    return bmc_properties();
}

void IpmiPower::validate(const NodeContext& context) const {
    bmc_options(context.node, bmcs_.settings());
}

Task<std::optional<std::string>> IpmiPower::power_state(NodeContext* context) {
    auto session = bmcs_.session_for(context->node);
    auto state = co_await session->power_state(context->urgency);
    co_return std::string(state == ipmi::PowerState::on ? power::on : power::off);
}

Task<> IpmiPower::set_power_state(NodeContext* context, std::string target,
                                  std::chrono::seconds timeout) {
    co_await context->ensure_held();
    auto session = bmcs_.session_for(context->node);
    auto action = target == power::on         ? ipmi::PowerAction::on
                  : target == power::soft_off ? ipmi::PowerAction::soft
                                              : ipmi::PowerAction::off;
    auto wanted = target == power::on ? ipmi::PowerState::on : ipmi::PowerState::off;
    if (action == ipmi::PowerAction::on)
        co_await force_boot_device(session.get(), &context->node, &bmcs_.settings());
    co_await session->power(action);
    co_await wait_for_power(session.get(), wanted, bmcs_.settings().power_poll_interval, timeout);
}

Task<> IpmiPower::reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) {
    co_await context->ensure_held();
    auto session = bmcs_.session_for(context->node);
    auto poll = bmcs_.settings().power_poll_interval;
    if (context->node.disable_power_off) {
        if (soft) throw unsupported(*context, "a soft reboot with disable_power_off");
        co_await session->power(ipmi::PowerAction::reset);
        co_return;
    }
    if (co_await session->power_state() == ipmi::PowerState::on) {
        co_await session->power(soft ? ipmi::PowerAction::soft : ipmi::PowerAction::off);
        co_await wait_for_power(session.get(), ipmi::PowerState::off, poll, timeout);
    }
    co_await context->ensure_held();
    co_await force_boot_device(session.get(), &context->node, &bmcs_.settings());
    co_await session->power(ipmi::PowerAction::on);
    co_await wait_for_power(session.get(), ipmi::PowerState::on, poll, timeout);
}

std::map<std::string, std::string> IpmiManagement::properties() const {
    return bmc_properties();
}

void IpmiManagement::validate(const NodeContext& context) const {
    bmc_options(context.node, bmcs_.settings());
}

std::vector<std::string> IpmiManagement::supported_boot_devices() const {
    std::vector<std::string> names;
    for (const auto& device : kDevices) names.emplace_back(device.name);
    return names;
}

Task<BootDeviceSetting> IpmiManagement::boot_device(NodeContext* context) {
    auto session = bmcs_.session_for(context->node);
    auto flags = co_await session->boot_device();
    BootDeviceSetting setting;
    for (const auto& device : kDevices)
        if (device.device == flags.device) setting.device = device.name;
    setting.persistent = flags.persistence == ipmi::Persistence::all_boots;
    co_return setting;
}

Task<> IpmiManagement::set_boot_device(NodeContext* context, std::string device, bool persistent) {
    auto found = std::ranges::find(kDevices, device, &DeviceName::name);
    if (found == std::end(kDevices))
        throw InvalidValue(fmt::format(
            "Boot device '{}' is not one that IPMI can set: pxe, disk, cdrom, bios, safe.",
            device));
    co_await context->ensure_held();
    auto session = bmcs_.session_for(context->node);
    auto& info = context->node.driver_internal_info;
    bool forced = flag_of(context->node, "ipmi_force_boot_device", false);
    if (forced && persistent)
        info.set(kForcedDevice, Json(device));
    else
        info.erase({kForcedDevice});
    co_await send_boot_flags(
        session.get(), &context->node, &bmcs_.settings(), found->device,
        persistent && !forced ? ipmi::Persistence::all_boots : ipmi::Persistence::next_boot);
}

Task<JsonObject> IpmiManagement::sensors(NodeContext* context) {
    auto session = bmcs_.session_for(context->node);
    JsonObject by_type;
    for (const auto& sensor : co_await session->sensors(context->urgency)) {
        if (!sensor.reading.raw) continue;
        auto& group = by_type[ipmi::type_text(sensor.record.type)];
        if (!group.is_object()) group = JsonObject();
        auto shown = shown_sensor(sensor);
        auto name = shown.at("Sensor ID").as_string();
        group.as_object()[name] = std::move(shown);
    }
    co_return by_type;
}

Task<> IpmiManagement::inject_nmi(NodeContext* context) {
    co_await context->ensure_held();
    auto session = bmcs_.session_for(context->node);
    co_await session->power(ipmi::PowerAction::diag);
}

}  // namespace ferrite::hardware
