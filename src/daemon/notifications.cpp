#include "daemon/notifications.h"

#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "base/uuid.h"

namespace ferrite::daemon {
namespace {

/// `2026-08-20 18:25:07.000000`, as oslo.messaging writes it.
std::string oslo_time() {
    auto text = to_text(now_seconds());
    return fmt::format("{} {}.000000", text.substr(0, 10), text.substr(11, 8));
}

std::string enveloped(const std::string& host, model::Notification& notification) {
    return to_text(Json(JsonObject{
        {"message_id", new_uuid()},
        {"publisher_id", fmt::format("{}.{}", notification.service, host)},
        {"event_type", notification.event_type},
        {"priority", std::string(model::level_word(notification.level))},
        {"payload", std::move(notification.payload)},
        {"timestamp", oslo_time()},
    }));
}

WebhookQueue::Options webhook_settings(const NotificationOptions& options) {
    return {.url = options.webhook_url.reveal(),
            .secret = options.webhook_secret,
            .capacity = static_cast<std::size_t>(options.webhook_queue_size),
            .attempts = static_cast<unsigned>(options.webhook_attempts),
            .timeout = options.webhook_timeout,
            .ca_file = options.webhook_ca_file};
}

}  // namespace

Notifications::Notifications(Runtime& runtime, HttpClient& http, std::string host,
                             const NotificationOptions& options, bool tells_sensors)
    : host_(std::move(host)),
      lowest_(options.notification_level),
      versioned_topics_(fmt::format("{}", fmt::join(options.versioned_notifications_topics, ","))),
      sensor_topics_(fmt::format("{}", fmt::join(options.topics, ","))),
      logs_(options.tells_by("log")),
      tells_sensors_(tells_sensors) {
    if (options.tells_by("webhook")) webhook_.emplace(runtime, http, webhook_settings(options));
}

bool Notifications::wants(model::NotificationLevel level) const {
    return lowest_ && level >= *lowest_;
}

bool Notifications::wants_sensors() const {
    return tells_sensors_;
}

void Notifications::publish(model::Notification notification) noexcept {
    try {
        send(std::move(notification));
    } catch (const std::exception& error) {
        log_warning("NOTIFICATION_LOST", "error={}", error.what());
    }
}

void Notifications::send(model::Notification notification) {
    auto event = notification.event_type;
    auto body = enveloped(host_, notification);
    const auto& topics = event.starts_with("hardware.") ? sensor_topics_ : versioned_topics_;
    if (logs_) log_info("NOTIFICATION", "event={} topics={} body={}", event, topics, body);
    if (!webhook_) return;
    HttpHeaders headers;
    headers.set("X-Ferrite-Event", event);
    headers.set("X-Ferrite-Topics", topics);
    webhook_->push(std::move(headers), std::move(body));
}

std::shared_ptr<model::Notifier> make_notifier(Runtime& runtime, HttpClient& http,
                                               const std::string& host,
                                               const NotificationOptions& options,
                                               const SensorOptions& sensors) {
    bool somewhere = options.tells_by("log") || options.tells_by("webhook");
    bool something = options.notification_level || sensors.send_sensor_data;
    if (!somewhere || !something) return nullptr;
    return std::make_shared<Notifications>(runtime, http, host, options,
                                           sensors.send_sensor_data && sensors.enable_for_nodes);
}

}  // namespace ferrite::daemon
