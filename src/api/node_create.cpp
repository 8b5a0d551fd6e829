#include <fmt/core.h>

#include "api/announce.h"
#include "api/arguments.h"
#include "api/body.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/scoping.h"
#include "api/text.h"
#include "base/uuid.h"
#include "model/states.h"
#include "store/chassis.h"
#include "store/nodes.h"

namespace ferrite::api {
namespace {

using model::Node;
using model::since;

/// Whether the caller creates a node for its own project; where it may not, it must be one of those
/// who may create any (section 8.4, 3).
bool creates_own(const Call& call) {
    bool own = call.options().project_admin_can_manage_own_nodes &&
               call.access.may("node:create:self_owned_node");
    if (!own) call.access.require("node:create");
    return own && !call.system_scope();
}

/// Without a system-scoped token a node belongs to the project that creates it (section 8.4, 6):
/// another owner is refused, none is filled in.
void settle_owner(const Call& call, Node& node) {
    const auto& project = call.context.project;
    if (node.owner && *node.owner != project)
        throw InvalidValue(
            "A node can only be created for the project that asks for it. Leave owner out and set "
            "it with a PATCH, or send X-Project-Id with that owner, or OpenStack-System-Scope: "
            "all.");
    node.owner = project.empty() ? std::nullopt : std::optional(project);
}

void settle_relations(const Call& call, Node& node) {
    call.store().read([&](store::Sql& db) {
        if (node.chassis_uuid && !store::chassis::find(db, *node.chassis_uuid))
            throw InvalidValue(fmt::format("Chassis {} could not be found.", *node.chassis_uuid));
        if (!node.parent_node) return;
        auto parent = store::nodes::find(db, *node.parent_node);
        if (!parent || !is_visible(call, *parent) || parent->owner != node.owner)
            throw InvalidValue(
                "The node named as parent_node does not exist, or has another owner.");
        node.parent_node = parent->uuid;
    });
}

void check_document(const Call& call, const Json& body) {
    const auto& network_data = member(body, "network_data");
    if (network_data.is_object() && !network_data.get_object().empty())
        check_network_data(network_data);
    check_boot_mode_capability(call, member(member(body, "properties"), "capabilities"));
}

void check_name(const Call& call, const Node& node) {
    if (!node.name) return;
    require_version(call, since(1, 5), "A node's name");
    model::check_node_name(*node.name, call.version);
}

void fill_in_defaults(const Call& call, const Json& body, Node& node) {
    if (node.uuid.empty()) node.uuid = new_uuid();
    if (node.resource_class.value_or("").empty())
        node.resource_class = call.options().default_resource_class;
    if (member(body, "conductor_group").is_null())
        node.conductor_group = call.options().default_conductor_group;
    node.provision_state =
        call.has(since(1, 11)) ? model::states::enroll : model::states::available;
}

}  // namespace

Task<HttpResponse> create_node(Call call) {
    Arguments::of_query(call).finish();
    auto body = call.document();
    auto node = read_new(node_resource(), call, body);
    check_document(call, body);
    bool own = creates_own(call);
    check_new_versions(node_resource(), call, body);
    check_name(call, node);
    check_properties(call, node);
    if (own) settle_owner(call, node);
    fill_in_defaults(call, body, node);
    settle_relations(call, node);
    require_conductor(call, node, 400);
    node.conductor_group = lower_case(node.conductor_group);
    auto created = co_await announced(&call, "create", &node,
                                      call.conductor().create_node(call.context, node));
    auto response = json_reply(201, document_text(node_resource(), call, created));
    co_return located(std::move(response), call, "nodes/" + created.uuid);
}

HttpResponse create_node_below(const Call& call) {
    throw InvalidValue(fmt::format(
        "A node is created with POST /v1/nodes and a JSON object; '{}' behind it has no "
        "meaning.",
        call.words[0].substr(0, 100)));
}

}  // namespace ferrite::api
