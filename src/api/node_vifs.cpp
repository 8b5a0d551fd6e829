#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "base/uuid.h"

/// Virtual network interfaces that users attach to a node (reference: api.md section 11.5).
namespace ferrite::api {
namespace {

using model::since;

void check_vif_id(std::string_view id) {
    if (normalised_uuid(id) || model::is_logical_name(id)) return;
    throw InvalidValue(fmt::format(
        "A VIF is named by a UUID or by letters, digits, '-', '.', '_' and '~'; '{}' is neither.",
        id.substr(0, 100)));
}

JsonObject sent_vif(const Call& call) {
    auto body = call.document();
    const auto& id = member(body, "id");
    if (!id.is_string())
        throw InvalidValue("The body must be an object with the id of a VIF, a text.");
    check_vif_id(id.get_string());
    return std::move(body.get_object());
}

model::Node find_attachable(const Call& call) {
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 400);
    return node;
}

}  // namespace

Task<HttpResponse> list_node_vifs(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_attachable(call);
    auto vifs = co_await call.conductor().vifs(call.context, node.uuid);
    co_return json_reply(200, to_text(Json(JsonObject{{"vifs", std::move(vifs)}})));
}

Task<HttpResponse> attach_node_vif(Call call) {
    Arguments::of_query(call).finish();
    auto vif = sent_vif(call);
    auto node = find_attachable(call);
    if (call.has(since(1, 67)) && vif.contains("port_uuid") && vif.contains("portgroup_uuid"))
        throw InvalidValue("port_uuid and portgroup_uuid exclude each other: leave one out.");
    co_await call.conductor().attach_vif(call.context, node.uuid, std::move(vif));
    co_return empty_reply(204);
}

Task<HttpResponse> detach_node_vif(Call call) {
    Arguments::of_query(call).finish();
    const auto& id = call.words[1];
    check_vif_id(id);
    auto node = find_attachable(call);
    co_await call.conductor().detach_vif(call.context, node.uuid, id);
    co_return empty_reply(204);
}

}  // namespace ferrite::api
