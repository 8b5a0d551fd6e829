#include "api/announce.h"
#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"

namespace ferrite::api {
namespace {

Task<HttpResponse> set_maintenance(Call call, bool maintenance, std::optional<std::string> reason) {
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 400);
    auto wanted = node;
    wanted.maintenance = maintenance;
    wanted.maintenance_reason = reason;
    co_await announced(
        &call, "maintenance_set", &wanted,
        call.conductor().set_maintenance(call.context, node.uuid, maintenance, std::move(reason)),
        &model::node_payload());
    co_return empty_reply(202);
}

}  // namespace

/// Section 9.7.
Task<HttpResponse> set_node_maintenance(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto reason = arguments.text("reason");
    arguments.finish();
    co_return co_await set_maintenance(std::move(call), true, std::move(reason));
}

Task<HttpResponse> clear_node_maintenance(Call call) {
    Arguments::of_query(call).finish();
    co_return co_await set_maintenance(std::move(call), false, std::nullopt);
}

}  // namespace ferrite::api
