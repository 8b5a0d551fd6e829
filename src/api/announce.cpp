#include "api/announce.h"

#include <fmt/core.h>

namespace ferrite::api {
namespace {

using model::NotificationLevel;

NotificationLevel level_of(std::string_view status) {
    return status == "error" ? NotificationLevel::error : NotificationLevel::info;
}

}  // namespace

bool is_wanted(const Call& call, std::string_view status) {
    const auto& notifier = call.options().notifier;
    return notifier && notifier->wants(level_of(status));
}

void announce(const Call& call, std::string_view object, std::string_view action,
              std::string_view status, JsonObject payload) {
    call.options().notifier->publish(
        {.service = "ironic-api",
         .event_type = fmt::format("baremetal.{}.{}.{}", object, action, status),
         .level = level_of(status),
         .payload = std::move(payload)});
}

}  // namespace ferrite::api
