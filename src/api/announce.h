#pragma once

#include <exception>
#include <string_view>

#include "api/call.h"
#include "model/notification_payloads.h"

/// Tells whoever listens what requests change (reference: conductor.md section 16.1): the beginning
/// of the change, and its end or failure.
///
///     auto made = co_await announced(&call, "create", &port,
///                                    call.conductor().create_port(call.context, port));
namespace ferrite::api {

/// Whether anybody wants to hear of `status`, which is "start", "end" or "error".
bool is_wanted(const Call& call, std::string_view status);

void announce(const Call& call, std::string_view object, std::string_view action,
              std::string_view status, JsonObject payload);

template <class R>
void announce(const Call& call, std::string_view action, std::string_view status, const R& resource,
              const model::PayloadSchema& schema = model::crud_payload<R>()) {
    if (is_wanted(call, status))
        announce(call, schema.object, action, status, model::payload_of(schema, resource));
}

/// Awaits `change`, telling of it, and returns what it returns. `resource` is as it is to become,
/// or for a deletion as it was; it is read again at the end. Both pointers are the awaiting
/// handler's.
template <class R>
Task<> announced(const Call* call, std::string_view action, const R* resource, Task<> change,
                 const model::PayloadSchema* schema = &model::crud_payload<R>()) {
    announce(*call, action, "start", *resource, *schema);
    std::exception_ptr failure;
    try {
        co_await std::move(change);
    } catch (...) {
        failure = std::current_exception();
    }
    announce(*call, action, failure ? "error" : "end", *resource, *schema);
    if (failure) std::rethrow_exception(failure);
}

template <class R>
Task<> keep_changed(R* changed, Task<R> change) {
    *changed = co_await std::move(change);
}

/// The same for a change that returns the resource as it became.
template <class R>
Task<R> announced(const Call* call, std::string_view action, const R* resource, Task<R> change) {
    R current = *resource;
    co_await announced(call, action, &current, keep_changed(&current, std::move(change)));
    co_return current;
}

}  // namespace ferrite::api
