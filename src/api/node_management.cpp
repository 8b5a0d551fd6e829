#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"

namespace ferrite::api {
namespace {

model::Node find_managed(const Call& call) {
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    return node;
}

}  // namespace

/// Section 11.2.
Task<HttpResponse> show_boot_device(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed(call);
    auto boot = co_await call.conductor().boot_device(call.context, node.uuid);
    JsonObject body;
    body["boot_device"] = boot.device ? Json(*boot.device) : Json();
    body["persistent"] = boot.persistent ? Json(*boot.persistent) : Json();
    co_return json_reply(200, to_text(Json(std::move(body))));
}

Task<HttpResponse> show_supported_boot_devices(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_managed(call);
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
    auto node = find_managed(call);
    co_await call.conductor().set_boot_device(call.context, node.uuid, *device,
                                              persistent.value_or(false));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
