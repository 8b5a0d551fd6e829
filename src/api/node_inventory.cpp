#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "store/inventories.h"

/// What the last inspection found out about a node (reference: api.md section 11.10).
namespace ferrite::api {
namespace {

std::string object_text(const model::JsonText& json) {
    return json.absent() ? "{}" : json.text();
}

}  // namespace

HttpResponse show_node_inventory(const Call& call) {
    Arguments::of_query(call).finish();
    auto node = find_node(call, call.words[0]);
    auto inventory =
        call.store().read([&](store::Sql& db) { return store::inventories::find(db, node.uuid); });
    if (!inventory)
        throw NotFound(fmt::format("Node {} has no inventory: inspect it first.", node.label()));
    return json_reply(200, fmt::format(R"({{"inventory":{},"plugin_data":{}}})",
                                       object_text(inventory->inventory_data),
                                       object_text(inventory->plugin_data)));
}

}  // namespace ferrite::api
