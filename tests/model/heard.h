#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "model/notification.h"

namespace ferrite::test {

/// Keeps what it is told.
class Heard final : public model::Notifier {
public:
    bool wants(model::NotificationLevel level) const override { return level >= lowest; }
    bool wants_sensors() const override { return true; }
    void publish(model::Notification notification) noexcept override {
        std::lock_guard lock(mutex_);
        all_.push_back(std::move(notification));
    }

    std::vector<model::Notification> all() const {
        std::lock_guard lock(mutex_);
        return all_;
    }
    std::vector<std::string> events() const {
        std::vector<std::string> events;
        for (const auto& notification : all()) events.push_back(notification.event_type);
        return events;
    }
    /// The data of the last payload of that event; empty when there was none.
    JsonObject data(std::string_view event) const {
        auto seen = all();
        auto found = std::find_if(seen.rbegin(), seen.rend(),
                                  [&](const auto& n) { return n.event_type == event; });
        if (found == seen.rend()) return {};
        return found->payload.at("ironic_object.data").as_object();
    }
    void forget() {
        std::lock_guard lock(mutex_);
        all_.clear();
    }

    model::NotificationLevel lowest = model::NotificationLevel::info;

private:
    mutable std::mutex mutex_;
    std::vector<model::Notification> all_;
};

}  // namespace ferrite::test
