#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "model/allocation.h"
#include "model/chassis.h"
#include "model/node.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/volume.h"

namespace ferrite::conductor {

/// Who asked, for logs, history and errors.
struct RequestContext {
    std::string request_id;
    /// The id under which the caller's own service knows what it is doing; empty when it sent none.
    std::string global_request_id;
    std::string user;
    std::string project;
};

/// What a conductor offers of one hardware type (reference: api.md section 16).
struct DriverInfo {
    std::string name;
    std::vector<std::string> hosts;
    /// By interface kind ("power", "boot", ...): the enabled implementations in order of
    /// preference.
    std::map<std::string, std::vector<std::string>, std::less<>> enabled;
    /// By interface kind; absent when the type has none.
    std::map<std::string, std::string, std::less<>> defaults;
    /// driver_info keys and what they mean.
    std::map<std::string, std::string, std::less<>> properties;
    /// Members of a logical disk in target_raid_config and what they mean.
    std::map<std::string, std::string, std::less<>> logical_disk_properties;
};

/// The arguments of `PUT states/provision` (reference: api.md section 10.2), already checked for
/// shape by the API.
struct ProvisionRequest {
    std::string verb;  ///< "active", "manage", "clean", ...
    Json configdrive;  ///< Null, text (URL or base64) or an object.
    JsonArray clean_steps;
    JsonArray deploy_steps;
    JsonArray service_steps;
    std::string rescue_password;
    std::optional<bool> disable_ramdisk;
};

/// What an agent says when it reports (reference: api.md section 22.2).
struct Heartbeat {
    std::string callback_url;
    std::optional<std::string> agent_version;
    std::string agent_token;
    std::optional<std::string> agent_verify_ca;
    std::optional<std::string> agent_status;
    std::optional<std::string> agent_status_message;
};

struct BootDevice {
    std::optional<std::string> device;
    std::optional<bool> persistent;
};

/// What becomes of a node's traits (reference: api.md section 11.6).
struct TraitChange {
    enum class Kind { replace, add, remove, clear } kind = Kind::replace;
    std::vector<std::string> traits;  ///< All of them names that a trait may have.
};

/// A call of a method of the node's vendor interface (reference: api.md section 11.13).
struct VendorCall {
    std::string method;
    std::string http_method;  ///< That the call came with.
    Json arguments;
};

/// What a vendor method answers; nothing for one that goes on in the background.
using VendorReply = std::optional<Json>;

/// An image that the BMC shall show to the machine (reference: api.md section 11.12).
struct VirtualMediaImage {
    std::string device_type;  ///< "cdrom", "disk" or "floppy".
    std::string url;
    enum class Source {
        direct,  ///< The BMC reads `url` itself.
        local,   ///< The conductor fetches it and serves it to the BMC.
    } source = Source::local;
};

/// What an agent found out about its machine (reference: api.md section 22.3).
struct InspectionReport {
    JsonObject inventory;
    JsonObject plugin_data;
    bool discovered = false;  ///< The node was created for this report: it stays in enroll.
};

/// A light on a machine (reference: api.md section 11.4).
struct Indicator {
    std::string component;
    std::string id;  ///< Within the component.
    bool read_only = false;
    std::vector<std::string> states;  ///< That it can show.
};

/// How the API reaches the conductor that is in charge of a node; in this process or elsewhere.
///
/// Every function may be called from any coroutine of the service and throws Error with the HTTP
/// status that the reference names: 404 for a node that is gone, 409 for one that is locked (after
/// the configured retries), 400/409 for what its state forbids, 503 when the conductor is full.
/// A verb returns when the work was accepted, and the work goes on.
class Client {
public:
    virtual ~Client() = default;

    /// Hardware types that a live conductor serves, sorted by name.
    virtual std::vector<DriverInfo> drivers() const = 0;
    /// The host of the conductor in charge of such a node; nothing when none serves its driver in
    /// its conductor group.
    virtual std::optional<std::string> conductor_for(std::string_view uuid, std::string_view driver,
                                                     std::string_view group) const = 0;

    /// Fills in the hardware interfaces, checks them and stores the node.
    virtual Task<model::Node> create_node(RequestContext context, model::Node node) = 0;
    /// Stores what differs between `before` (as the API read it) and `node`, after the checks of
    /// the reference, api.md section 9.5 and 9.6.
    virtual Task<model::Node> update_node(RequestContext context, model::Node before,
                                          model::Node node, bool reset_interfaces) = 0;
    virtual Task<> destroy_node(RequestContext context, std::string uuid) = 0;
    virtual Task<> set_maintenance(RequestContext context, std::string uuid, bool maintenance,
                                   std::optional<std::string> reason) = 0;

    virtual Task<model::Port> create_port(RequestContext context, model::Port port) = 0;
    virtual Task<model::Port> update_port(RequestContext context, model::Port before,
                                          model::Port port) = 0;
    virtual Task<> destroy_port(RequestContext context, std::string uuid) = 0;

    /// What differs between `before` and `group` is stored under the lock of the node that it
    /// belongs to, after the checks of the reference, api.md section 13.
    virtual Task<model::Portgroup> update_portgroup(RequestContext context, model::Portgroup before,
                                                    model::Portgroup group) = 0;
    virtual Task<> destroy_portgroup(RequestContext context, std::string uuid) = 0;

    /// The same for section 15: their node must be powered off.
    virtual Task<model::VolumeConnector> update_volume_connector(
        RequestContext context, model::VolumeConnector before,
        model::VolumeConnector connector) = 0;
    virtual Task<> destroy_volume_connector(RequestContext context, std::string uuid) = 0;
    virtual Task<model::VolumeTarget> update_volume_target(RequestContext context,
                                                           model::VolumeTarget before,
                                                           model::VolumeTarget target) = 0;
    virtual Task<> destroy_volume_target(RequestContext context, std::string uuid) = 0;

    /// Stores an allocation. Without `node_uuid` its node is looked for in the background; with it
    /// the allocation is made of that node, which is in use already: it is active at once, or
    /// refused with Conflict (reference: api.md section 18.3).
    virtual Task<model::Allocation> create_allocation(RequestContext context,
                                                      model::Allocation allocation,
                                                      std::optional<std::string> node_uuid) = 0;
    /// Deletes the allocation and frees its node; Conflict for a node that is in use.
    virtual Task<> destroy_allocation(RequestContext context, std::string uuid) = 0;

    /// `target` is a power action of the API; `timeout` for soft ones.
    virtual Task<> change_power(RequestContext context, std::string uuid, std::string target,
                                std::optional<std::chrono::seconds> timeout) = 0;
    virtual Task<> provision(RequestContext context, std::string uuid,
                             ProvisionRequest request) = 0;

    /// {"power": {"result": true}, "boot": {"result": false, "reason": "..."}, ...}
    virtual Task<JsonObject> validate(RequestContext context, std::string uuid) = 0;

    virtual Task<BootDevice> boot_device(RequestContext context, std::string uuid) = 0;
    virtual Task<> set_boot_device(RequestContext context, std::string uuid, std::string device,
                                   bool persistent) = 0;
    virtual Task<std::vector<std::string>> supported_boot_devices(RequestContext context,
                                                                  std::string uuid) = 0;

    virtual Task<> change_traits(RequestContext context, std::string uuid, TraitChange change) = 0;

    /// Objects with an `id`, as the network interface keeps them (api.md section 11.5).
    virtual Task<JsonArray> vifs(RequestContext context, std::string uuid) = 0;
    /// `vif` has the text `id`, and what else the user gave.
    virtual Task<> attach_vif(RequestContext context, std::string uuid, JsonObject vif) = 0;
    virtual Task<> detach_vif(RequestContext context, std::string uuid, std::string vif_id) = 0;

    /// By name: {"http_methods": ["POST"], "async": true, ...}
    virtual Task<JsonObject> vendor_methods(RequestContext context, std::string uuid) = 0;
    virtual Task<VendorReply> call_vendor(RequestContext context, std::string uuid,
                                          VendorCall call) = 0;

    /// By name of the slot: {"media_types": ["CD"], "inserted": true, "image": "http://..."}
    virtual Task<JsonObject> virtual_media(RequestContext context, std::string uuid) = 0;
    virtual Task<> attach_virtual_media(RequestContext context, std::string uuid,
                                        VirtualMediaImage image) = 0;
    virtual Task<> detach_virtual_media(RequestContext context, std::string uuid,
                                        std::vector<std::string> device_types) = 0;

    /// Goes on with the inspection that waits for this report (api.md section 22.3).
    virtual Task<> continue_inspection(RequestContext context, std::string uuid,
                                       InspectionReport report) = 0;

    /// `mode` is "bios" or "uefi". Like the next two, it returns when the request was accepted;
    /// what goes wrong afterwards is told in last_error.
    virtual Task<> set_boot_mode(RequestContext context, std::string uuid, std::string mode) = 0;
    virtual Task<> set_secure_boot(RequestContext context, std::string uuid, bool on) = 0;
    virtual Task<> set_console(RequestContext context, std::string uuid, bool enabled) = 0;
    /// How to reach the node's console; nothing while it is not enabled.
    virtual Task<std::optional<JsonObject>> console(RequestContext context, std::string uuid) = 0;
    virtual Task<> inject_nmi(RequestContext context, std::string uuid) = 0;

    virtual Task<std::vector<Indicator>> indicators(RequestContext context, std::string uuid) = 0;
    virtual Task<std::string> indicator_state(RequestContext context, std::string uuid,
                                              std::string component, std::string id) = 0;
    virtual Task<> set_indicator_state(RequestContext context, std::string uuid,
                                       std::string component, std::string id,
                                       std::string state) = 0;

    /// An empty `config` takes the target away.
    virtual Task<> set_target_raid_config(RequestContext context, std::string uuid,
                                          JsonObject config) = 0;

    /// The agent's token at its first look-up, asterisks at later ones (api.md section 22.1).
    virtual Task<std::string> agent_token(RequestContext context, std::string uuid) = 0;
    virtual Task<> heartbeat(RequestContext context, std::string uuid, Heartbeat heartbeat) = 0;
};

}  // namespace ferrite::conductor
