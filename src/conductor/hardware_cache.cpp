#include "conductor/hardware_cache.h"

#include "base/log.h"
#include "conductor/failure.h"
#include "store/bios_settings.h"
#include "store/firmware_components.h"

namespace ferrite::conductor {
namespace {

Task<> refresh_settings(NodeSession* session) {
    auto settings = co_await session->driver.bios->settings(session);
    if (!settings) co_return;
    co_await session->write_held([&](store::Sql& db) {
        store::bios_settings::put(db, session->node.uuid, *settings);
    });
}

Task<> refresh_components(NodeSession* session) {
    auto components = co_await session->driver.firmware->components(session);
    if (!components) co_return;
    co_await session->write_held([&](store::Sql& db) {
        store::firmware_components::put(db, session->node.uuid, *components);
    });
}

void tell(const NodeSession& session, std::string_view what,
          const std::optional<std::string>& failure) {
    if (failure)
        log_warning("HARDWARE_CACHE_STALE", "node={} of={} error={}", session.node.uuid, what,
                    *failure);
}

}  // namespace

Task<> refresh_hardware_cache(NodeSession* session) {
    tell(*session, "bios", co_await failure_of(refresh_settings(session)));
    tell(*session, "firmware", co_await failure_of(refresh_components(session)));
}

bool changes_hardware_cache(std::string_view interface) {
    return interface == "bios" || interface == "firmware";
}

}  // namespace ferrite::conductor
