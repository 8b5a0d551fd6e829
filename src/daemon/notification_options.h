#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "model/notification.h"

/// What the configuration says of telling others: [DEFAULT]notification_level,
/// [oslo_messaging_notifications], [notifications], which is ours, and [sensor_data].
namespace ferrite::daemon {

struct NotificationOptions {
    std::optional<model::NotificationLevel> notification_level;  ///< Not set: tell nothing.
    std::vector<std::string> versioned_notifications_topics{"ironic_versioned_notifications"};
    std::vector<std::string> driver;  ///< noop, log, webhook.
    std::vector<std::string> topics{"notifications"};
    Secret webhook_url;  ///< Whoever knows such a URL may often post to it.
    Secret webhook_secret;
    std::string webhook_ca_file;
    int webhook_queue_size = 1000;
    int webhook_attempts = 5;
    std::chrono::seconds webhook_timeout{10};

    bool tells_by(std::string_view way) const;
};

/// [sensor_data]
struct SensorOptions {
    bool send_sensor_data = false;
    std::chrono::seconds interval{600};
    int workers = 4;
    std::chrono::seconds wait_timeout{300};
    std::vector<std::string> data_types{"ALL"};
    bool enable_for_undeployed_nodes = false;
    bool enable_for_nodes = true;
};

/// What is wrong with how they go together, a sentence each.
void check_notifications(const NotificationOptions& options, std::vector<std::string>& errors);

}  // namespace ferrite::daemon
