#include "conductor/locked.h"

#include <fmt/core.h>

#include "conductor/failure.h"

namespace ferrite::conductor {
namespace {

Task<> run_apart(Services* services, NodeSession* session, std::string name, Work work) {
    auto failure = co_await failure_of(work(services, session));
    if (failure) session->record_error(name, fmt::format("{} failed: {}", name, *failure));
}

}  // namespace

Task<> begin_locked(Services* services, std::string uuid, std::string name,
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

void carry_out_apart(Services& services, std::unique_ptr<NodeSession> session, std::string name,
                     Work work) {
    carry_out(services, std::move(session), name,
              [name, work = std::move(work)](Services* of, NodeSession* held) {
                  return run_apart(of, held, name, work);
              });
}

}  // namespace ferrite::conductor
