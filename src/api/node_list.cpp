#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "api/scoping.h"
#include "base/uuid.h"
#include "model/states.h"
#include "store/chassis.h"
#include "store/nodes.h"

namespace ferrite::api {
namespace {

using model::Node;
using model::since;
using store::Condition;

/// A filter that compares one column with one text.
struct TextFilter {
    std::string_view name;
    model::MicroVersion since;
    void (*check)(const std::string& value) = nullptr;
};

void check_state(const std::string& value) {
    if (!model::states::find(value))
        throw InvalidValue(
            fmt::format("'{}' is no provision state of a node.", value.substr(0, 100)));
}

void check_fault(const std::string& value) {
    if (!model::faults::known(value))
        throw InvalidValue(fmt::format(
            "'{}' is no fault of a node: there are power failure, clean failure, rescue abort "
            "failure and service failure.",
            value.substr(0, 100)));
}

constexpr TextFilter kTextFilters[] = {
    {"provision_state", since(1, 9), check_state},
    {"driver", since(1, 16)},
    {"resource_class", since(1, 21)},
    {"fault", since(1, 42), check_fault},
    {"conductor_group", since(1, 46)},
    {"owner", since(1, 50)},
    {"lessee", since(1, 65)},
    {"instance_name", since(1, 104)},
};

/// What a node list may be asked for, beside paging.
struct NodeFilters {
    std::optional<std::string> chassis_uuid;
    std::optional<std::string> instance_uuid;
    std::optional<bool> associated;
    std::optional<bool> maintenance;
    std::optional<bool> retired;
    std::vector<std::optional<std::string>> texts;  ///< In the order of kTextFilters.
    std::optional<std::string> conductor;
    std::optional<std::string> description_contains;
    std::optional<std::string> project;
    std::optional<std::vector<std::string>> shard;
    std::optional<bool> sharded;
    std::optional<std::string> parent_node;
    std::optional<bool> include_children;
};

NodeFilters read_filters(Arguments& arguments) {
    NodeFilters filters;
    filters.chassis_uuid = arguments.uuid("chassis_uuid");
    filters.instance_uuid = arguments.uuid("instance_uuid");
    filters.associated = arguments.flag("associated");
    filters.maintenance = arguments.flag("maintenance");
    filters.retired = arguments.flag("retired");
    for (const auto& filter : kTextFilters) filters.texts.push_back(arguments.text(filter.name));
    filters.conductor = arguments.text("conductor");
    filters.description_contains = arguments.text("description_contains");
    filters.project = arguments.text("project");
    filters.shard = arguments.texts("shard");
    filters.sharded = arguments.flag("sharded");
    filters.parent_node = arguments.text("parent_node");
    filters.include_children = arguments.flag("include_children");
    return filters;
}

/// In the order of the reference, section 8.8.
void check_filters(const Call& call, const NodeFilters& filters, ListPath path) {
    for (std::size_t i = 0; i < filters.texts.size(); ++i) {
        const auto& filter = kTextFilters[i];
        if (!filters.texts[i]) continue;
        require_version(call, filter.since, fmt::format("The filter {}", filter.name));
        if (filter.check) filter.check(*filters.texts[i]);
    }
    if (filters.conductor) require_version(call, since(1, 49), "The filter conductor");
    if (filters.shard) require_version(call, since(1, 82), "The filter shard");
    if (filters.sharded) require_version(call, since(1, 82), "The filter sharded");
    if (path == ListPath::plain && (filters.parent_node || filters.include_children))
        require_version(call, since(1, 83), "Filtering by parent node");
}

Condition flag_is(std::string_view column, bool value) {
    return {fmt::format("\"{}\" = ?", column), {std::int64_t{value}}};
}

Condition text_is(std::string_view column, std::string value) {
    return {fmt::format("\"{}\" = ?", column), {std::move(value)}};
}

/// Most nodes have no parent, shard or instance: `+` keeps the planner from an index of all that
/// are alike, and leaves it the one that the page is sorted by.
Condition is_set(std::string_view column, bool set) {
    return {fmt::format("{}\"{}\" IS {}NULL", set ? "" : "+", column, set ? "NOT " : ""), {}};
}

std::vector<Condition> flag_conditions(const NodeFilters& filters) {
    std::vector<Condition> where;
    if (filters.associated) where.push_back(is_set("instance_uuid", *filters.associated));
    if (filters.maintenance) where.push_back(flag_is("maintenance", *filters.maintenance));
    if (filters.retired) where.push_back(flag_is("retired", *filters.retired));
    if (filters.sharded) where.push_back(is_set("shard", *filters.sharded));
    return where;
}

/// Children are left out unless somebody asks for them. A parent may be named in any way.
void add_family(const Call& call, const NodeFilters& filters, std::vector<Condition>& where) {
    if (filters.parent_node) {
        auto parent = call.store().read(
            [&](store::Sql& db) { return store::nodes::find(db, *filters.parent_node); });
        where.push_back(text_is("parent_node", parent ? parent->uuid : *filters.parent_node));
    } else if (!filters.include_children.value_or(false)) {
        where.push_back(is_set("parent_node", false));
    }
}

/// `limit` is the project whose nodes alone the caller may see.
std::vector<Condition> conditions(const Call& call, const NodeFilters& filters,
                                  const std::optional<std::string>& limit) {
    if (limit && filters.project && filters.project != limit)
        throw Error(403, "not_authorized",
                    "Nodes of another project take baremetal:node:list_all: ask for your own.");
    auto where = flag_conditions(filters);
    if (filters.chassis_uuid) {
        call.store().read([&](store::Sql& db) { store::chassis::get(db, *filters.chassis_uuid); });
        where.push_back(text_is("chassis_uuid", *filters.chassis_uuid));
    }
    if (filters.instance_uuid) where.push_back(text_is("instance_uuid", *filters.instance_uuid));
    for (std::size_t i = 0; i < filters.texts.size(); ++i)
        if (filters.texts[i]) where.push_back(text_is(kTextFilters[i].name, *filters.texts[i]));
    if (filters.description_contains)
        where.push_back({"description LIKE ?", {"%" + *filters.description_contains + "%"}});
    if (filters.project)
        where.push_back({"(owner = ? OR lessee = ?)", {*filters.project, *filters.project}});
    if (filters.shard) where.push_back(one_of("shard", *filters.shard));
    add_family(call, filters, where);
    if (limit) where.push_back(nodes_of(*limit));
    return where;
}

/// Which conductor is in charge is worked out, not stored: rows are read page by page until enough
/// of them belong to `host`.
PageReader<Node> reader_for(const Call& call, std::optional<std::string> host) {
    if (!host)
        return [](store::Sql& db, const store::PageQuery& query, auto columns, const auto& each) {
            return store::nodes::page(db, query, columns, each);
        };
    return [&call, host = *host](store::Sql& db, const store::PageQuery& query, auto columns,
                                 const auto& each) {
        std::int64_t found = 0;
        auto page = query;
        std::string last;
        auto keep_own = [&](const Node& node) {
            last = node.uuid;
            if (found == query.limit) return;
            if (call.conductor().conductor_for(node.uuid, node.driver, node.conductor_group) !=
                host)
                return;
            ++found;
            each(node);
        };
        while (found < query.limit &&
               store::nodes::page(db, page, columns, keep_own) == query.limit)
            page.marker = last;
        return found;
    };
}

std::vector<std::string_view> also_read(const NodeFilters& filters) {
    if (!filters.conductor) return {};
    return {"driver", "conductor_group"};
}

HttpResponse list(const Call& call, ListPath path, std::string_view url,
                  std::optional<std::string> chassis = std::nullopt) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, path);
    auto filters = read_filters(arguments);
    arguments.finish();
    if (chassis) filters.chassis_uuid = chassis;
    auto limit = list_limit(call, "node");
    check_list_versions(node_resource(), call, page);
    check_filters(call, filters, path);
    check_detail(call, page);
    return list_reply<Node>(call, {.resource = node_resource(),
                                   .arguments = std::move(page),
                                   .path = path,
                                   .url = std::string(url),
                                   .filters = repeated_filters(call, arguments),
                                   .query = {.where = conditions(call, filters, limit)},
                                   .read = reader_for(call, filters.conductor),
                                   .also_read = also_read(filters),
                                   .with_next = !filters.instance_uuid});
}

std::string chassis_ident(const Call& call) {
    auto uuid = normalised_uuid(call.words[0]);
    if (!uuid)
        throw InvalidValue(fmt::format("A chassis is named by its UUID, and '{}' is none.",
                                       call.words[0].substr(0, 100)));
    return *uuid;
}

}  // namespace

HttpResponse list_nodes(const Call& call) {
    return list(call, ListPath::plain, "nodes");
}

HttpResponse list_nodes_detail(const Call& call) {
    return list(call, ListPath::detail, "nodes/detail");
}

HttpResponse list_chassis_nodes(const Call& call) {
    auto uuid = chassis_ident(call);
    return list(call, ListPath::plain, fmt::format("chassis/{}/nodes", uuid), uuid);
}

HttpResponse list_chassis_nodes_detail(const Call& call) {
    auto uuid = chassis_ident(call);
    return list(call, ListPath::detail, fmt::format("chassis/{}/nodes/detail", uuid), uuid);
}

HttpResponse list_node_children(const Call& call) {
    Arguments::of_query(call).finish();
    auto node = find_node(call, call.words[0]);
    JsonArray children;
    const auto* uuid = find_field(model::node_fields(), std::string_view("uuid"));
    store::PageQuery query{.where = {text_is("parent_node", node.uuid)}, .limit = -1};
    if (auto limit = list_limit(call, "node")) query.where.push_back(nodes_of(*limit));
    call.store().read([&](store::Sql& db) {
        store::nodes::page(db, query, {&uuid, 1},
                           [&](const Node& child) { children.emplace_back(child.uuid); });
    });
    JsonObject links{{"href", fmt::format("{}/v1/nodes?parent_node={}", call.base, node.uuid)},
                     {"rel", "children"}};
    return json_reply(
        200, to_text(JsonObject{{"children", std::move(children)}, {"links", std::move(links)}}));
}

}  // namespace ferrite::api
