#include "api/arguments.h"
#include "api/handlers.h"
#include "store/nodes.h"

namespace ferrite::api {

/// Section 17: how many nodes each shard has, the largest first.
HttpResponse list_shards(const Call& call) {
    Arguments::of_query(call).finish();
    auto counts = call.store().read([](store::Sql& db) { return store::nodes::shards(db); });
    JsonArray shards;
    for (const auto& [name, count] : counts)
        shards.push_back(JsonObject{{"name", name}, {"count", count}});
    return json_reply(200, to_text(Json(JsonObject{{"shards", std::move(shards)}})));
}

}  // namespace ferrite::api
