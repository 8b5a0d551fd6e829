#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "base/uuid.h"

namespace ferrite::api {
namespace {

Task<HttpResponse> validate(Call call, std::string ident) {
    auto node = find_node(call, ident);
    require_conductor(call, node, 404);
    auto results = co_await call.conductor().validate(call.context, node.uuid);
    co_return json_reply(200, to_text(Json(std::move(results))));
}

}  // namespace

/// Section 11.1.
Task<HttpResponse> validate_node(Call call) {
    Arguments::of_query(call).finish();
    auto ident = call.words[0];
    co_return co_await validate(std::move(call), std::move(ident));
}

Task<HttpResponse> validate_named_node(Call call) {
    auto arguments = Arguments::of_query(call);
    auto node = arguments.ident("node");
    auto uuid = arguments.uuid("node_uuid");
    arguments.finish();
    if (node && !normalised_uuid(*node))
        require_version(call, model::since(1, 5), "Naming a node by its name");
    if (!uuid && !node)
        throw InvalidValue("Say which node to validate: node= takes a name or UUID.");
    co_return co_await validate(std::move(call), uuid ? *uuid : *node);
}

}  // namespace ferrite::api
