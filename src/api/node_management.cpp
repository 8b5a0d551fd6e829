#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"

/// What is asked of a node's management interface (reference: api.md sections 11.2 to 11.4).
namespace ferrite::api {
namespace {

/// `<id>@<component>`, the word that names an indicator in a path.
struct IndicatorName {
    std::string id;
    std::string component;
};

IndicatorName read_indicator_name(const std::string& word) {
    auto at = word.find('@');
    if (at == word.npos || at == 0 || at + 1 == word.size())
        throw InvalidValue(
            fmt::format("'{}' names no indicator: it takes the form <indicator>@<component>.",
                        word.substr(0, 100)));
    return {word.substr(0, at), word.substr(at + 1)};
}

/// With the node as the request names it.
JsonObject indicator_object(const Call& call, const conductor::Indicator& indicator) {
    auto name = fmt::format("{}@{}", indicator.id, indicator.component);
    auto link = [&](std::string_view version, std::string_view rel) {
        auto href = fmt::format("{}{}/nodes/{}/management/indicators/{}", call.base, version,
                                call.words[0], name);
        return JsonObject{{"href", std::move(href)}, {"rel", rel}};
    };
    JsonObject object;
    object["name"] = name;
    object["component"] = indicator.component;
    object["readonly"] = indicator.read_only;
    object["states"] = JsonArray(indicator.states.begin(), indicator.states.end());
    object["links"] = JsonArray{link("/v1", "self"), link("", "bookmark")};
    return object;
}

}  // namespace

Task<HttpResponse> show_boot_device(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed_node(call);
    auto boot = co_await call.conductor().boot_device(call.context, node.uuid);
    JsonObject body;
    body["boot_device"] = boot.device ? Json(*boot.device) : Json();
    body["persistent"] = boot.persistent ? Json(*boot.persistent) : Json();
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> show_supported_boot_devices(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed_node(call);
    auto devices = co_await call.conductor().supported_boot_devices(call.context, node.uuid);
    JsonObject body;
    body["supported_boot_devices"] = JsonArray(devices.begin(), devices.end());
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> set_boot_device(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto device = arguments.required_text("boot_device");
    auto persistent = arguments.flag("persistent");
    arguments.finish();
    if (!device) throw InvalidValue("Say which boot_device: null is none.");
    auto node = find_managed_node(call);
    co_await call.conductor().set_boot_device(call.context, node.uuid, *device,
                                              persistent.value_or(false));
    co_return empty_reply(204);
}

Task<HttpResponse> inject_node_nmi(Call call) {
    Arguments::of_query_and_body(call).finish();
    auto node = find_managed_node(call);
    co_await call.conductor().inject_nmi(call.context, node.uuid);
    co_return empty_reply(204);
}

/// Clients ask for `?component=`, which the original takes and does not look at, like whatever else
/// is in the query.
Task<HttpResponse> list_node_indicators(Call call) {
    auto node = find_managed_node(call);
    auto indicators = co_await call.conductor().indicators(call.context, node.uuid);
    JsonArray list;
    for (const auto& indicator : indicators) list.push_back(indicator_object(call, indicator));
    JsonObject body;
    body["indicators"] = std::move(list);
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> show_node_indicator(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed_node(call);
    auto name = read_indicator_name(call.words[1]);
    auto state =
        co_await call.conductor().indicator_state(call.context, node.uuid, name.component, name.id);
    JsonObject body;
    body["state"] = state;
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> set_node_indicator(Call call) {
    auto arguments = Arguments::of_query_and_body(call);
    auto state = arguments.required_text("state");
    arguments.finish();
    if (!state) throw InvalidValue("Say which state: null is none.");
    auto node = find_managed_node(call);
    auto name = read_indicator_name(call.words[1]);
    co_await call.conductor().set_indicator_state(call.context, node.uuid, name.component, name.id,
                                                  *state);
    co_return empty_reply(204);
}

}  // namespace ferrite::api
