#include <fmt/core.h>

#include "api/announce.h"
#include "api/arguments.h"
#include "api/body.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/patch.h"
#include "api/ports.h"
#include "base/uuid.h"
#include "store/portgroups.h"

namespace ferrite::api {
namespace {

using model::Port;
using model::Portgroup;
using model::since;

/// A document as the field table knows it: `node_ident` is another way to say `node_uuid`.
struct NewPort {
    Json body;
    std::optional<std::string> node_ident;
};

NewPort read_new_port(const Call& call) {
    NewPort sent{call.document(), std::nullopt};
    check_is_object(sent.body, "port");
    auto& body = sent.body.get_object();
    if (const auto* ident = body.if_contains("node_ident"); ident && call.offers(since(1, 94))) {
        if (!ident->is_string()) throw InvalidValue("node_ident must be a name or UUID.");
        sent.node_ident = std::string(ident->get_string());
        body.erase("node_ident");
    }
    return sent;
}

void normalise_address(Port& port) {
    auto mac = model::normalised_mac(port.address);
    if (!mac)
        throw InvalidValue(fmt::format(
            "'{}' is no MAC address: write six hex pairs with colons, as 52:54:00:12:34:56.",
            port.address.substr(0, 100)));
    port.address = *mac;
}

/// The portgroup that the document puts the port into; nothing when it names none. What else a
/// member must be like, the conductor checks.
std::optional<Portgroup> joined_portgroup(const Call& call, const Port& port) {
    if (!port.portgroup_uuid) return std::nullopt;
    auto group = call.store().read(
        [&](store::Sql& db) { return store::portgroups::find(db, *port.portgroup_uuid); });
    if (!group || group->node_uuid != port.node_uuid)
        throw InvalidValue(
            fmt::format("Node {} has no portgroup {}.", port.node_uuid, *port.portgroup_uuid));
    return group;
}

/// Only a port that says so itself is refused: by default it simply is not used for booting.
void check_standalone(const std::optional<Portgroup>& group, const Port& port, const Json& body) {
    if (group && !group->standalone_ports_supported && port.pxe_enabled &&
        !member(body, "pxe_enabled").is_null())
        throw Conflict(fmt::format(
            "Portgroup {} does not support standalone ports: its member {} needs pxe_enabled to be "
            "false.",
            group->uuid, port.address));
}

void check_smart_nic(const Port& port) {
    if (!port.is_smartnic || port.local_link_connection.absent()) return;
    auto link = port.local_link_connection.object();
    if (!link.contains("port_id") || !link.contains("hostname"))
        throw InvalidValue("The local_link_connection of a smart NIC needs port_id and hostname.");
}

void check_physical_network(const Port& port) {
    if (port.physical_network && port.physical_network->empty())
        throw InvalidValue("physical_network can not be empty: name a network or leave it out.");
}

/// Since portgroups have a physical network, it is theirs to change.
void check_member_network(const Call& call, const Port& before, const Port& port) {
    if (call.has(since(1, 102)) && port.portgroup_uuid &&
        port.physical_network != before.physical_network)
        throw InvalidValue(
            fmt::format("Port {} is a member of portgroup {}: change the physical_network there.",
                        port.uuid, *port.portgroup_uuid));
}

/// This one field takes no word for a boolean.
void check_strict_boolean(std::string_view field, const Json& value) {
    if (field == "available_for_dynamic_portgroup" && value.is_string())
        throw InvalidValue("available_for_dynamic_portgroup must be true or false.");
}

/// A port always has a node: to take it away changes nothing.
bool takes_node_away(const PatchStep& step) {
    return step.op == PatchStep::Op::remove && step.whole_field() && step.root() == "node_uuid";
}

void settle_node(const Call& call, const NewPort& sent, Port& port) {
    bool by_uuid = !port.node_uuid.empty();
    if (by_uuid == sent.node_ident.has_value())
        throw InvalidValue("A port needs its node: exactly one of node_uuid and node_ident.");
    if (sent.node_ident) require_version(call, since(1, 94), "The field node_ident");
    port.node_uuid = node_for_new_part(call, by_uuid ? port.node_uuid : *sent.node_ident).uuid;
}

}  // namespace

/// Section 12.4.
Task<HttpResponse> create_port(Call call) {
    Arguments::of_query(call).finish();
    auto sent = read_new_port(call);
    auto port = read_new(port_resource(), call, sent.body);
    for (const auto& entry : sent.body.get_object())
        check_strict_boolean(entry.key(), entry.value());
    normalise_address(port);
    settle_node(call, sent, port);
    check_new_versions(port_resource(), call, sent.body);
    if (const auto* link = sent.body.get_object().if_contains("local_link_connection"))
        if (!link->is_null())
            port.local_link_connection = model::JsonText(checked_local_link(call, *link));
    auto group = joined_portgroup(call, port);
    check_smart_nic(port);
    check_physical_network(port);
    check_standalone(group, port, sent.body);
    if (port.uuid.empty()) port.uuid = new_uuid();
    auto created = co_await announced(&call, "create", &port,
                                      call.conductor().create_port(call.context, port));
    auto response = json_reply(201, document_text(port_resource(), call, created));
    co_return located(std::move(response), call, "ports/" + created.uuid);
}

HttpResponse create_port_below(const Call&) {
    throw InvalidValue("A port is created with POST /v1/ports; its node stands in the document.");
}

/// Section 12.5. What the state of the node forbids, the conductor checks.
Task<HttpResponse> patch_port(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(port_resource(), call, steps);
    check_patch_versions(port_resource(), call, steps);
    for (const auto& step : steps)
        if (step.value) check_strict_boolean(step.root(), *step.value);
    auto before = find_port(call, call.words[0]);
    std::erase_if(steps, takes_node_away);
    auto port = patched(port_resource(), before, steps);
    if (port.address != before.address) normalise_address(port);
    if (port.local_link_connection != before.local_link_connection &&
        !port.local_link_connection.absent())
        port.local_link_connection =
            model::JsonText(checked_local_link(call, port.local_link_connection.value()));
    if (port.node_uuid != before.node_uuid)
        port.node_uuid = node_for_moved_part(call, before.node_uuid, port.node_uuid).uuid;
    if (port.portgroup_uuid != before.portgroup_uuid || port.node_uuid != before.node_uuid)
        joined_portgroup(call, port);
    check_member_network(call, before, port);
    check_smart_nic(port);
    check_physical_network(port);
    refuse_while_inspecting(call, before.node_uuid, "Port " + before.uuid);
    auto updated =
        co_await announced(&call, "update", &port,
                           call.conductor().update_port(call.context, std::move(before), port));
    co_return json_reply(200, document_text(port_resource(), call, updated));
}

Task<HttpResponse> delete_port(Call call) {
    Arguments::of_query(call).finish();
    if (!normalised_uuid(call.words[0]))
        throw InvalidValue(fmt::format("A port is deleted by its UUID, and '{}' is none.",
                                       call.words[0].substr(0, 100)));
    auto port = find_port(call, call.words[0]);
    co_await announced(&call, "delete", &port,
                       call.conductor().destroy_port(call.context, port.uuid));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
