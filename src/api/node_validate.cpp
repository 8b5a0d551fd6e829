#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"
#include "base/uuid.h"

namespace ferrite::api {
namespace {

/// Kinds of interface that came with a version that this service does not offer are not told of.
void drop_unknown_interfaces(const Call& call, JsonObject& results) {
    for (const auto& kind : model::interface_kinds()) {
        const auto* field = find_field(model::node_fields(),
                                       std::string_view(fmt::format("{}_interface", kind.name)));
        if (field && !call.offers(field->since)) results.erase(kind.name);
    }
}

void check_name_version(const Call& call, std::string_view ident) {
    if (!normalised_uuid(ident))
        require_version(call, model::since(1, 5), "Naming a node by its name");
}

Task<HttpResponse> validate(Call call, std::string ident) {
    auto node = find_node(call, ident);
    require_conductor(call, node, 404);
    auto results = co_await call.conductor().validate(call.context, node.uuid);
    drop_unknown_interfaces(call, results);
    co_return json_reply(200, to_text(Json(std::move(results))));
}

}  // namespace

/// Section 11.1.
Task<HttpResponse> validate_node(Call call) {
    Arguments::of_query(call).finish();
    auto ident = call.words[0];
    check_name_version(call, ident);
    co_return co_await validate(std::move(call), std::move(ident));
}

Task<HttpResponse> validate_named_node(Call call) {
    auto arguments = Arguments::of_query(call);
    auto node = arguments.ident("node");
    auto uuid = arguments.uuid("node_uuid");
    arguments.finish();
    if (node) check_name_version(call, *node);
    if (!uuid && !node)
        throw InvalidValue("Say which node to validate: node= takes a name or UUID.");
    co_return co_await validate(std::move(call), uuid ? *uuid : *node);
}

}  // namespace ferrite::api
