#include <algorithm>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "base/error.h"

/// Methods of vendor interfaces, passed on as they are (reference: api.md section 11.13).
namespace ferrite::api {
namespace {

/// The method is the last word of the path, or an argument.
std::string called_method(const Call& call) {
    auto arguments = Arguments::of_query(call);
    auto method =
        call.words.size() > 1 ? std::optional(call.words[1]) : arguments.required_text("method");
    arguments.finish();
    return method.value_or("");
}

/// No hardware type has methods of its own: they all belong to nodes.
void find_driver(const Call& call) {
    auto drivers = call.conductor().drivers();
    if (std::ranges::find(drivers, call.words[0], &conductor::DriverInfo::name) == drivers.end())
        throw NotFound(
            fmt::format("No live conductor offers a driver '{}'.", call.words[0].substr(0, 100)));
}

}  // namespace

Task<HttpResponse> list_vendor_methods(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    auto methods = co_await call.conductor().vendor_methods(call.context, node.uuid);
    co_return json_reply(200, to_text(Json(std::move(methods))));
}

Task<HttpResponse> call_vendor_method(Call call) {
    auto method = called_method(call);
    auto arguments = call.document();
    auto node = find_node(call, call.words[0]);
    require_conductor(call, node, 404);
    auto reply = co_await call.conductor().call_vendor(
        call.context, node.uuid, {method, call.http.method, std::move(arguments)});
    if (!reply) co_return empty_reply(202);
    co_return json_reply(200, to_text(*reply));
}

HttpResponse list_driver_vendor_methods(const Call& call) {
    Arguments::of_query(call).finish();
    find_driver(call);
    return json_reply(200, "{}");
}

HttpResponse call_driver_vendor_method(const Call& call) {
    auto method = called_method(call);
    find_driver(call);
    throw InvalidValue(
        fmt::format("The driver {} has no method '{}'.", call.words[0], method.substr(0, 100)));
}

}  // namespace ferrite::api
