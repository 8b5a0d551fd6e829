#include "model/notification.h"

#include <array>

namespace ferrite::model {
namespace {

constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warning", "error",
                                                     "critical"};

class Silent final : public Notifier {
public:
    bool wants(NotificationLevel) const override { return false; }
    bool wants_sensors() const override { return false; }
    void publish(Notification) noexcept override {}
};

}  // namespace

std::string_view level_word(NotificationLevel level) {
    return kLevels[static_cast<std::size_t>(level)];
}

std::optional<NotificationLevel> notification_level(std::string_view word) {
    for (std::size_t i = 0; i < kLevels.size(); ++i)
        if (kLevels[i] == word) return static_cast<NotificationLevel>(i);
    return std::nullopt;
}

Notifier& silent_notifier() {
    static Silent silent;
    return silent;
}

}  // namespace ferrite::model
