#include "api/portgroups.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "api/patch.h"
#include "api/scoping.h"
#include "base/uuid.h"
#include "model/port.h"
#include "store/nodes.h"
#include "store/portgroups.h"

/// Portgroups (reference: api.md section 13).
namespace ferrite::api {
namespace {

using model::Portgroup;
using model::since;
using store::Condition;

void append_portgroup_links(const Showing& showing, const Portgroup& group, std::string& out) {
    append_links(out, showing, "portgroups", group.uuid);
}

void append_ports(const Showing& showing, const Portgroup& group, std::string& out) {
    append_links(out, showing, "portgroups", group.uuid, "/ports");
}

constexpr View<Portgroup> kViews[] = {
    {"links", {}, append_portgroup_links},
    {"ports", {}, append_ports},
};

constexpr std::string_view kUngated[] = {"physical_network", "category"};

const Resource<Portgroup>& portgroup_resource() {
    static const Resource<Portgroup> resource{
        .noun = "portgroup",
        .collection = "portgroups",
        .fields = model::portgroup_fields(),
        .views = kViews,
        .brief_names = "uuid,address,name",
        .key_field = "uuid",
        .key = &Portgroup::uuid,
        .ungated = kUngated,
    };
    return resource;
}

/// What a portgroup list may be asked for, beside paging: one of these.
struct PortgroupFilters {
    std::optional<std::string> node;
    std::optional<std::string> address;
    std::optional<std::vector<std::string>> shard;
    std::optional<std::vector<std::string>> conductor_groups;
};

PortgroupFilters read_filters(Arguments& arguments) {
    PortgroupFilters filters;
    filters.node = arguments.ident("node");
    filters.address = arguments.mac("address");
    filters.shard = arguments.texts("shard");
    filters.conductor_groups = arguments.texts("conductor_groups");
    return filters;
}

void check_filters(const Call& call, const PortgroupFilters& filters) {
    if (filters.shard) require_version(call, since(1, 106), "The filter shard");
    int given = filters.node.has_value() + filters.address.has_value() + filters.shard.has_value() +
                filters.conductor_groups.has_value();
    if (given > 1)
        throw InvalidValue(
            "The filters node, address, shard and conductor_groups exclude each other: give one.");
}

std::vector<Condition> conditions(const Call& call, const PortgroupFilters& filters) {
    std::vector<Condition> where;
    limit_parts(call, "portgroup", where);
    if (filters.node) {
        auto node =
            call.store().read([&](store::Sql& db) { return store::nodes::get(db, *filters.node); });
        check_visible(call, node, *filters.node);
        where.push_back({"node_uuid = ?", {node.uuid}});
    }
    if (filters.address) where.push_back({"address = ?", {*filters.address}});
    if (filters.shard) where.push_back(node_has("shard", *filters.shard));
    if (filters.conductor_groups)
        where.push_back(node_has("conductor_group", *filters.conductor_groups));
    return where;
}

HttpResponse list(const Call& call, ListPath path, std::string_view url,
                  std::optional<std::string> node = std::nullopt) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, path);
    auto filters = read_filters(arguments);
    arguments.finish();
    if (node) filters.node = node;
    check_list_versions(portgroup_resource(), call, page);
    check_filters(call, filters);
    return list_reply<Portgroup>(
        call,
        {.resource = portgroup_resource(),
         .arguments = std::move(page),
         .path = path,
         .url = std::string(url),
         .filters = repeated_filters(call, arguments),
         .query = {.where = conditions(call, filters)},
         .read = [](store::Sql& db, const store::PageQuery& query, auto columns, const auto& each) {
             return store::portgroups::page(db, query, columns, each);
         }});
}

void check_name(const Portgroup& group) {
    if (!group.name || group.name->empty() || model::is_logical_name(*group.name)) return;
    throw InvalidValue(
        fmt::format("'{}' can not name a portgroup: a name has 1 to 255 letters, digits, '-', '.', "
                    "'_' and '~', and does not look like a UUID.",
                    group.name->substr(0, 100)));
}

void normalise_address(Portgroup& group) {
    if (!group.address) return;
    auto mac = model::normalised_mac(*group.address);
    if (!mac)
        throw InvalidValue(fmt::format(
            "'{}' is no MAC address: write six hex pairs with colons, as 52:54:00:12:34:56.",
            group.address->substr(0, 100)));
    group.address = *mac;
}

void settle_mode(const Call& call, Portgroup& group) {
    if (!group.mode) group.mode = call.options().default_portgroup_mode;
}

void refuse_removed_mode(const std::vector<PatchStep>& steps) {
    for (const auto& step : steps)
        if (step.op == PatchStep::Op::remove && step.root() == "mode")
            throw InvalidValue("The mode of a portgroup can not be removed: replace it.");
}

}  // namespace

Portgroup find_portgroup(const Call& call, std::string_view ident) {
    if (!normalised_uuid(ident) && !model::is_logical_name(ident))
        throw InvalidValue(fmt::format(
            "A portgroup is named by its UUID or name, and '{}' is none.", ident.substr(0, 100)));
    auto group =
        call.store().read([&](store::Sql& db) { return store::portgroups::get(db, ident); });
    check_access_to_part(call, "Portgroup", ident, group.node_uuid);
    return group;
}

HttpResponse list_portgroups(const Call& call) {
    return list(call, ListPath::plain, "portgroups");
}

HttpResponse list_portgroups_detail(const Call& call) {
    return list(call, ListPath::detail, "portgroups/detail");
}

HttpResponse list_node_portgroups(const Call& call) {
    auto node = find_node(call, call.words[0]);
    return list(call, ListPath::plain, fmt::format("nodes/{}/portgroups", node.uuid), node.uuid);
}

HttpResponse list_node_portgroups_detail(const Call& call) {
    auto node = find_node(call, call.words[0]);
    return list(call, ListPath::detail, fmt::format("nodes/{}/portgroups/detail", node.uuid),
                node.uuid);
}

HttpResponse refuse_portgroup_ports_below_node(const Call&) {
    throw Error(403, "not_permitted",
                "The ports of a portgroup are at /v1/portgroups/<portgroup>/ports.");
}

HttpResponse show_portgroup(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(portgroup_resource(), call, fields);
    std::string body;
    document.append(Showing(call), find_portgroup(call, call.words[0]), body);
    return json_reply(200, std::move(body));
}

Task<HttpResponse> create_portgroup(Call call) {
    Arguments::of_query(call).finish();
    auto body = call.document();
    auto group = read_new(portgroup_resource(), call, body);
    check_new_versions(portgroup_resource(), call, body);
    check_name(group);
    normalise_address(group);
    group.node_uuid = node_for_new_part(call, group.node_uuid).uuid;
    settle_mode(call, group);
    if (group.uuid.empty()) group.uuid = new_uuid();
    co_await announced(&call, "create", &group, call.store().write([&](store::Sql& db) {
        store::nodes::keep(db, group.node_uuid);
        store::portgroups::insert(db, group);
    }));
    auto response = json_reply(201, document_text(portgroup_resource(), call, group));
    co_return located(std::move(response), call, "portgroups/" + group.uuid);
}

HttpResponse create_portgroup_below(const Call&) {
    throw InvalidValue(
        "A portgroup is created with POST /v1/portgroups; its node stands in the document.");
}

/// What the state of the node forbids, the conductor checks.
Task<HttpResponse> patch_portgroup(Call call) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(portgroup_resource(), call, steps);
    check_patch_versions(portgroup_resource(), call, steps);
    refuse_removed_mode(steps);
    auto before = find_portgroup(call, call.words[0]);
    auto group = patched(portgroup_resource(), before, steps);
    if (group.name != before.name) check_name(group);
    if (group.address != before.address) normalise_address(group);
    if (group.node_uuid != before.node_uuid)
        group.node_uuid = node_for_moved_part(call, before.node_uuid, group.node_uuid).uuid;
    settle_mode(call, group);
    refuse_while_inspecting(call, before.node_uuid, "Portgroup " + before.uuid);
    auto updated = co_await announced(
        &call, "update", &group,
        call.conductor().update_portgroup(call.context, std::move(before), group));
    co_return json_reply(200, document_text(portgroup_resource(), call, updated));
}

Task<HttpResponse> delete_portgroup(Call call) {
    Arguments::of_query(call).finish();
    auto group = find_portgroup(call, call.words[0]);
    co_await announced(&call, "delete", &group,
                       call.conductor().destroy_portgroup(call.context, group.uuid));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
