#include "conductor/conductor.h"

#include <exception>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "conductor/allocations.h"
#include "conductor/background.h"
#include "conductor/heartbeat.h"
#include "conductor/inspection_report.h"
#include "conductor/locked.h"
#include "conductor/management.h"
#include "conductor/node_parts.h"
#include "conductor/node_session.h"
#include "conductor/node_traits.h"
#include "conductor/node_update.h"
#include "conductor/offers.h"
#include "conductor/operations.h"
#include "conductor/vendor_calls.h"
#include "conductor/vifs.h"
#include "conductor/virtual_media.h"
#include "store/chassis.h"
#include "store/nodes.h"

namespace ferrite::conductor {

struct Conductor::State {
    std::shared_ptr<Services> kept;
    Services& services;
    Background background;

    State(Runtime& runtime, store::Store& store, const hardware::Drivers& drivers, Options options)
        : kept(std::make_shared<Services>(store, drivers, runtime, std::move(options))),
          services(*kept),
          background(services) {}
    ~State() { services.ended = true; }
};

Conductor::Conductor(Runtime& runtime, store::Store& store, const hardware::Drivers& drivers,
                     Options options)
    : state_(std::make_unique<State>(runtime, store, drivers, std::move(options))) {}

Conductor::~Conductor() = default;

void Conductor::share(Membership& membership) {
    auto& services = state_->services;
    services.in_charge = [&membership,
                          host = services.options.host](const store::nodes::Place& place) {
        auto conductors = membership.now();
        const auto* member =
            conductors->in_charge_of(place.uuid, place.driver, place.conductor_group);
        return member && member->host == host;
    };
    services.reread_conductors = [&membership] { membership.refresh(); };
    membership.on_change([weak = services.weak_from_this()](const ConductorSet&) {
        if (auto kept = weak.lock()) kept->conductors_changed();
    });
}

void Conductor::start() {
    state_->background.start();
}

Task<> Conductor::leave() {
    return state_->background.leave();
}

Task<bool> Conductor::drain(std::chrono::seconds timeout) {
    co_await leave();
    co_return co_await state_->background.depart(timeout);
}

std::vector<DriverInfo> Conductor::drivers() const {
    return own_offers(state_->services);
}

std::optional<std::string> Conductor::conductor_for(std::string_view, std::string_view driver,
                                                    std::string_view group) const {
    const auto& services = state_->services;
    if (!services.drivers.enabled(driver) || group != services.options.conductor_group)
        return std::nullopt;
    return services.options.host;
}

Task<model::Node> Conductor::create_node(RequestContext, model::Node node) {
    auto& services = state_->services;
    if (node.uuid.empty()) node.uuid = new_uuid();
    check_properties(node);
    services.drivers.settle_interfaces(node);
    co_await services.store.write([&](store::Sql& db) {
        if (node.chassis_uuid) store::chassis::keep(db, *node.chassis_uuid);
        store::nodes::insert(db, node);
    });
    state_->background.watch(node.uuid);
    log_info("NODE_CREATED", "node={} driver={}", node.uuid, node.driver);
    co_return node;
}

Task<model::Node> Conductor::update_node(RequestContext context, model::Node before,
                                         model::Node node, bool reset_interfaces) {
    auto session =
        co_await NodeSession::lock(&state_->services, before.uuid, NodeSession::Patience::retry,
                                   NodeSession::Interfaces::skip);
    std::exception_ptr failure;
    try {
        session->asked_by(context);
        apply_update(*session, before, node, reset_interfaces);
        co_await session->release();
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        co_await session->abandon();
        std::rethrow_exception(failure);
    }
    // Another driver or group may have brought it here from another conductor.
    if (before.driver != node.driver || before.conductor_group != node.conductor_group)
        state_->background.watch(before.uuid);
    // With the lock that this change was made under still in it, as the original answers.
    co_return session->node;
}

Task<> Conductor::destroy_node(RequestContext, std::string uuid) {
    auto& services = state_->services;
    auto session = co_await NodeSession::lock(&services, uuid, NodeSession::Patience::retry,
                                              NodeSession::Interfaces::skip);
    std::exception_ptr failure;
    try {
        check_deletable(session->node, services.options.allow_deleting_available_nodes);
        co_await session->write_held(
            [&](store::Sql& db) { store::nodes::remove(db, session->node); });
    } catch (...) {
        failure = std::current_exception();
    }
    co_await session->abandon();
    if (failure) std::rethrow_exception(failure);
    state_->background.forget(session->node.uuid);
    log_info("NODE_DELETED", "node={}", session->node.uuid);
}

Task<> Conductor::set_maintenance(RequestContext context, std::string uuid, bool maintenance,
                                  std::optional<std::string> reason) {
    auto session = co_await NodeSession::lock(&state_->services, uuid, NodeSession::Patience::retry,
                                              NodeSession::Interfaces::skip);
    session->asked_by(context);
    auto& node = session->node;
    node.maintenance = maintenance;
    node.maintenance_reason = maintenance ? reason : std::nullopt;
    if (!maintenance) node.fault.reset();
    co_await session->release();
}

Task<model::Port> Conductor::create_port(RequestContext, model::Port port) {
    co_return co_await conductor::create_port(&state_->services, std::move(port));
}

Task<model::Port> Conductor::update_port(RequestContext, model::Port before, model::Port port) {
    co_return co_await conductor::update_port(&state_->services, std::move(before),
                                              std::move(port));
}

Task<> Conductor::destroy_port(RequestContext, std::string uuid) {
    co_await conductor::destroy_port(&state_->services, std::move(uuid));
}

Task<model::Portgroup> Conductor::update_portgroup(RequestContext, model::Portgroup before,
                                                   model::Portgroup group) {
    co_return co_await conductor::update_portgroup(&state_->services, std::move(before),
                                                   std::move(group));
}

Task<> Conductor::destroy_portgroup(RequestContext, std::string uuid) {
    co_await conductor::destroy_portgroup(&state_->services, std::move(uuid));
}

Task<model::VolumeConnector> Conductor::update_volume_connector(RequestContext,
                                                                model::VolumeConnector before,
                                                                model::VolumeConnector connector) {
    co_return co_await conductor::update_volume_connector(&state_->services, std::move(before),
                                                          std::move(connector));
}

Task<> Conductor::destroy_volume_connector(RequestContext, std::string uuid) {
    co_await conductor::destroy_volume_connector(&state_->services, std::move(uuid));
}

Task<model::VolumeTarget> Conductor::update_volume_target(RequestContext,
                                                          model::VolumeTarget before,
                                                          model::VolumeTarget target) {
    co_return co_await conductor::update_volume_target(&state_->services, std::move(before),
                                                       std::move(target));
}

Task<> Conductor::destroy_volume_target(RequestContext, std::string uuid) {
    co_await conductor::destroy_volume_target(&state_->services, std::move(uuid));
}

Task<model::Allocation> Conductor::create_allocation(RequestContext, model::Allocation allocation,
                                                     std::optional<std::string> node_uuid) {
    auto* services = &state_->services;
    if (node_uuid) co_return co_await backfill(services, std::move(allocation), *node_uuid);
    co_return co_await begin_allocation(services, std::move(allocation));
}

Task<> Conductor::destroy_allocation(RequestContext, std::string uuid) {
    co_await end_allocation(&state_->services, std::move(uuid));
}

Task<> Conductor::change_power(RequestContext context, std::string uuid, std::string target,
                               std::optional<std::chrono::seconds> timeout) {
    return begin_locked(&state_->services, std::move(uuid), "change_node_power_state",
                        [=](NodeSession& held) {
                            held.asked_by(context);
                            return begin_power(held, target, timeout);
                        });
}

Task<> Conductor::provision(RequestContext context, std::string uuid, ProvisionRequest request) {
    const auto* operation = find_operation(request.verb);
    if (!operation)
        throw InvalidValue(fmt::format(
            "The provision target '{}' is not one that this conductor serves.", request.verb));
    auto verb = request.verb;
    co_await begin_locked(&state_->services, std::move(uuid), std::move(verb),
                          [operation, &request, &context](NodeSession& held) {
                              held.asked_by(context);
                              return operation->begin(held, request);
                          });
}

Task<JsonObject> Conductor::validate(RequestContext, std::string uuid) {
    auto view = NodeSession::look(state_->services, uuid);
    JsonObject results;
    for (const auto& [kind, interface] : view->driver.all) {
        if (kind == "vendor") continue;
        JsonObject result;
        try {
            interface->validate(*view);
            if (kind == "deploy") check_deploy_steps(*view, {});
            result["result"] = true;
        } catch (const Error& error) {
            result["result"] = false;
            result["reason"] = error.message();
        }
        results[kind] = std::move(result);
    }
    co_return results;
}

Task<BootDevice> Conductor::boot_device(RequestContext, std::string uuid) {
    return read_boot_device(&state_->services, std::move(uuid));
}

Task<> Conductor::set_boot_device(RequestContext, std::string uuid, std::string device,
                                  bool persistent) {
    return write_boot_device(&state_->services, std::move(uuid), std::move(device), persistent);
}

Task<std::vector<std::string>> Conductor::supported_boot_devices(RequestContext, std::string uuid) {
    auto view = NodeSession::look(state_->services, uuid);
    co_return view->driver.management->supported_boot_devices();
}

Task<> Conductor::change_traits(RequestContext, std::string uuid, TraitChange change) {
    co_await conductor::change_traits(&state_->services, std::move(uuid), std::move(change));
}

Task<JsonArray> Conductor::vifs(RequestContext, std::string uuid) {
    auto view = NodeSession::look(state_->services, uuid);
    co_return co_await view->driver.network->vifs(view.get());
}

Task<> Conductor::attach_vif(RequestContext, std::string uuid, JsonObject vif) {
    co_await conductor::attach_vif(&state_->services, std::move(uuid), std::move(vif));
}

Task<> Conductor::detach_vif(RequestContext, std::string uuid, std::string vif_id) {
    co_await conductor::detach_vif(&state_->services, std::move(uuid), std::move(vif_id));
}

Task<JsonObject> Conductor::vendor_methods(RequestContext, std::string uuid) {
    co_return describe_vendor_methods(*NodeSession::look(state_->services, uuid));
}

Task<VendorReply> Conductor::call_vendor(RequestContext, std::string uuid, VendorCall call) {
    co_return co_await conductor::call_vendor(&state_->services, std::move(uuid), std::move(call));
}

Task<JsonObject> Conductor::virtual_media(RequestContext, std::string uuid) {
    auto view = NodeSession::look(state_->services, uuid);
    view->driver.management->validate(*view);
    co_return co_await view->driver.management->virtual_media(view.get());
}

Task<> Conductor::attach_virtual_media(RequestContext, std::string uuid, VirtualMediaImage image) {
    co_await conductor::attach_virtual_media(&state_->services, std::move(uuid), std::move(image));
}

Task<> Conductor::detach_virtual_media(RequestContext, std::string uuid,
                                       std::vector<std::string> device_types) {
    co_await conductor::detach_virtual_media(&state_->services, std::move(uuid),
                                             std::move(device_types));
}

Task<> Conductor::continue_inspection(RequestContext, std::string uuid, InspectionReport report) {
    co_await take_inspection_report(&state_->services, std::move(uuid), std::move(report));
}

Task<> Conductor::set_boot_mode(RequestContext, std::string uuid, std::string mode) {
    return begin_boot_mode(&state_->services, std::move(uuid), std::move(mode));
}

Task<> Conductor::set_secure_boot(RequestContext, std::string uuid, bool on) {
    return begin_secure_boot(&state_->services, std::move(uuid), on);
}

Task<> Conductor::set_console(RequestContext, std::string uuid, bool enabled) {
    return begin_console(&state_->services, std::move(uuid), enabled);
}

Task<std::optional<JsonObject>> Conductor::console(RequestContext, std::string uuid) {
    return console_access(&state_->services, std::move(uuid));
}

Task<> Conductor::inject_nmi(RequestContext, std::string uuid) {
    return ferrite::conductor::inject_nmi(&state_->services, std::move(uuid));
}

Task<std::vector<Indicator>> Conductor::indicators(RequestContext, std::string uuid) {
    return list_indicators(&state_->services, std::move(uuid));
}

Task<std::string> Conductor::indicator_state(RequestContext, std::string uuid,
                                             std::string component, std::string id) {
    return read_indicator(&state_->services, std::move(uuid), std::move(component), std::move(id));
}

Task<> Conductor::set_indicator_state(RequestContext, std::string uuid, std::string component,
                                      std::string id, std::string state) {
    return write_indicator(&state_->services, std::move(uuid), std::move(component), std::move(id),
                           std::move(state));
}

Task<> Conductor::set_target_raid_config(RequestContext, std::string uuid, JsonObject config) {
    return store_target_raid_config(&state_->services, std::move(uuid), std::move(config));
}

Task<std::string> Conductor::agent_token(RequestContext, std::string uuid) {
    co_return co_await issue_agent_token(&state_->services, uuid);
}

Task<> Conductor::heartbeat(RequestContext, std::string uuid, Heartbeat heartbeat) {
    co_await take_heartbeat(&state_->services, uuid, std::move(heartbeat));
}

}  // namespace ferrite::conductor
