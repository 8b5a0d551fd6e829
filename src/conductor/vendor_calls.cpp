#include "conductor/vendor_calls.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/failure.h"
#include "conductor/locked.h"

namespace ferrite::conductor {
namespace {

using hardware::VendorMethod;

bool is_exclusive(const VendorMethod& method) {
    return method.lock == VendorMethod::Lock::exclusive;
}

bool answers_later(const VendorMethod& method) {
    return method.answer == VendorMethod::Answer::later;
}

/// The method that is called. It belongs to the vendor interface, which outlives the call.
const VendorMethod& find_method(const NodeSession& view, const VendorCall& call) {
    for (const auto& method : view.driver.vendor->methods()) {
        if (method.name != call.method) continue;
        if (method.http_method == call.http_method) return method;
        throw InvalidValue(fmt::format("The method {} is called with {}, not with {}.", method.name,
                                       method.http_method, call.http_method));
    }
    throw InvalidValue(fmt::format("The vendor interface {} of node {} has no method '{}'.",
                                   view.node.vendor_interface.value_or(""), view.node.uuid,
                                   call.method.substr(0, 100)));
}

Task<> call_method(NodeSession* session, VendorCall call, Json* value) {
    *value = co_await session->driver.vendor->call(session, std::move(call.method),
                                                   std::move(call.arguments.as_object()));
}

Task<> call_and_forget(NodeSession* session, VendorCall call) {
    Json ignored;
    co_await call_method(session, std::move(call), &ignored);
}

/// In the background, without the lock.
Task<> call_beside(std::shared_ptr<Services> services, std::unique_ptr<NodeSession> view,
                   VendorCall call) {
    auto method = call.method;
    auto failure = co_await failure_of(call_and_forget(view.get(), std::move(call)));
    if (failure)
        log_error("VENDOR_METHOD_FAILED", "node={} method={} error={}", view->node.uuid, method,
                  *failure);
    --services->workers;
}

Task<Json> value_of(Services* services, std::unique_ptr<NodeSession> view,
                    const VendorMethod* method, VendorCall call) {
    Json value;
    if (is_exclusive(*method))
        co_await locked(services, view->node.uuid,
                        [&](NodeSession* session) { return call_method(session, call, &value); });
    else
        co_await call_method(view.get(), std::move(call), &value);
    co_return value;
}

}  // namespace

JsonObject describe_vendor_methods(const NodeSession& session) {
    JsonObject all;
    for (const auto& method : session.driver.vendor->methods())
        all[method.name] = JsonObject{{"http_methods", JsonArray{Json(method.http_method)}},
                                      {"async", answers_later(method)},
                                      {"description", method.description},
                                      {"attach", false},
                                      {"require_exclusive_lock", is_exclusive(method)}};
    return all;
}

Task<VendorReply> call_vendor(Services* services, std::string uuid, VendorCall call) {
    auto view = NodeSession::look(*services, uuid);
    const auto* method = &find_method(*view, call);
    if (!call.arguments.is_object())
        throw InvalidValue("The arguments of a method must be a JSON object.");
    view->driver.vendor->validate_call(*view, *method, call.arguments.get_object());
    if (!answers_later(*method))
        co_return co_await value_of(services, std::move(view), method, std::move(call));

    auto name = "vendor method " + call.method;
    if (!is_exclusive(*method)) {
        refuse_when_full(*services);
        ++services->workers;
        services->runtime.spawn(
            name, call_beside(services->shared_from_this(), std::move(view), std::move(call)));
        co_return std::nullopt;
    }
    auto session = co_await locked_for_work(services, view->node.uuid, [](NodeSession&) {});
    carry_out_apart(*services, std::move(session), std::move(name),
                    [call = std::move(call)](Services*, NodeSession* held) {
                        return call_and_forget(held, call);
                    });
    co_return std::nullopt;
}

}  // namespace ferrite::conductor
