#pragma once

#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "conductor/client.h"
#include "model/states.h"
#include "store/allocations.h"
#include "store/nodes.h"
#include "store/portgroups.h"
#include "store/ports.h"
#include "store/store.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

namespace ferrite::api {

/// A conductor that has no hardware: it stores what it is given and remembers what it was asked.
class FakeConductor : public conductor::Client {
public:
    explicit FakeConductor(store::Store& store) : store_(store) {}

    std::vector<std::string> asked;  ///< `power <uuid> power on`, in order.
    conductor::ProvisionRequest provisioned;
    conductor::Heartbeat heard;
    bool reset_interfaces = false;
    bool console_enabled = false;
    std::string host = "cond1";
    bool serves = true;  ///< Any driver at all.

    std::vector<conductor::DriverInfo> drivers() const override {
        if (!serves) return {};
        conductor::DriverInfo fake{.name = "fake-hardware", .hosts = {host}};
        conductor::DriverInfo ipmi{.name = "ipmi", .hosts = {host}};
        for (const auto& kind : model::interface_kinds()) {
            fake.enabled[std::string(kind.name)] = {"fake"};
            fake.defaults[std::string(kind.name)] = "fake";
            ipmi.enabled[std::string(kind.name)] = {"ipmitool"};
        }
        fake.properties = {{"B1", "What B1 means."}};
        fake.logical_disk_properties = {{"size_gb", "What size_gb means."}};
        return {fake, ipmi};
    }

    std::optional<std::string> conductor_for(std::string_view, std::string_view driver,
                                             std::string_view group) const override {
        if (!group.empty() || (driver != "fake-hardware" && driver != "ipmi")) return std::nullopt;
        return host;
    }

    Task<model::Node> create_node(conductor::RequestContext, model::Node node) override {
        for (const auto& kind : model::interface_kinds())
            if (!(node.*kind.field)) node.*kind.field = "fake";
        co_await store_.write([&](store::Sql& db) { store::nodes::insert(db, node); });
        co_return node;
    }

    Task<model::Node> update_node(conductor::RequestContext, model::Node before, model::Node node,
                                  bool reset) override {
        reset_interfaces = reset;
        for (const auto& kind : model::interface_kinds())
            if (!(node.*kind.field)) node.*kind.field = "fake";
        co_await store_.write([&](store::Sql& db) { store::nodes::save(db, before, node); });
        co_return node;
    }

    Task<> destroy_node(conductor::RequestContext, std::string uuid) override {
        co_await store_.write([&](store::Sql& db) {
            auto node = store::nodes::get(db, uuid);
            if (!node.maintenance && !model::states::deletable(*node.provision_state, true))
                throw Conflict("This node can not be deleted now.");
            store::nodes::remove(db, node);
        });
    }

    Task<> set_maintenance(conductor::RequestContext, std::string uuid, bool maintenance,
                           std::optional<std::string> reason) override {
        co_await store_.write([&](store::Sql& db) {
            auto before = store::nodes::get(db, uuid);
            auto node = before;
            node.maintenance = maintenance;
            node.maintenance_reason = reason;
            store::nodes::save(db, before, node);
        });
    }

    Task<model::Port> create_port(conductor::RequestContext, model::Port port) override {
        co_await store_.write([&](store::Sql& db) { store::ports::insert(db, port); });
        co_return port;
    }

    Task<model::Port> update_port(conductor::RequestContext, model::Port before,
                                  model::Port port) override {
        co_await store_.write([&](store::Sql& db) { store::ports::save(db, before, port); });
        co_return port;
    }

    Task<> destroy_port(conductor::RequestContext, std::string uuid) override {
        co_await store_.write(
            [&](store::Sql& db) { store::ports::remove(db, store::ports::get(db, uuid)); });
    }

    Task<model::Portgroup> update_portgroup(conductor::RequestContext, model::Portgroup before,
                                            model::Portgroup group) override {
        co_await store_.write([&](store::Sql& db) { store::portgroups::save(db, before, group); });
        co_return group;
    }

    Task<> destroy_portgroup(conductor::RequestContext, std::string uuid) override {
        co_await store_.write([&](store::Sql& db) {
            store::portgroups::remove(db, store::portgroups::get(db, uuid));
        });
    }

    Task<model::VolumeConnector> update_volume_connector(
        conductor::RequestContext, model::VolumeConnector before,
        model::VolumeConnector connector) override {
        co_await store_.write(
            [&](store::Sql& db) { store::volume_connectors::save(db, before, connector); });
        co_return connector;
    }

    Task<> destroy_volume_connector(conductor::RequestContext, std::string uuid) override {
        co_await store_.write([&](store::Sql& db) {
            store::volume_connectors::remove(db, store::volume_connectors::get(db, uuid));
        });
    }

    Task<model::VolumeTarget> update_volume_target(conductor::RequestContext,
                                                   model::VolumeTarget before,
                                                   model::VolumeTarget target) override {
        co_await store_.write(
            [&](store::Sql& db) { store::volume_targets::save(db, before, target); });
        co_return target;
    }

    Task<> destroy_volume_target(conductor::RequestContext, std::string uuid) override {
        co_await store_.write([&](store::Sql& db) {
            store::volume_targets::remove(db, store::volume_targets::get(db, uuid));
        });
    }

    /// Looks for no node; gives the allocation the one that it is to be made of.
    Task<model::Allocation> create_allocation(conductor::RequestContext,
                                              model::Allocation allocation,
                                              std::optional<std::string> node_uuid) override {
        co_await store_.write([&](store::Sql& db) {
            store::allocations::insert(db, allocation);
            if (node_uuid)
                store::allocations::give(db, allocation, store::nodes::get(db, *node_uuid));
        });
        co_return allocation;
    }

    Task<> destroy_allocation(conductor::RequestContext, std::string uuid) override {
        asked.push_back(fmt::format("destroy allocation {}", uuid));
        co_await store_.write([&](store::Sql& db) {
            store::allocations::remove(db, store::allocations::get(db, uuid));
        });
    }

    Task<> change_power(conductor::RequestContext, std::string uuid, std::string target,
                        std::optional<std::chrono::seconds> timeout) override {
        asked.push_back(
            fmt::format("power {} {} {}", uuid, target, timeout ? timeout->count() : 0));
        co_return;
    }

    Task<> provision(conductor::RequestContext, std::string uuid,
                     conductor::ProvisionRequest request) override {
        asked.push_back(fmt::format("provision {} {}", uuid, request.verb));
        provisioned = std::move(request);
        co_return;
    }

    Task<JsonObject> validate(conductor::RequestContext, std::string) override {
        co_return JsonObject{{"power", JsonObject{{"result", true}}}};
    }

    Task<conductor::BootDevice> boot_device(conductor::RequestContext, std::string) override {
        co_return conductor::BootDevice{.device = "pxe", .persistent = false};
    }

    Task<> set_boot_device(conductor::RequestContext, std::string uuid, std::string device,
                           bool persistent) override {
        asked.push_back(fmt::format("boot {} {} {}", uuid, device, persistent));
        co_return;
    }

    Task<std::vector<std::string>> supported_boot_devices(conductor::RequestContext,
                                                          std::string) override {
        co_return std::vector<std::string>{"pxe"};
    }

    Task<> change_traits(conductor::RequestContext, std::string uuid,
                         conductor::TraitChange change) override {
        using Kind = conductor::TraitChange::Kind;
        co_await store_.write([&](store::Sql& db) {
            auto before = store::nodes::get(db, uuid);
            auto node = before;
            std::set<std::string> traits;
            if (change.kind == Kind::add || change.kind == Kind::remove)
                for (const auto& name : node.traits.array()) traits.emplace(name.as_string());
            for (const auto& name : change.traits)
                if (change.kind != Kind::remove)
                    traits.insert(name);
                else if (traits.erase(name) == 0)
                    throw NotFound("No such trait.");
            node.traits = model::JsonText(Json(JsonArray(traits.begin(), traits.end())));
            store::nodes::save(db, before, node);
        });
    }

    Task<JsonArray> vifs(conductor::RequestContext, std::string) override {
        co_return JsonArray{JsonObject{{"id", "one"}}};
    }
    Task<> attach_vif(conductor::RequestContext, std::string uuid, JsonObject vif) override {
        asked.push_back(fmt::format("attach {} {}", uuid, to_text(Json(vif))));
        co_return;
    }
    Task<> detach_vif(conductor::RequestContext, std::string uuid, std::string vif) override {
        asked.push_back(fmt::format("detach {} {}", uuid, vif));
        co_return;
    }

    Task<JsonObject> vendor_methods(conductor::RequestContext, std::string) override {
        co_return JsonObject{{"poke", JsonObject{{"async", true}}}};
    }
    Task<conductor::VendorReply> call_vendor(conductor::RequestContext, std::string uuid,
                                             conductor::VendorCall call) override {
        asked.push_back(fmt::format("call {} {} {} {}", uuid, call.http_method, call.method,
                                    to_text(call.arguments)));
        if (call.method == "later") co_return std::nullopt;
        co_return call.arguments;
    }

    Task<JsonObject> virtual_media(conductor::RequestContext, std::string) override {
        co_return JsonObject{{"Cd", JsonObject{{"inserted", false}}}};
    }
    Task<> attach_virtual_media(conductor::RequestContext, std::string uuid,
                                conductor::VirtualMediaImage image) override {
        bool local = image.source == conductor::VirtualMediaImage::Source::local;
        asked.push_back(fmt::format("insert {} {} {} {}", uuid, image.device_type, image.url,
                                    local ? "local" : "direct"));
        co_return;
    }
    Task<> detach_virtual_media(conductor::RequestContext, std::string uuid,
                                std::vector<std::string> types) override {
        asked.push_back(fmt::format("eject {} {}", uuid, fmt::join(types, ",")));
        co_return;
    }

    conductor::InspectionReport inspected;
    Task<> continue_inspection(conductor::RequestContext, std::string uuid,
                               conductor::InspectionReport report) override {
        asked.push_back(fmt::format("inspected {}", uuid));
        inspected = std::move(report);
        co_return;
    }

    Task<> set_boot_mode(conductor::RequestContext, std::string uuid, std::string mode) override {
        asked.push_back(fmt::format("boot mode {} {}", uuid, mode));
        co_return;
    }

    Task<> set_secure_boot(conductor::RequestContext, std::string uuid, bool on) override {
        asked.push_back(fmt::format("secure boot {} {}", uuid, on));
        co_return;
    }

    Task<> set_console(conductor::RequestContext, std::string uuid, bool enabled) override {
        asked.push_back(fmt::format("console {} {}", uuid, enabled));
        console_enabled = enabled;
        co_return;
    }

    Task<std::optional<JsonObject>> console(conductor::RequestContext, std::string) override {
        std::optional<JsonObject> access;
        if (console_enabled) access = JsonObject{{"url", "tcp://192.0.2.1:7000"}};
        co_return access;
    }

    Task<> inject_nmi(conductor::RequestContext, std::string uuid) override {
        asked.push_back(fmt::format("nmi {}", uuid));
        co_return;
    }

    Task<std::vector<conductor::Indicator>> indicators(conductor::RequestContext,
                                                       std::string) override {
        co_return std::vector<conductor::Indicator>{{"system", "led", false, {"on", "off"}}};
    }

    Task<std::string> indicator_state(conductor::RequestContext, std::string uuid,
                                      std::string component, std::string id) override {
        asked.push_back(fmt::format("indicator {} {} {}", uuid, component, id));
        co_return "blinking";
    }

    Task<> set_indicator_state(conductor::RequestContext, std::string uuid, std::string component,
                               std::string id, std::string state) override {
        asked.push_back(fmt::format("indicator {} {} {} {}", uuid, component, id, state));
        co_return;
    }

    Task<> set_target_raid_config(conductor::RequestContext, std::string uuid,
                                  JsonObject config) override {
        asked.push_back(fmt::format("raid {} {}", uuid, to_text(Json(config))));
        co_return;
    }

    Task<std::string> agent_token(conductor::RequestContext, std::string) override {
        co_return "token-in-clear";
    }

    Task<> heartbeat(conductor::RequestContext, std::string uuid,
                     conductor::Heartbeat beat) override {
        asked.push_back(fmt::format("heartbeat {}", uuid));
        heard = std::move(beat);
        co_return;
    }

private:
    store::Store& store_;
};

}  // namespace ferrite::api
