#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "conductor/client.h"
#include "conductor/membership.h"
#include "conductor/rpc_client.h"
#include "conductor/rpc_methods.h"
#include "store/store.h"

namespace ferrite::conductor {

/// Makes each call of the conductor in charge: of the node, by its driver and conductor group; for
/// an allocation, of one of all. In this process when it is this one's, else by RPC.
///
/// A conductor that could not be reached, or declines because it stops, did nothing: the call is
/// made again of whoever is in charge then, for `patience`, so that no request fails while
/// conductors are restarted one after the other. After a call that may have been carried out only
/// one that is safe to repeat is made again; the others are an Error 503 that says so.
///
/// Errors besides those of Client: 404 "no_valid_host" when no live conductor serves the driver in
/// the group, 503 "no_conductor" when there is none at all, 503 "conductor_unreachable".
class RoutedClient final : public Client {
public:
    struct Options {
        std::string host;  ///< Of this process's conductor.
        std::chrono::milliseconds patience{20'000};
        std::chrono::milliseconds pause{250};  ///< Between two attempts.
    };

    /// `local` is null in a process without a conductor, `rpc` in one that makes no calls to
    /// others. All of them outlive it.
    RoutedClient(store::Store& store, Membership& membership, Client* local, RpcClient* rpc,
                 Options options);

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
    /// What a call is about, and so who is in charge.
    struct Subject {
        std::string uuid;
        std::string driver;  ///< Empty: any conductor will do.
        std::string group;
    };
    struct Target {
        bool here = false;
        std::string host;
        std::string endpoint;
    };

    bool alone() const;
    Subject node_with(const std::string& uuid) const;
    Task<Target> find(Subject subject, std::string trouble);
    const Member* in_charge(const ConductorSet& conductors, const Subject& subject) const;
    Task<> wait_for_change(std::chrono::steady_clock::time_point deadline, std::string trouble);

    template <auto Call>
    Task<rpc::ResultOf<Call>> send(Subject subject, RequestContext context,
                                   rpc::ArgumentsOf<Call> arguments);
    template <auto Call, class... Rest>
    Task<rpc::ResultOf<Call>> on_node(RequestContext context, std::string uuid, Rest... rest);
    template <auto Call, class Row>
    Task<rpc::ResultOf<Call>> on_part(RequestContext context, Row before, Row after);
    template <auto Call, class Row>
    Task<rpc::ResultOf<Call>> on_part(RequestContext context, std::string uuid,
                                      Row (*get)(store::Sql& db, std::string_view uuid));

    store::Store& store_;
    Membership& membership_;
    Client* const local_;
    RpcClient* const rpc_;
    const Options options_;
};

}  // namespace ferrite::conductor
