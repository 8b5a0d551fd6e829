#include "conductor/routed_client.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "store/nodes.h"
#include "store/portgroups.h"
#include "store/ports.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

namespace ferrite::conductor {
namespace {

/// Between two looks at the database for a conductor that was not there.
constexpr std::chrono::milliseconds kMissingPause{1000};

using Clock = std::chrono::steady_clock;

/// Whether a call that failed so may be made once more.
template <auto Call>
bool may_repeat(const NoAnswer& error) {
    return error.outcome() == NoAnswer::Outcome::not_done ||
           rpc::method_of<Call>().repeat == rpc::Repeat::safe;
}

}  // namespace

RoutedClient::RoutedClient(store::Store& store, Membership& membership, Client* local,
                           RpcClient* rpc, Options options)
    : store_(store),
      membership_(membership),
      local_(local),
      rpc_(rpc),
      options_(std::move(options)) {}

std::vector<DriverInfo> RoutedClient::drivers() const {
    if (membership_.now()->members().empty()) membership_.refresh(kMissingPause);
    return membership_.now()->drivers();
}

std::optional<std::string> RoutedClient::conductor_for(std::string_view uuid,
                                                       std::string_view driver,
                                                       std::string_view group) const {
    return membership_.host_for(uuid, driver, group);
}

// -- who is in charge

/// Whether there is nobody else who could be asked.
bool RoutedClient::alone() const {
    if (!local_) return false;
    auto conductors = membership_.now();
    auto members = conductors->members();
    return members.empty() || (members.size() == 1 && members[0].host == options_.host);
}

RoutedClient::Subject RoutedClient::node_with(const std::string& uuid) const {
    return store_.read([&](store::Sql& db) -> Subject {
        auto places = store::nodes::places(db, uuid);
        if (places.empty()) store::nodes::get(db, uuid);  // Says that there is no such node.
        return {uuid, places.front().driver, places.front().conductor_group};
    });
}

const Member* RoutedClient::in_charge(const ConductorSet& conductors,
                                      const Subject& subject) const {
    if (subject.driver.empty()) return conductors.any(subject.uuid);
    return conductors.in_charge_of(subject.uuid, subject.driver, subject.group);
}

/// Throws when there is nobody; but waits for somebody when there was somebody a moment ago.
Task<RoutedClient::Target> RoutedClient::find(Subject subject, std::string trouble) {
    auto deadline = Clock::now() + options_.patience;
    for (;;) {
        auto conductors = membership_.now();
        const auto* member = in_charge(*conductors, subject);
        if (!member && membership_.refresh(kMissingPause)) continue;
        if (member && local_ && member->host == options_.host)
            co_return Target{.here = true, .host = member->host};
        if (member && (!rpc_ || member->rpc_endpoint.empty()))
            throw Error(503, "no_rpc",
                        fmt::format("The conductor {} is in charge, and takes no calls of other "
                                    "processes: set [DEFAULT]rpc_transport = json-rpc on all.",
                                    member->host));
        if (member) co_return Target{.host = member->host, .endpoint = member->rpc_endpoint};
        if (!trouble.empty()) {
            co_await wait_for_change(deadline, trouble);
            continue;
        }
        if (conductors->members().empty())
            throw Error(503, "no_conductor",
                        "No conductor is alive: start one, or look why it gives no sign of life.");
        throw Error(404, "no_valid_host",
                    fmt::format("No live conductor serves the driver '{}' in conductor group "
                                "'{}': enable the driver on one (enabled_hardware_types), or "
                                "choose another.",
                                subject.driver, subject.group));
    }
}

Task<> RoutedClient::wait_for_change(Clock::time_point deadline, std::string trouble) {
    if (membership_.refresh(options_.pause)) co_return;
    if (Clock::now() + options_.pause > deadline)
        throw Error(503, "conductor_unreachable",
                    fmt::format("The conductor in charge gave no answer. When it is gone for "
                                "good, another takes over [conductor]heartbeat_timeout after its "
                                "last sign of life. {}",
                                trouble));
    co_await sleep_for(options_.pause);
}

// -- making the call

template <auto Call>
Task<rpc::ResultOf<Call>> RoutedClient::send(Subject subject, RequestContext context,
                                             rpc::ArgumentsOf<Call> arguments) {
    if (alone())
        co_return co_await rpc::make_call<Call>(local_, std::move(context), std::move(arguments));
    auto deadline = Clock::now() + options_.patience;
    std::string trouble;
    for (;;) {
        auto target = co_await find(subject, trouble);
        if (target.here)
            co_return co_await rpc::make_call<Call>(local_, std::move(context),
                                                    std::move(arguments));
        try {
            co_return co_await rpc_->call<Call>(target.endpoint, context, arguments);
        } catch (const NoAnswer& error) {
            if (!may_repeat<Call>(error)) throw;
            trouble = error.message();
        }
        log_info("RPC_AGAIN", "method={} host={} node={} error=\"{}\"", rpc::method_of<Call>().name,
                 target.host, subject.uuid, trouble);
        co_await wait_for_change(deadline, trouble);
    }
}

/// A call about the node with this UUID.
template <auto Call, class... Rest>
Task<rpc::ResultOf<Call>> RoutedClient::on_node(RequestContext context, std::string uuid,
                                                Rest... rest) {
    if (alone())
        co_return co_await (local_->*Call)(std::move(context), std::move(uuid), std::move(rest)...);
    auto subject = node_with(uuid);
    co_return co_await send<Call>(std::move(subject), std::move(context),
                                  rpc::ArgumentsOf<Call>(std::move(uuid), std::move(rest)...));
}

/// A change of what belongs to a node.
template <auto Call, class Row>
Task<rpc::ResultOf<Call>> RoutedClient::on_part(RequestContext context, Row before, Row after) {
    if (alone())
        co_return co_await (local_->*Call)(std::move(context), std::move(before), std::move(after));
    auto subject = node_with(before.node_uuid);
    co_return co_await send<Call>(std::move(subject), std::move(context),
                                  rpc::ArgumentsOf<Call>(std::move(before), std::move(after)));
}

/// A call about what belongs to a node and is read with `get`.
template <auto Call, class Row>
Task<rpc::ResultOf<Call>> RoutedClient::on_part(RequestContext context, std::string uuid,
                                                Row (*get)(store::Sql& db, std::string_view uuid)) {
    if (alone()) co_return co_await (local_->*Call)(std::move(context), std::move(uuid));
    auto node = store_.read([&](store::Sql& db) { return get(db, uuid).node_uuid; });
    co_return co_await send<Call>(node_with(node), std::move(context),
                                  rpc::ArgumentsOf<Call>(std::move(uuid)));
}

// -- the calls

Task<model::Node> RoutedClient::create_node(RequestContext context, model::Node node) {
    if (node.uuid.empty()) node.uuid = new_uuid();
    Subject subject{node.uuid, node.driver, node.conductor_group};
    co_return co_await send<&Client::create_node>(std::move(subject), std::move(context),
                                                  {std::move(node)});
}

/// The conductor of the node as it will be knows its new driver.
Task<model::Node> RoutedClient::update_node(RequestContext context, model::Node before,
                                            model::Node node, bool reset_interfaces) {
    Subject subject{before.uuid, node.driver, node.conductor_group};
    co_return co_await send<&Client::update_node>(
        std::move(subject), std::move(context),
        {std::move(before), std::move(node), reset_interfaces});
}

Task<> RoutedClient::destroy_node(RequestContext context, std::string uuid) {
    return on_node<&Client::destroy_node>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::set_maintenance(RequestContext context, std::string uuid, bool maintenance,
                                     std::optional<std::string> reason) {
    return on_node<&Client::set_maintenance>(std::move(context), std::move(uuid), maintenance,
                                             std::move(reason));
}

Task<model::Port> RoutedClient::create_port(RequestContext context, model::Port port) {
    auto subject = node_with(port.node_uuid);
    co_return co_await send<&Client::create_port>(std::move(subject), std::move(context),
                                                  {std::move(port)});
}

Task<model::Port> RoutedClient::update_port(RequestContext context, model::Port before,
                                            model::Port port) {
    return on_part<&Client::update_port>(std::move(context), std::move(before), std::move(port));
}

Task<> RoutedClient::destroy_port(RequestContext context, std::string uuid) {
    return on_part<&Client::destroy_port>(std::move(context), std::move(uuid), store::ports::get);
}

Task<model::Portgroup> RoutedClient::update_portgroup(RequestContext context,
                                                      model::Portgroup before,
                                                      model::Portgroup group) {
    return on_part<&Client::update_portgroup>(std::move(context), std::move(before),
                                              std::move(group));
}

Task<> RoutedClient::destroy_portgroup(RequestContext context, std::string uuid) {
    return on_part<&Client::destroy_portgroup>(std::move(context), std::move(uuid),
                                               store::portgroups::get);
}

Task<model::VolumeConnector> RoutedClient::update_volume_connector(
    RequestContext context, model::VolumeConnector before, model::VolumeConnector connector) {
    return on_part<&Client::update_volume_connector>(std::move(context), std::move(before),
                                                     std::move(connector));
}

Task<> RoutedClient::destroy_volume_connector(RequestContext context, std::string uuid) {
    return on_part<&Client::destroy_volume_connector>(std::move(context), std::move(uuid),
                                                      store::volume_connectors::get);
}

Task<model::VolumeTarget> RoutedClient::update_volume_target(RequestContext context,
                                                             model::VolumeTarget before,
                                                             model::VolumeTarget target) {
    return on_part<&Client::update_volume_target>(std::move(context), std::move(before),
                                                  std::move(target));
}

Task<> RoutedClient::destroy_volume_target(RequestContext context, std::string uuid) {
    return on_part<&Client::destroy_volume_target>(std::move(context), std::move(uuid),
                                                   store::volume_targets::get);
}

Task<model::Allocation> RoutedClient::create_allocation(RequestContext context,
                                                        model::Allocation allocation,
                                                        std::optional<std::string> node_uuid) {
    if (allocation.uuid.empty()) allocation.uuid = new_uuid();
    Subject subject{.uuid = allocation.uuid};
    co_return co_await send<&Client::create_allocation>(
        std::move(subject), std::move(context), {std::move(allocation), std::move(node_uuid)});
}

Task<> RoutedClient::destroy_allocation(RequestContext context, std::string uuid) {
    Subject subject{.uuid = uuid};
    co_await send<&Client::destroy_allocation>(std::move(subject), std::move(context),
                                               {std::move(uuid)});
}

Task<> RoutedClient::change_power(RequestContext context, std::string uuid, std::string target,
                                  std::optional<std::chrono::seconds> timeout) {
    return on_node<&Client::change_power>(std::move(context), std::move(uuid), std::move(target),
                                          timeout);
}

Task<> RoutedClient::provision(RequestContext context, std::string uuid, ProvisionRequest request) {
    return on_node<&Client::provision>(std::move(context), std::move(uuid), std::move(request));
}

Task<JsonObject> RoutedClient::validate(RequestContext context, std::string uuid) {
    return on_node<&Client::validate>(std::move(context), std::move(uuid));
}

Task<BootDevice> RoutedClient::boot_device(RequestContext context, std::string uuid) {
    return on_node<&Client::boot_device>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::set_boot_device(RequestContext context, std::string uuid, std::string device,
                                     bool persistent) {
    return on_node<&Client::set_boot_device>(std::move(context), std::move(uuid), std::move(device),
                                             persistent);
}

Task<std::vector<std::string>> RoutedClient::supported_boot_devices(RequestContext context,
                                                                    std::string uuid) {
    return on_node<&Client::supported_boot_devices>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::change_traits(RequestContext context, std::string uuid, TraitChange change) {
    return on_node<&Client::change_traits>(std::move(context), std::move(uuid), std::move(change));
}

Task<JsonArray> RoutedClient::vifs(RequestContext context, std::string uuid) {
    return on_node<&Client::vifs>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::attach_vif(RequestContext context, std::string uuid, JsonObject vif) {
    return on_node<&Client::attach_vif>(std::move(context), std::move(uuid), std::move(vif));
}

Task<> RoutedClient::detach_vif(RequestContext context, std::string uuid, std::string vif_id) {
    return on_node<&Client::detach_vif>(std::move(context), std::move(uuid), std::move(vif_id));
}

Task<JsonObject> RoutedClient::vendor_methods(RequestContext context, std::string uuid) {
    return on_node<&Client::vendor_methods>(std::move(context), std::move(uuid));
}

Task<VendorReply> RoutedClient::call_vendor(RequestContext context, std::string uuid,
                                            VendorCall call) {
    return on_node<&Client::call_vendor>(std::move(context), std::move(uuid), std::move(call));
}

Task<JsonObject> RoutedClient::virtual_media(RequestContext context, std::string uuid) {
    return on_node<&Client::virtual_media>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::attach_virtual_media(RequestContext context, std::string uuid,
                                          VirtualMediaImage image) {
    return on_node<&Client::attach_virtual_media>(std::move(context), std::move(uuid),
                                                  std::move(image));
}

Task<> RoutedClient::detach_virtual_media(RequestContext context, std::string uuid,
                                          std::vector<std::string> device_types) {
    return on_node<&Client::detach_virtual_media>(std::move(context), std::move(uuid),
                                                  std::move(device_types));
}

Task<> RoutedClient::continue_inspection(RequestContext context, std::string uuid,
                                         InspectionReport report) {
    return on_node<&Client::continue_inspection>(std::move(context), std::move(uuid),
                                                 std::move(report));
}

Task<> RoutedClient::set_boot_mode(RequestContext context, std::string uuid, std::string mode) {
    return on_node<&Client::set_boot_mode>(std::move(context), std::move(uuid), std::move(mode));
}

Task<> RoutedClient::set_secure_boot(RequestContext context, std::string uuid, bool on) {
    return on_node<&Client::set_secure_boot>(std::move(context), std::move(uuid), on);
}

Task<> RoutedClient::set_console(RequestContext context, std::string uuid, bool enabled) {
    return on_node<&Client::set_console>(std::move(context), std::move(uuid), enabled);
}

Task<std::optional<JsonObject>> RoutedClient::console(RequestContext context, std::string uuid) {
    return on_node<&Client::console>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::inject_nmi(RequestContext context, std::string uuid) {
    return on_node<&Client::inject_nmi>(std::move(context), std::move(uuid));
}

Task<std::vector<Indicator>> RoutedClient::indicators(RequestContext context, std::string uuid) {
    return on_node<&Client::indicators>(std::move(context), std::move(uuid));
}

Task<std::string> RoutedClient::indicator_state(RequestContext context, std::string uuid,
                                                std::string component, std::string id) {
    return on_node<&Client::indicator_state>(std::move(context), std::move(uuid),
                                             std::move(component), std::move(id));
}

Task<> RoutedClient::set_indicator_state(RequestContext context, std::string uuid,
                                         std::string component, std::string id, std::string state) {
    return on_node<&Client::set_indicator_state>(
        std::move(context), std::move(uuid), std::move(component), std::move(id), std::move(state));
}

Task<> RoutedClient::set_target_raid_config(RequestContext context, std::string uuid,
                                            JsonObject config) {
    return on_node<&Client::set_target_raid_config>(std::move(context), std::move(uuid),
                                                    std::move(config));
}

Task<std::string> RoutedClient::agent_token(RequestContext context, std::string uuid) {
    return on_node<&Client::agent_token>(std::move(context), std::move(uuid));
}

Task<> RoutedClient::heartbeat(RequestContext context, std::string uuid, Heartbeat heartbeat) {
    return on_node<&Client::heartbeat>(std::move(context), std::move(uuid), std::move(heartbeat));
}

}  // namespace ferrite::conductor
