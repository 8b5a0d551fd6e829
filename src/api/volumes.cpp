#include <fmt/core.h>

#include "api/announce.h"
#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "api/patch.h"
#include "api/scoping.h"
#include "base/uuid.h"
#include "model/states.h"
#include "model/volume.h"
#include "store/nodes.h"
#include "store/volume_connectors.h"
#include "store/volume_targets.h"

/// Volume connectors and targets (reference: api.md section 15): two resources of one kind.
namespace ferrite::api {
namespace {

using conductor::Client;
using conductor::RequestContext;
using model::since;
using model::VolumeConnector;
using model::VolumeTarget;

/// What tells the two apart.
template <class R>
struct Volumes {
    std::string_view path;  ///< Behind `/v1/`, and behind a node's URL.
    std::string_view name;  ///< "Volume connector": in messages.
    Resource<R> resource;
    R (*get)(store::Sql& db, std::string_view uuid);
    void (*insert)(store::Sql& db, R& row);
    std::int64_t (*page)(store::Sql& db, const store::PageQuery& query,
                         std::span<const model::Field<R>* const> fields,
                         const std::function<void(const R&)>& each);
    Task<R> (Client::*update)(RequestContext context, R before, R wanted);
    Task<> (Client::*destroy)(RequestContext context, std::string uuid);
};

constexpr std::string_view kConnectors = "volume/connectors";
constexpr std::string_view kTargets = "volume/targets";

constexpr View<VolumeConnector> kConnectorViews[] = {
    {"links", {}, [](const Showing& showing, const VolumeConnector& connector, std::string& out) {
         append_links(out, showing, kConnectors, connector.uuid);
     }}};

/// How to reach a volume, passwords masked, is not for everybody who may see that there is one.
void append_properties(const Showing& showing, const VolumeTarget& target, std::string& out) {
    constexpr std::string_view kRule = "volume:view_target_properties";
    if (showing.call.access.may(kRule)) {
        const auto* field = find_field(model::volume_target_fields(), "properties");
        append_field(out, *field, target);
        return;
    }
    out += R"({"redacted_contents":)";
    append_json_string(out, fmt::format("Hidden: reading this takes baremetal:{}.", kRule));
    out += '}';
}

constexpr View<VolumeTarget> kTargetViews[] = {
    {"links",
     {},
     [](const Showing& showing, const VolumeTarget& target, std::string& out) {
         append_links(out, showing, kTargets, target.uuid);
     }},
    {"properties", {}, append_properties},
};

const Volumes<VolumeConnector>& connectors() {
    static const Volumes<VolumeConnector> kind{
        .path = kConnectors,
        .name = "Volume connector",
        .resource = {.noun = "volume connector",
                     .collection = "connectors",
                     .fields = model::volume_connector_fields(),
                     .views = kConnectorViews,
                     .brief_names = "uuid,node_uuid,type,connector_id",
                     .key_field = "uuid",
                     .key = &VolumeConnector::uuid,
                     .ungated = {}},
        .get = store::volume_connectors::get,
        .insert = store::volume_connectors::insert,
        .page = store::volume_connectors::page,
        .update = &Client::update_volume_connector,
        .destroy = &Client::destroy_volume_connector,
    };
    return kind;
}

const Volumes<VolumeTarget>& targets() {
    static const Volumes<VolumeTarget> kind{
        .path = kTargets,
        .name = "Volume target",
        .resource = {.noun = "volume target",
                     .collection = "targets",
                     .fields = model::volume_target_fields(),
                     .views = kTargetViews,
                     .brief_names = "uuid,node_uuid,volume_type,boot_index,volume_id",
                     .key_field = "uuid",
                     .key = &VolumeTarget::uuid,
                     .ungated = {}},
        .get = store::volume_targets::get,
        .insert = store::volume_targets::insert,
        .page = store::volume_targets::page,
        .update = &Client::update_volume_target,
        .destroy = &Client::destroy_volume_target,
    };
    return kind;
}

/// The connector or target that the request's path names. Throws InvalidValue for what is no UUID,
/// NotFound for what is unknown.
template <class R>
R find_volume(const Call& call, const Volumes<R>& kind) {
    const auto& ident = call.words[0];
    if (!normalised_uuid(ident))
        throw InvalidValue(fmt::format("A {} is named by its UUID, and '{}' is none.",
                                       kind.resource.noun, ident.substr(0, 100)));
    auto row = call.store().read([&](store::Sql& db) { return kind.get(db, ident); });
    check_access_to_part(call, kind.name, ident, row.node_uuid);
    return row;
}

template <class R>
HttpResponse list(const Call& call, const Volumes<R>& kind, std::string url,
                  std::optional<std::string> node = std::nullopt) {
    auto arguments = Arguments::of_query(call);
    auto page = read_list_arguments(arguments, ListPath::plain);
    if (auto named = arguments.ident("node"); named && !node) node = named;
    arguments.finish();
    check_list_versions(kind.resource, call, page);
    std::vector<store::Condition> where;
    limit_parts(call, "volume", where);
    if (node) {
        auto found =
            call.store().read([&](store::Sql& db) { return store::nodes::get(db, *node); });
        check_visible(call, found, *node);
        where.push_back({"node_uuid = ?", {found.uuid}});
    }
    return list_reply<R>(call, {.resource = kind.resource,
                                .arguments = std::move(page),
                                .url = std::move(url),
                                .filters = repeated_filters(call, arguments),
                                .query = {.where = std::move(where)},
                                .read = kind.page,
                                .detail_since = since(1, 32)});
}

template <class R>
HttpResponse list_of_node(const Call& call, const Volumes<R>& kind) {
    auto node = find_node(call, call.words[0]);
    return list(call, kind, fmt::format("nodes/{}/{}", node.uuid, kind.path), node.uuid);
}

template <class R>
HttpResponse show(const Call& call, const Volumes<R>& kind) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    auto document = shown_document(kind.resource, call, fields);
    std::string body;
    document.append(Showing(call), find_volume(call, kind), body);
    return json_reply(200, std::move(body));
}

/// `kind` is one of the two above, which live for ever.
template <class R>
Task<HttpResponse> create(Call call, const Volumes<R>* kind) {
    Arguments::of_query(call).finish();
    auto row = read_new(kind->resource, call, call.document());
    row.node_uuid = node_for_new_part(call, row.node_uuid).uuid;
    if (row.uuid.empty()) row.uuid = new_uuid();
    co_await announced(&call, "create", &row, call.store().write([&](store::Sql& db) {
        store::nodes::keep(db, row.node_uuid);
        kind->insert(db, row);
    }));
    auto response = json_reply(201, document_text(kind->resource, call, row));
    co_return located(std::move(response), call, fmt::format("{}/{}", kind->path, row.uuid));
}

template <class R>
Task<HttpResponse> patch(Call call, const Volumes<R>* kind) {
    Arguments::of_query(call).finish();
    auto steps = read_patch(call.document());
    check_patch_roots(kind->resource, call, steps);
    auto before = find_volume(call, *kind);
    auto wanted = patched(kind->resource, before, steps);
    if (wanted.node_uuid != before.node_uuid)
        wanted.node_uuid = node_for_moved_part(call, before.node_uuid, wanted.node_uuid).uuid;
    auto updated = co_await announced(
        &call, "update", &wanted,
        (call.conductor().*kind->update)(call.context, std::move(before), wanted));
    co_return json_reply(200, document_text(kind->resource, call, updated));
}

void check_power_off(const Call& call, std::string_view noun, const std::string& node_uuid) {
    auto node = call.store().read([&](store::Sql& db) { return store::nodes::get(db, node_uuid); });
    if (node.power_state != model::power::off)
        throw InvalidValue(fmt::format("A {} can be deleted only while node {} is powered off.",
                                       noun, node.label()));
}

template <class R>
Task<HttpResponse> destroy(Call call, const Volumes<R>* kind) {
    Arguments::of_query(call).finish();
    auto row = find_volume(call, *kind);
    if (call.parts->manners.volumes_need_power_off)
        check_power_off(call, kind->resource.noun, row.node_uuid);
    co_await announced(&call, "delete", &row,
                       (call.conductor().*kind->destroy)(call.context, row.uuid));
    co_return empty_reply(204);
}

/// `{"links": [...], "connectors": [...], "targets": [...]}` of what is below `path`.
HttpResponse volume_links(const Call& call, std::string_view collection, std::string_view key,
                          std::string_view below) {
    Arguments::of_query(call).finish();
    Showing showing(call);
    std::string body = R"({"links":)";
    append_links(body, showing, collection, key, below);
    body += R"(,"connectors":)";
    append_links(body, showing, collection, key, fmt::format("{}connectors", below));
    body += R"(,"targets":)";
    append_links(body, showing, collection, key, fmt::format("{}targets", below));
    body += '}';
    return json_reply(200, std::move(body));
}

}  // namespace

HttpResponse show_volume(const Call& call) {
    call.access.require(call.rule);
    return volume_links(call, "volume", "", "");
}

HttpResponse show_node_volume(const Call& call) {
    return volume_links(call, "nodes", find_node(call, call.words[0]).uuid, "/volume/");
}

HttpResponse list_volume_connectors(const Call& call) {
    return list(call, connectors(), std::string(kConnectors));
}

HttpResponse list_node_volume_connectors(const Call& call) {
    return list_of_node(call, connectors());
}

HttpResponse show_volume_connector(const Call& call) {
    return show(call, connectors());
}

Task<HttpResponse> create_volume_connector(Call call) {
    return create(std::move(call), &connectors());
}

Task<HttpResponse> patch_volume_connector(Call call) {
    return patch(std::move(call), &connectors());
}

Task<HttpResponse> delete_volume_connector(Call call) {
    return destroy(std::move(call), &connectors());
}

HttpResponse list_volume_targets(const Call& call) {
    return list(call, targets(), std::string(kTargets));
}

HttpResponse list_node_volume_targets(const Call& call) {
    return list_of_node(call, targets());
}

HttpResponse show_volume_target(const Call& call) {
    return show(call, targets());
}

Task<HttpResponse> create_volume_target(Call call) {
    return create(std::move(call), &targets());
}

Task<HttpResponse> patch_volume_target(Call call) {
    return patch(std::move(call), &targets());
}

Task<HttpResponse> delete_volume_target(Call call) {
    return destroy(std::move(call), &targets());
}

HttpResponse create_volume_below(const Call&) {
    throw InvalidValue(
        "Volume connectors and targets are created with POST /v1/volume/connectors and "
        "/v1/volume/targets; their node stands in the document.");
}

}  // namespace ferrite::api
