#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "conductor/node_session.h"
#include "conductor/operations.h"

namespace ferrite::conductor {

/// The inner part of locked(): `body` outlives it.
template <class Body>
Task<> done_and_released(NodeSession* session, Body* body) {
    co_await (*body)(session);
    co_await session->release();
}

/// Takes the node's lock, awaits `body(session)`, saves what it changed and gives the lock back.
/// What `body` throws goes on to the caller, and then nothing is saved.
///
///     co_await locked(services, uuid, [](NodeSession* held) { return eject(held); });
///
/// `body` returns a Task<>; the closure lives until that has ended.
template <class Body>
Task<> locked(Services* services, std::string uuid, Body body,
              NodeSession::Interfaces interfaces = NodeSession::Interfaces::resolve) {
    auto session = co_await NodeSession::lock(services, std::move(uuid),
                                              NodeSession::Patience::retry, interfaces);
    co_await give_back_on_failure(session.get(), done_and_released(session.get(), &body));
}

/// Takes the lock and calls `check(session)`, which may refuse by throwing; the caller has the lock
/// then; 503 when the conductor has too much to do. For work that goes on in the background: see
/// carry_out_apart().
template <class Check>
Task<std::unique_ptr<NodeSession>> locked_for_work(
    Services* services, std::string uuid, Check check,
    NodeSession::Patience patience = NodeSession::Patience::retry) {
    auto session = co_await NodeSession::lock(services, std::move(uuid), patience);
    std::exception_ptr failure;
    try {
        check(*session);
        refuse_when_full(*services);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        co_await session->abandon();
        std::rethrow_exception(failure);
    }
    co_return session;
}

/// Takes the lock and runs `begin`, which may refuse by throwing. The work that it returns goes on
/// in the background, as `name`, with the lock; without any the lock is given back. Returns when
/// what `begin` changed is saved. Throws as locked_for_work() does.
Task<> begin_locked(Services* services, std::string uuid, std::string name,
                    std::function<Begun(NodeSession&)> begin);

/// Lets `work` go on in the background with the node's lock. Unlike that of a verb it belongs to no
/// state: when it fails, last_error and the history say so, and the node stays in its state.
void carry_out_apart(Services& services, std::unique_ptr<NodeSession> session, std::string name,
                     Work work);

}  // namespace ferrite::conductor
