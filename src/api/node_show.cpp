#include <array>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/selection.h"
#include "api/traits.h"

namespace ferrite::api {
namespace {

constexpr std::array<std::string_view, 11> kStatesFields = {
    "console_enabled",      "last_error",  "power_state",        "provision_state",
    "provision_updated_at", "raid_config", "target_power_state", "target_provision_state",
    "target_raid_config",   "boot_mode",   "secure_boot",
};

/// Bytes; room for most nodes with all their fields.
constexpr std::size_t kUsualSize = 4096;

HttpResponse show(const Call& call, const std::optional<std::vector<std::string>>& fields) {
    auto node = find_node(call, call.words[0]);
    std::string body;
    body.reserve(kUsualSize);
    shown_document(node_resource(), call, fields).append(Showing(call), node, body);
    return json_reply(200, std::move(body));
}

model::Node find_without_arguments(const Call& call) {
    Arguments::of_query(call).finish();
    return find_node(call, call.words[0]);
}

}  // namespace

HttpResponse show_node(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto fields = arguments.words("fields");
    arguments.finish();
    return show(call, fields);
}

/// `/v1/nodes/N/power_state` is short for `/v1/nodes/N?fields=power_state`.
HttpResponse show_node_field(const Call& call) {
    Arguments::of_query(call).finish();
    return show(call, comma_separated(call.words[1]));
}

HttpResponse refuse_node_detail(const Call&) {
    throw InvalidValue(
        "A node is always shown with all of its fields: leave /detail out. The list of all nodes "
        "with their fields is /v1/nodes/detail.");
}

HttpResponse show_node_states(const Call& call) {
    auto node = find_without_arguments(call);
    std::string body;
    Document<model::Node>::of_part(node_resource(), call, kStatesFields)
        .append(Showing(call), node, body);
    return json_reply(200, std::move(body));
}

}  // namespace ferrite::api
