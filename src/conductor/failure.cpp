#include "conductor/failure.h"

#include <exception>

namespace ferrite::conductor {

Task<std::optional<std::string>> failure_of(Task<> body) {
    std::optional<std::string> failure;
    try {
        co_await std::move(body);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    co_return failure;
}

}  // namespace ferrite::conductor
