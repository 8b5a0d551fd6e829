#include "conductor/on_node.h"

#include <exception>
#include <memory>

namespace ferrite::conductor {

Task<> on_node(Services* services, std::string uuid, std::function<Task<>(NodeSession*)> work) {
    auto session = co_await NodeSession::lock(services, std::move(uuid));
    std::exception_ptr failure;
    try {
        co_await work(session.get());
        co_await session->release();
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    co_await session->abandon();
    std::rethrow_exception(failure);
}

Task<> begin_on_node(Services* services, std::string uuid, std::string name,
                     std::function<Begun(NodeSession&)> begin) {
    auto session = co_await NodeSession::lock(services, std::move(uuid));
    Begun work;
    std::exception_ptr failure;
    try {
        work = begin(*session);
        if (work) {
            refuse_when_full(*services);
            co_await session->save();
        } else {
            co_await session->release();
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        co_await session->abandon();
        std::rethrow_exception(failure);
    }
    if (work) carry_out(*services, std::move(session), std::move(name), std::move(*work));
}

}  // namespace ferrite::conductor
