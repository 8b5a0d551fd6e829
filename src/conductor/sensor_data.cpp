#include "conductor/sensor_data.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/circuit_breaker.h"
#include "base/error.h"
#include "base/log.h"
#include "base/periodic.h"
#include "base/uuid.h"
#include "conductor/node_session.h"
#include "model/states.h"

namespace ferrite::conductor {
namespace {

bool is_read(const model::Node& node, const SensorOptions& options) {
    if (node.maintenance) return false;
    return options.undeployed || node.in_state(model::states::active);
}

/// The sensors, or nothing when they cannot be read; `again` is put off for a BMC that rests.
Task<std::optional<JsonObject>> read_sensors(NodeSession* view, std::chrono::milliseconds* again) {
    view->urgency = Urgency::poll;
    try {
        view->driver.management->validate(*view);
        co_return co_await view->driver.management->sensors(view);
    } catch (const CircuitOpen& resting) {
        *again = std::max(*again, resting.retry_after());
    } catch (const std::exception& error) {
        log_warning("SENSORS_NOT_READ", "node={} error={}", view->node.uuid, error.what());
    }
    co_return std::nullopt;
}

Json or_null(const std::optional<std::string>& value) {
    return value ? Json(*value) : Json();
}

}  // namespace

std::optional<JsonObject> sensor_payload(const model::Node& node, JsonObject sensors,
                                         const std::vector<std::string>& types) {
    bool all = std::ranges::find(types, "ALL") != types.end();
    JsonObject wanted;
    for (auto& [type, readings] : sensors)
        if (all || std::ranges::find(types, std::string_view(type)) != types.end())
            wanted[type] = std::move(readings);
    if (wanted.empty()) return std::nullopt;
    return JsonObject{{"message_id", new_uuid()},
                      {"instance_uuid", or_null(node.instance_uuid)},
                      {"node_uuid", node.uuid},
                      {"node_name", or_null(node.name)},
                      {"timestamp", to_text(now_seconds())},
                      {"event_type", fmt::format("hardware.{}.metrics.update", node.driver)},
                      {"payload", std::move(wanted)}};
}

Task<std::chrono::milliseconds> send_sensor_data(Services* services, std::string uuid) {
    const auto& options = services->options.sensors;
    std::chrono::milliseconds again = jittered(options.interval);
    std::unique_ptr<NodeSession> view;
    bool gone = false;
    try {
        view = NodeSession::look(*services, uuid);
    } catch (const NotFound&) {
        gone = true;
    } catch (const Error& error) {
        log_warning("SENSORS_NOT_READ", "node={} error={}", uuid, error.message());
    }
    if (gone) co_return std::chrono::milliseconds(0);
    if (!view || !is_read(view->node, options)) co_return again;
    auto sensors = co_await read_sensors(view.get(), &again);
    if (!sensors) co_return again;
    if (auto payload = sensor_payload(view->node, std::move(*sensors), options.types))
        services->notifier().publish(
            {.service = "ironic-conductor",
             .event_type = fmt::format("hardware.{}.metrics", view->node.driver),
             .level = model::NotificationLevel::info,
             .payload = std::move(*payload)});
    co_return again;
}

}  // namespace ferrite::conductor
