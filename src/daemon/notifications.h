#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/webhook_queue.h"
#include "daemon/notification_options.h"
#include "model/notification.h"

namespace ferrite::daemon {

/// Sends notifications on in the envelope of oslo.messaging (message_id, publisher_id, event_type,
/// priority, payload, timestamp) to the log, to a webhook, or to both. The webhook gets the event
/// type and the topics in the headers X-Ferrite-Event and X-Ferrite-Topics as well.
class Notifications final : public model::Notifier {
public:
    /// `host` is the service's own name. The others must outlive it.
    Notifications(Runtime& runtime, HttpClient& http, std::string host,
                  const NotificationOptions& options, bool tells_sensors);

    bool wants(model::NotificationLevel level) const override;
    bool wants_sensors() const override;
    void publish(model::Notification notification) noexcept override;

private:
    void send(model::Notification notification);

    const std::string host_;
    const std::optional<model::NotificationLevel> lowest_;
    const std::string versioned_topics_, sensor_topics_;
    const bool logs_;
    const bool tells_sensors_;
    std::optional<WebhookQueue> webhook_;
};

/// What there is to tell with, as configured; null when nothing is.
std::shared_ptr<model::Notifier> make_notifier(Runtime& runtime, HttpClient& http,
                                               const std::string& host,
                                               const NotificationOptions& options,
                                               const SensorOptions& sensors);

}  // namespace ferrite::daemon
