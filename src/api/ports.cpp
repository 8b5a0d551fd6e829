#include "api/ports.h"

#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "api/portgroups.h"
#include "api/scoping.h"
#include "base/uuid.h"
#include "model/node.h"
#include "store/nodes.h"
#include "store/ports.h"

namespace ferrite::api {
namespace {

using model::Port;
using model::since;
using store::Condition;

void append_port_links(const Showing& showing, const Port& port, std::string& out) {
    append_links(out, showing, "ports", port.uuid);
}

/// Keys of VXLAN gateways were part of the API for a while only.
void append_local_link(const Showing& showing, const Port& port, std::string& out) {
    bool known = showing.call.has(since(1, 90)) && !showing.call.has(since(1, 105));
    if (!known && port.local_link_connection.text().find("\"vtep-") != std::string::npos)
        out += "{}";
    else
        value::append(out, model::FieldType::object, port.local_link_connection);
}

constexpr View<Port> kViews[] = {
    {"links", {}, append_port_links},
    {"local_link_connection", {}, append_local_link},
};

constexpr std::string_view kUngated[] = {"internal_info"};

/// What a port list may be asked for, beside paging.
struct PortFilters {
    std::optional<std::string> node;
    std::optional<std::string> address;
    std::optional<std::string> portgroup;
    std::optional<std::vector<std::string>> shard;
    std::optional<std::vector<std::string>> conductor_groups;
    std::optional<std::string> description_contains;
};

PortFilters read_filters(Arguments& arguments) {
    PortFilters filters;
    filters.node = arguments.ident("node");
    if (auto uuid = arguments.uuid("node_uuid"); uuid && !filters.node) filters.node = uuid;
    filters.address = arguments.mac("address");
    filters.portgroup = arguments.ident("portgroup");
    filters.shard = arguments.texts("shard");
    filters.conductor_groups = arguments.texts("conductor_groups");
    filters.description_contains = arguments.text("description_contains");
    return filters;
}

void check_filters(const Call& call, const PortFilters& filters) {
    if (filters.portgroup) require_version(call, since(1, 24), "The filter portgroup");
    if (filters.shard) require_version(call, since(1, 82), "The filter shard");
    if (filters.node && !normalised_uuid(*filters.node))
        require_version(call, since(1, 5), "Naming a node by its name");
    int parents =
        filters.node.has_value() + filters.portgroup.has_value() + filters.shard.has_value();
    if (parents > 1)
        throw Error(403, "not_permitted",
                    "The filters node, portgroup and shard exclude each other: give one.");
    if (filters.conductor_groups && (filters.node || filters.portgroup || filters.address))
        throw InvalidValue(
            "The filter conductor_groups excludes node, portgroup and address: leave them out.");
}

/// The first of portgroup, node and address that is given decides alone, as it always has.
std::vector<Condition> conditions(const Call& call, const PortFilters& filters) {
    std::vector<Condition> where;
    limit_parts(call, "port", where);
    if (filters.portgroup) {
        auto group = find_portgroup(call, *filters.portgroup);
        where.push_back({"portgroup_uuid = ?", {group.uuid}});
        return where;
    }
    if (filters.node) {
        auto node =
            call.store().read([&](store::Sql& db) { return store::nodes::get(db, *filters.node); });
        check_visible(call, node, *filters.node);
        where.push_back({"node_uuid = ?", {node.uuid}});
        return where;
    }
    if (filters.address) {
        where.push_back({"address = ?", {*filters.address}});
        return where;
    }
    if (filters.shard) where.push_back(node_has("shard", *filters.shard));
    if (filters.conductor_groups)
        where.push_back(node_has("conductor_group", *filters.conductor_groups));
    if (filters.description_contains)
        where.push_back({"description LIKE ?", {"%" + *filters.description_contains + "%"}});
    return where;
}

/// What the path says the ports belong to.
struct Owner {
    std::optional<std::string> node;
    std::optional<std::string> portgroup;
};

HttpResponse list(const Call& call, ListPath path, std::string_view url, const Owner& owner = {}) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, path);
    auto filters = read_filters(arguments);
    arguments.finish();
    if (owner.node) filters.node = owner.node;
    if (owner.portgroup) filters.portgroup = owner.portgroup;
    check_list_versions(port_resource(), call, page);
    check_detail(call, page);
    check_filters(call, filters);
    return list_reply<Port>(call, {.resource = port_resource(),
                                   .arguments = std::move(page),
                                   .path = path,
                                   .url = std::string(url),
                                   .filters = repeated_filters(call, arguments),
                                   .query = {.where = conditions(call, filters)},
                                   .read = [](store::Sql& db, const store::PageQuery& query,
                                              auto columns, const auto& each) {
                                       return store::ports::page(db, query, columns, each);
                                   }});
}

HttpResponse show(const Call& call, const std::optional<std::vector<std::string>>& fields) {
    auto port = find_port(call, call.words[0]);
    std::string body;
    shown_document(port_resource(), call, fields).append(Showing(call), port, body);
    return json_reply(200, std::move(body));
}

}  // namespace

const Resource<Port>& port_resource() {
    static const Resource<Port> resource{
        .noun = "port",
        .collection = "ports",
        .fields = model::port_fields(),
        .views = kViews,
        .brief_names = "uuid,address",
        .key_field = "uuid",
        .key = &Port::uuid,
        .ungated = kUngated,
    };
    return resource;
}

Port find_port(const Call& call, std::string_view ident) {
    bool named = call.offers(since(1, 88)) && model::is_logical_name(ident);
    if (!normalised_uuid(ident) && !named)
        throw InvalidValue(fmt::format("A port is named by its UUID{}, and '{}' is none.",
                                       call.offers(since(1, 88)) ? " or name" : "",
                                       ident.substr(0, 100)));
    auto port = call.store().read([&](store::Sql& db) { return store::ports::get(db, ident); });
    check_access_to_part(call, "Port", ident, port.node_uuid);
    return port;
}

HttpResponse list_ports(const Call& call) {
    return list(call, ListPath::plain, "ports");
}

HttpResponse list_ports_detail(const Call& call) {
    return list(call, ListPath::detail, "ports/detail");
}

HttpResponse list_node_ports(const Call& call) {
    auto node = find_node(call, call.words[0]);
    return list(call, ListPath::plain, fmt::format("nodes/{}/ports", node.uuid),
                {.node = node.uuid});
}

HttpResponse list_node_ports_detail(const Call& call) {
    auto node = find_node(call, call.words[0]);
    return list(call, ListPath::detail, fmt::format("nodes/{}/ports/detail", node.uuid),
                {.node = node.uuid});
}

HttpResponse list_portgroup_ports(const Call& call) {
    auto group = find_portgroup(call, call.words[0]);
    return list(call, ListPath::plain, fmt::format("portgroups/{}/ports", group.uuid),
                {.portgroup = group.uuid});
}

HttpResponse list_portgroup_ports_detail(const Call& call) {
    auto group = find_portgroup(call, call.words[0]);
    return list(call, ListPath::detail, fmt::format("portgroups/{}/ports/detail", group.uuid),
                {.portgroup = group.uuid});
}

HttpResponse show_port(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    return show(call, fields);
}

HttpResponse show_port_field(const Call& call) {
    Arguments::of_query(call).finish();
    return show(call, comma_separated(call.words[1]));
}

HttpResponse refuse_below_nested_list(const Call& call) {
    throw Error(call.parts->manners.below_nested_list, "malformed_uri",
                "What belongs to a node or portgroup is only listed below it: name one thing below "
                "its own collection, as in /v1/ports/.");
}

}  // namespace ferrite::api
