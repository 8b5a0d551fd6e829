#pragma once

#include <memory>

#include "conductor/client.h"
#include "conductor/membership.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// The conductor of this process: carries out what the API asks for on the nodes of its conductor
/// group, keeps their power states in step, and ends what waits for too long.
///
///     Conductor conductor(runtime, store, drivers, options);
///     conductor.start();                 // takes on what was interrupted
///     co_await conductor.drain(60s);     // lets what runs come to a point where it can go on
///     later
class Conductor final : public Client {
public:
    /// All of them must outlive it, and `runtime` must be stopped before it goes.
    Conductor(Runtime& runtime, store::Store& store, const hardware::Drivers& drivers,
              Options options);
    ~Conductor() override;

    /// Shares the nodes with other conductors: this one is in charge of those that `membership`
    /// gives it, and takes over from others when they are gone. Before start(); `membership`
    /// outlives the conductor.
    void share(Membership& membership);

    /// Registers this host, goes on with what was under way when it died, and starts the timers.
    void start();

    /// Takes no more nodes: other conductors are in charge of them from now on. No new work from
    /// timers; calls are still carried out.
    Task<> leave();
    /// Leaves, and waits until what is under way has come to rest, at most `timeout`. Then signs
    /// this host off, which takes no locks any more. False when something still ran: it goes on
    /// after a restart.
    Task<bool> drain(std::chrono::seconds timeout);

    std::vector<DriverInfo> drivers() const override;
    std::optional<std::string> conductor_for(std::string_view uuid, std::string_view driver,
                                             std::string_view group) const override;
    Task<model::Node> create_node(RequestContext context, model::Node node) override;
    Task<model::Node> update_node(RequestContext context, model::Node before, model::Node node,
                                  bool reset_interfaces) override;
    Task<> destroy_node(RequestContext context, std::string uuid) override;
    Task<> set_maintenance(RequestContext context, std::string uuid, bool maintenance,
                           std::optional<std::string> reason) override;
    Task<model::Port> create_port(RequestContext context, model::Port port) override;
    Task<model::Port> update_port(RequestContext context, model::Port before,
                                  model::Port port) override;
    Task<> destroy_port(RequestContext context, std::string uuid) override;
    Task<model::Portgroup> update_portgroup(RequestContext context, model::Portgroup before,
                                            model::Portgroup group) override;
    Task<> destroy_portgroup(RequestContext context, std::string uuid) override;
    Task<model::VolumeConnector> update_volume_connector(RequestContext context,
                                                         model::VolumeConnector before,
                                                         model::VolumeConnector connector) override;
    Task<> destroy_volume_connector(RequestContext context, std::string uuid) override;
    Task<model::VolumeTarget> update_volume_target(RequestContext context,
                                                   model::VolumeTarget before,
                                                   model::VolumeTarget target) override;
    Task<> destroy_volume_target(RequestContext context, std::string uuid) override;
    Task<model::Allocation> create_allocation(RequestContext context, model::Allocation allocation,
                                              std::optional<std::string> node_uuid) override;
    Task<> destroy_allocation(RequestContext context, std::string uuid) override;
    Task<> change_power(RequestContext context, std::string uuid, std::string target,
                        std::optional<std::chrono::seconds> timeout) override;
    Task<> provision(RequestContext context, std::string uuid, ProvisionRequest request) override;
    Task<JsonObject> validate(RequestContext context, std::string uuid) override;
    Task<BootDevice> boot_device(RequestContext context, std::string uuid) override;
    Task<> set_boot_device(RequestContext context, std::string uuid, std::string device,
                           bool persistent) override;
    Task<std::vector<std::string>> supported_boot_devices(RequestContext context,
                                                          std::string uuid) override;
    Task<> change_traits(RequestContext context, std::string uuid, TraitChange change) override;
    Task<JsonArray> vifs(RequestContext context, std::string uuid) override;
    Task<> attach_vif(RequestContext context, std::string uuid, JsonObject vif) override;
    Task<> detach_vif(RequestContext context, std::string uuid, std::string vif_id) override;
    Task<JsonObject> vendor_methods(RequestContext context, std::string uuid) override;
    Task<VendorReply> call_vendor(RequestContext context, std::string uuid,
                                  VendorCall call) override;
    Task<JsonObject> virtual_media(RequestContext context, std::string uuid) override;
    Task<> attach_virtual_media(RequestContext context, std::string uuid,
                                VirtualMediaImage image) override;
    Task<> detach_virtual_media(RequestContext context, std::string uuid,
                                std::vector<std::string> device_types) override;
    Task<> continue_inspection(RequestContext context, std::string uuid,
                               InspectionReport report) override;
    Task<> set_boot_mode(RequestContext context, std::string uuid, std::string mode) override;
    Task<> set_secure_boot(RequestContext context, std::string uuid, bool on) override;
    Task<> set_console(RequestContext context, std::string uuid, bool enabled) override;
    Task<std::optional<JsonObject>> console(RequestContext context, std::string uuid) override;
    Task<> inject_nmi(RequestContext context, std::string uuid) override;
    Task<std::vector<Indicator>> indicators(RequestContext context, std::string uuid) override;
    Task<std::string> indicator_state(RequestContext context, std::string uuid,
                                      std::string component, std::string id) override;
    Task<> set_indicator_state(RequestContext context, std::string uuid, std::string component,
                               std::string id, std::string state) override;
    Task<> set_target_raid_config(RequestContext context, std::string uuid,
                                  JsonObject config) override;
    Task<std::string> agent_token(RequestContext context, std::string uuid) override;
    Task<> heartbeat(RequestContext context, std::string uuid, Heartbeat heartbeat) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::conductor
