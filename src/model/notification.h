#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace ferrite::model {

/// How much a notification matters, least first.
enum class NotificationLevel { debug, info, warning, error, critical };

std::string_view level_word(NotificationLevel level);
std::optional<NotificationLevel> notification_level(std::string_view word);

/// Something that happened, told to whoever listens (reference: conductor.md section 16.1).
struct Notification {
    std::string service;     ///< Who tells it: "ironic-api" or "ironic-conductor".
    std::string event_type;  ///< `baremetal.<object>.<action>.<status>`.
    NotificationLevel level = NotificationLevel::info;
    JsonObject payload;
};

/// What takes notifications and sees to it that they get out. Any thread.
class Notifier {
public:
    virtual ~Notifier() = default;

    /// Whether one of that level goes anywhere: else it need not be made.
    virtual bool wants(NotificationLevel level) const = 0;

    /// The same for sensor readings, which are told whatever the level.
    virtual bool wants_sensors() const = 0;

    /// Never waits, never throws: what cannot be told is counted and lost.
    virtual void publish(Notification notification) noexcept = 0;
};

/// For a service that tells nobody.
Notifier& silent_notifier();

}  // namespace ferrite::model
