#include "base/completion.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <utility>

namespace asio = boost::asio;

namespace ferrite {

struct Completion::State {
    std::mutex mutex;
    bool done = false;
    std::function<void()> resume;
};

Completion::Completion() : state_(std::make_shared<State>()) {}

void Completion::complete() {
    std::function<void()> resume;
    {
        std::lock_guard lock(state_->mutex);
        state_->done = true;
        resume = std::exchange(state_->resume, nullptr);
    }
    if (resume) resume();
}

Task<> Completion::wait() {
    auto state = state_;
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(
        [state](auto handler) {
            // std::function wants copies, a handler can only be moved: it is shared.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            auto executor = asio::get_associated_executor(*shared);
            auto resume = [shared, executor] {
                asio::post(executor, [shared] { std::move (*shared)(); });
            };
            bool done = false;
            {
                std::lock_guard lock(state->mutex);
                done = state->done;
                if (!done) state->resume = resume;
            }
            if (done) resume();
        },
        asio::use_awaitable_t<Executor>());
}

}  // namespace ferrite
