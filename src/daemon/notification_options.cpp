#include "daemon/notification_options.h"

#include <algorithm>

#include <fmt/core.h>

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

using Level = model::NotificationLevel;

OptionType<std::optional<Level>> optional_level() {
    return {.allowed = "one of: debug, info, warning, error, critical, or empty",
            .parse = [](OptionTexts texts) -> std::optional<std::optional<Level>> {
                const auto& word = texts.back();
                if (word.empty()) return std::optional<Level>();
                auto level = model::notification_level(word);
                if (!level) return std::nullopt;
                return std::optional<std::optional<Level>>(level);
            },
            .print =
                [](const std::optional<Level>& level) {
                    return level ? std::string(model::level_word(*level)) : std::string();
                }};
}

}  // namespace

bool NotificationOptions::tells_by(std::string_view way) const {
    return std::ranges::find(driver, way) != driver.end();
}

void add_notification_rows(OptionTable<Options>& table) {
    using O = NotificationOptions;
    table.section<O>("DEFAULT", &Options::notifications,
                     {{"notification_level", &O::notification_level, optional_level(),
                       "Lowest level of notifications that are sent; empty: none are."},
                      {"versioned_notifications_topics", &O::versioned_notifications_topics, list(),
                       "Topics under which they are sent."}});
    table.section<O>(
        "oslo_messaging_notifications", &Options::notifications,
        {{"driver", &O::driver, multi_text(),
          "How notifications are sent: noop, log, webhook. May be given several times."},
         {"topics", &O::topics, list(), "Topics under which sensor readings are sent."}});
    table.section<O>(
        "notifications", &Options::notifications,
        {{"webhook_url", &O::webhook_url, secret_text(), "Where the driver webhook posts them."},
         {"webhook_secret", &O::webhook_secret, secret_text(),
          "Key of the HMAC-SHA256 in the header X-Ferrite-Signature; empty: none."},
         {"webhook_ca_file", &O::webhook_ca_file, text(),
          "CA certificates (PEM) for it; empty: those of the system."},
         {"webhook_queue_size", &O::webhook_queue_size, integer(1),
          "Notifications that may wait; more are lost."},
         {"webhook_attempts", &O::webhook_attempts, integer(1),
          "Attempts for each notification; then it is lost."},
         {"webhook_timeout", &O::webhook_timeout, seconds(1), "Seconds for one attempt."}});
    using S = SensorOptions;
    table.section<S>(
        "sensor_data", &Options::sensor_data,
        {{"send_sensor_data", &S::send_sensor_data, flag(),
          "Read the sensors of machines and send them as notifications."},
         {"interval", &S::interval, seconds(1), "Seconds between two readings of a machine."},
         {"workers", &S::workers, integer(1), "Machines that are read at one time."},
         {"wait_timeout", &S::wait_timeout, seconds(0),
          "Seconds after which a machine that is slow gives its place to others."},
         {"data_types", &S::data_types, list(), "Kinds of sensor that are sent; ALL: all."},
         {"enable_for_undeployed_nodes", &S::enable_for_undeployed_nodes, flag(),
          "Also of machines that are not in use."},
         {"enable_for_nodes", &S::enable_for_nodes, flag(), "Send the sensors of machines."}});
}

void check_notifications(const NotificationOptions& options, std::vector<std::string>& errors) {
    for (const auto& way : options.driver) {
        if (way.empty() || way == "noop" || way == "log" || way == "webhook") continue;
        errors.push_back(fmt::format(
            "[oslo_messaging_notifications]driver = {}: there is no message bus here; use webhook "
            "with [notifications]webhook_url, or log, or noop",
            way));
    }
    if (options.tells_by("webhook") && options.webhook_url.empty())
        errors.push_back(
            "[oslo_messaging_notifications]driver = webhook: needs [notifications]webhook_url");
    const auto& url = options.webhook_url.reveal();
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
        errors.emplace_back("[notifications]webhook_url: must begin with http:// or https://");
}

}  // namespace ferrite::daemon
