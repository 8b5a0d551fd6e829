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

void carry_out_apart(Services& services, std::unique_ptr<NodeSession> session, std::string name,
                     Work work) {
    carry_out(services, std::move(session), name,
              [name, work = std::move(work)](Services* of, NodeSession* held) {
                  return run_apart(of, held, name, work);
              });
}

}  // namespace ferrite::conductor
