#include "conductor/node_events.h"

#include <fmt/core.h>

#include "model/notification_payloads.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;
using model::Node;
using model::NotificationLevel;

std::string_view word(const std::optional<std::string>& value) {
    return value ? std::string_view(*value) : "none";
}

std::optional<std::string> provision_change(const Node& before, const Node& after) {
    if (before.provision_state == after.provision_state) return std::nullopt;
    return fmt::format("Provision state changed from '{}' to '{}'.", word(before.provision_state),
                       word(after.provision_state));
}

std::optional<std::string> power_change(const Node& before, const Node& after) {
    if (before.power_state == after.power_state) return std::nullopt;
    return fmt::format("Power state changed from '{}' to '{}'.", word(before.power_state),
                       word(after.power_state));
}

std::optional<std::string> maintenance_change(const Node& before, const Node& after) {
    if (before.maintenance == after.maintenance) return std::nullopt;
    if (!after.maintenance) return "Maintenance ended.";
    auto text = std::string("Maintenance began");
    if (after.fault) text += fmt::format(" by the fault '{}'", *after.fault);
    if (after.maintenance_reason) text += fmt::format(": {}", *after.maintenance_reason);
    return text;
}

std::optional<std::string> console_change(const Node& before, const Node& after) {
    if (before.console_enabled == after.console_enabled) return std::nullopt;
    return after.console_enabled ? "Console started." : "Console stopped.";
}

std::optional<std::string> conductor_change(const Node& before, const Node& after) {
    if (!before.conductor_affinity || !after.conductor_affinity ||
        before.conductor_affinity == after.conductor_affinity)
        return std::nullopt;
    return fmt::format("Taken over from conductor {} by {}.", *before.conductor_affinity,
                       *after.conductor_affinity);
}

struct Watched {
    std::string_view type;
    std::optional<std::string> (*change)(const Node& before, const Node& after);
};
constexpr Watched kWatched[] = {
    {"provisioning", provision_change},  {"power", power_change},
    {"maintenance", maintenance_change}, {"console", console_change},
    {"takeover", conductor_change},
};

void publish(const Services& services, std::string_view action, std::string_view status,
             JsonObject payload) {
    services.notifier().publish(
        {.service = "ironic-conductor",
         .event_type = fmt::format("baremetal.node.{}.{}", action, status),
         .level = status == "error" ? NotificationLevel::error : NotificationLevel::info,
         .payload = std::move(payload)});
}

bool is_wanted(const Services& services, std::string_view status) {
    return services.notifier().wants(status == "error" ? NotificationLevel::error
                                                       : NotificationLevel::info);
}

/// What a change of state is to those who wait for operations to end.
std::string_view status_of(const Node& before, const Node& after) {
    auto is_unstable = [](const Node& node) {
        const auto* state = states::find(node.provision_state.value_or(""));
        return state != nullptr && state->unstable;
    };
    if (after.provision_event == "fail" || after.provision_event == "error") return "error";
    if (!is_unstable(before) && is_unstable(after)) return "start";
    if (is_unstable(before) && !is_unstable(after)) return "end";
    return "success";
}

Json or_null(const std::optional<std::string>& value) {
    return value ? Json(*value) : Json();
}

}  // namespace

std::vector<NodeChange> changes_of(const Node& before, const Node& after) {
    std::vector<NodeChange> changes;
    for (const auto& row : kWatched)
        if (auto text = row.change(before, after)) changes.push_back({row.type, std::move(*text)});
    return changes;
}

void announce_provision(const Services& services, const Node& before, const Node& after) {
    if (before.provision_state == after.provision_state) return;
    auto status = status_of(before, after);
    if (!is_wanted(services, status)) return;
    JsonObject more{{"event", after.provision_event},
                    {"previous_provision_state", or_null(before.provision_state)},
                    {"previous_target_provision_state", or_null(before.target_provision_state)}};
    publish(services, "provision_set", status,
            model::payload_of(model::node_provision_payload(), after, std::move(more)));
}

void announce_power(const Services& services, const Node& node, std::string_view status,
                    std::string_view to_power) {
    if (!is_wanted(services, status)) return;
    publish(services, "power_set", status,
            model::payload_of(model::node_power_payload(), node, {{"to_power", to_power}}));
}

void announce_corrected_power(const Services& services, const Node& node,
                              const std::optional<std::string>& from_power) {
    if (!is_wanted(services, "success")) return;
    publish(services, "power_state_corrected", "success",
            model::payload_of(model::node_corrected_payload(), node,
                              {{"from_power", or_null(from_power)}}));
}

void announce_console(const Services& services, const Node& node, std::string_view action,
                      std::string_view status) {
    if (!is_wanted(services, status)) return;
    publish(services, action, status, model::payload_of(model::node_payload(), node));
}

}  // namespace ferrite::conductor
