#include "conductor/management.h"

#include <algorithm>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "conductor/failure.h"
#include "conductor/locked.h"
#include "conductor/node_events.h"

namespace ferrite::conductor {
namespace {

template <class T>
Task<> keep_in(T* result, Task<T> task) {
    *result = co_await std::move(task);
}

Task<> change_boot_mode(NodeSession* session, std::string mode) {
    auto failure = co_await failure_of(session->driver.management->set_boot_mode(session, mode));
    if (failure)
        session->record_error(
            "conductor", fmt::format("Failed to change the boot mode to {}: {}", mode, *failure));
    else
        session->node.boot_mode = std::move(mode);
}

Task<> change_secure_boot(NodeSession* session, bool on) {
    auto failure = co_await failure_of(session->driver.management->set_secure_boot(session, on));
    if (failure)
        session->record_error("conductor", fmt::format("Failed to switch secure boot {}: {}",
                                                       on ? "on" : "off", *failure));
    else
        session->node.secure_boot = on;
}

Task<> switch_console(NodeSession* session, bool enabled) {
    auto* console = session->driver.console;
    announce_console(session->services(), session->node, "console_set", "start");
    Task<> change = enabled ? console->start(session) : console->stop(session);
    auto failure = co_await failure_of(std::move(change));
    if (failure)
        session->record_error("conductor", fmt::format("Failed to {} the console: {}",
                                                       enabled ? "start" : "stop", *failure));
    else
        session->node.console_enabled = enabled;
    announce_console(session->services(), session->node, "console_set", failure ? "error" : "end");
}

hardware::Indicator find_indicator(const NodeSession& session, std::string_view component,
                                   std::string_view id) {
    auto all = session.driver.management->indicators(session);
    std::vector<std::string> names;
    for (auto& indicator : all) {
        if (indicator.component == component && indicator.id == id) return std::move(indicator);
        names.push_back(fmt::format("{}@{}", indicator.id, indicator.component));
    }
    throw InvalidValue(fmt::format("Node {} has no indicator {}@{}. It has: {}.",
                                   session.node.label(), id.substr(0, 100),
                                   component.substr(0, 100), fmt::join(names, ", ")));
}

Task<> set_found_indicator(NodeSession* session, hardware::Indicator indicator, std::string state) {
    if (indicator.read_only)
        throw InvalidValue(fmt::format("Indicator {}@{} of node {} can only be read.", indicator.id,
                                       indicator.component, session->node.label()));
    if (std::ranges::find(indicator.states, state) == indicator.states.end())
        throw InvalidValue(fmt::format("Indicator {}@{} can not be '{}': it can be {}.",
                                       indicator.id, indicator.component, state.substr(0, 100),
                                       fmt::join(indicator.states, ", ")));
    co_await session->driver.management->set_indicator_state(session, std::move(indicator),
                                                             std::move(state));
}

Task<> keep_target_raid_config(NodeSession* session, JsonObject config) {
    if (!config.empty()) session->driver.raid->validate_target(*session, config);
    session->node.target_raid_config =
        config.empty() ? model::JsonText() : model::JsonText(Json(std::move(config)));
    co_return;
}

}  // namespace

Task<BootDevice> read_boot_device(Services* services, std::string uuid) {
    hardware::BootDeviceSetting setting;
    co_await locked(services, std::move(uuid), [&setting](NodeSession* session) {
        session->driver.management->validate(*session);
        return keep_in(&setting, session->driver.management->boot_device(session));
    });
    co_return BootDevice{setting.device, setting.persistent};
}

Task<> write_boot_device(Services* services, std::string uuid, std::string device,
                         bool persistent) {
    return locked(services, std::move(uuid), [=](NodeSession* session) {
        session->driver.management->validate(*session);
        return session->driver.management->set_boot_device(session, device, persistent);
    });
}

Task<> begin_boot_mode(Services* services, std::string uuid, std::string mode) {
    return begin_locked(
        services, std::move(uuid), "change_node_boot_mode", [mode](NodeSession& session) -> Begun {
            session.driver.management->validate(session);
            return [mode](Services*, NodeSession* held) { return change_boot_mode(held, mode); };
        });
}

Task<> begin_secure_boot(Services* services, std::string uuid, bool on) {
    return begin_locked(
        services, std::move(uuid), "change_node_secure_boot", [on](NodeSession& session) -> Begun {
            session.driver.management->validate(session);
            return [on](Services*, NodeSession* held) { return change_secure_boot(held, on); };
        });
}

Task<> begin_console(Services* services, std::string uuid, bool enabled) {
    return begin_locked(
        services, std::move(uuid), "set_console_mode", [enabled](NodeSession& session) -> Begun {
            session.driver.console->validate(session);
            if (session.node.console_enabled == enabled) return std::nullopt;
            session.node.last_error.reset();
            return
                [enabled](Services*, NodeSession* held) { return switch_console(held, enabled); };
        });
}

Task<std::optional<JsonObject>> console_access(Services* services, std::string uuid) {
    auto view = NodeSession::look(*services, uuid);
    if (!view->node.console_enabled) co_return std::nullopt;
    view->driver.console->validate(*view);
    co_return co_await view->driver.console->access(view.get());
}

Task<> inject_nmi(Services* services, std::string uuid) {
    return locked(services, std::move(uuid), [](NodeSession* session) {
        session->driver.management->validate(*session);
        return session->driver.management->inject_nmi(session);
    });
}

Task<std::vector<Indicator>> list_indicators(Services* services, std::string uuid) {
    auto view = NodeSession::look(*services, uuid);
    std::vector<Indicator> list;
    for (auto& row : view->driver.management->indicators(*view))
        list.push_back({row.component, row.id, row.read_only, row.states});
    co_return list;
}

Task<std::string> read_indicator(Services* services, std::string uuid, std::string component,
                                 std::string id) {
    auto view = NodeSession::look(*services, uuid);
    auto indicator = find_indicator(*view, component, id);
    co_return co_await view->driver.management->indicator_state(view.get(), std::move(indicator));
}

Task<> write_indicator(Services* services, std::string uuid, std::string component, std::string id,
                       std::string state) {
    return locked(services, std::move(uuid), [=](NodeSession* session) {
        return set_found_indicator(session, find_indicator(*session, component, id), state);
    });
}

Task<> store_target_raid_config(Services* services, std::string uuid, JsonObject config) {
    return locked(services, std::move(uuid), [config](NodeSession* session) {
        return keep_target_raid_config(session, config);
    });
}

}  // namespace ferrite::conductor
