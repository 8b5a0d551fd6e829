#include "model/node_history.h"

#include <fmt/core.h>

#include "api/handlers.h"
#include "api/listing.h"
#include "api/nodes.h"
#include "base/uuid.h"
#include "store/history.h"

/// What happened to a node (reference: api.md section 11.9).
namespace ferrite::api {
namespace {

using model::NodeHistory;

/// Events are cut in lists.
constexpr std::size_t kMaxBriefEvent = 255;

void append_event(const Showing& showing, const NodeHistory& row, std::string& out) {
    if (!showing.brief || row.event.size() <= kMaxBriefEvent)
        append_json_string(out, row.event);
    else
        append_json_string(out, row.event.substr(0, 251) + "...");
}

/// Only `self`: there is no bookmark for a part of a node.
void append_history_links(const Showing& showing, const NodeHistory& row, std::string& out) {
    out += fmt::format(R"([{{"href":"{}/v1/nodes/{}/history/{}","rel":"self"}}])", showing.base,
                       row.node_uuid, row.uuid);
}

constexpr View<NodeHistory> kViews[] = {
    {"event", {}, append_event},
    {"links", {"node_uuid"}, append_history_links},
};

const Resource<NodeHistory>& history_resource() {
    static const Resource<NodeHistory> resource{
        .noun = "history event",
        .collection = "history",
        .fields = model::node_history_fields(),
        .views = kViews,
        .brief_names = "",
        .key_field = "uuid",
        .key = &NodeHistory::uuid,
    };
    return resource;
}

}  // namespace

HttpResponse list_node_history(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto detail = arguments.flag("detail");
    auto page = read_list_arguments(arguments, ListPath::detail, "created_at");
    arguments.finish();
    page.detail = detail;
    auto node = find_node(call, call.words[0]);
    check_list_versions(history_resource(), call, page);
    return list_reply<NodeHistory>(call, {.resource = history_resource(),
                                          .arguments = std::move(page),
                                          .url = fmt::format("nodes/{}/history", node.uuid),
                                          .query = {.where = {{"node_uuid = ?", {node.uuid}}}},
                                          .read = [](store::Sql& db, const store::PageQuery& query,
                                                     auto columns, const auto& each) {
                                              return store::history::page(db, query, columns, each);
                                          }});
}

HttpResponse show_node_history(const Call& call) {
    Arguments::of_query(call).finish();
    auto node = find_node(call, call.words[0]);
    auto uuid = normalised_uuid(call.words[1]);
    std::optional<NodeHistory> event;
    if (uuid)
        event = call.store().read([&](store::Sql& db) { return store::history::find(db, *uuid); });
    if (!event || event->node_uuid != node.uuid)
        throw NotFound(fmt::format("Node {} has no history event {}.", node.label(),
                                   call.words[1].substr(0, 100)));
    return json_reply(200, document_text(history_resource(), call, *event));
}

}  // namespace ferrite::api
