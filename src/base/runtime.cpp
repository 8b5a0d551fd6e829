#include "base/runtime.h"

#include <algorithm>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

#include "base/log.h"
#include "base/mutex.h"

namespace asio = boost::asio;

namespace ferrite {
namespace {

std::string describe(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "unknown exception";
    }
}

/// Runs handlers until the context is stopped. A handler that throws must not end its thread.
void work_on(asio::io_context& context) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (...) {
            log_error("RUNTIME_HANDLER_FAILED", "cause=\"{}\"", describe(std::current_exception()));
        }
    }
}

}  // namespace

struct Runtime::State {
    explicit State(const Options& options)
        : context(static_cast<int>(options.threads)), work(asio::make_work_guard(context)) {}

    asio::io_context context;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    std::vector<std::thread> threads;
};

Runtime::Runtime(Options options) : state_(std::make_unique<State>(options)) {
    // A peer that hangs up while we write is an ordinary error code, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);

    for (unsigned i = 0; i < std::max(options.threads, 1u); ++i) {
        state_->threads.emplace_back([&context = state_->context] { work_on(context); });
        auto name = options.name.substr(0, 12) + "-" + std::to_string(i % 100);
        pthread_setname_np(state_->threads.back().native_handle(), name.c_str());
    }
}

Runtime::~Runtime() {
    stop();
}

Executor Runtime::executor() const {
    return state_->context.get_executor();
}

Executor Runtime::strand() const {
    return asio::make_strand(state_->context);
}

void Runtime::spawn(std::string name, Task<> work) {
    spawn(std::move(name), executor(), std::move(work));
}

void Runtime::spawn(std::string name, Executor executor, Task<> work) {
    asio::co_spawn(
        std::move(executor), std::move(work), [name = std::move(name)](std::exception_ptr failure) {
            if (!failure) return;
            log_error("TASK_FAILED", "task=\"{}\" cause=\"{}\"", name, describe(failure));
        });
}

void Runtime::run(Task<> work) {
    std::promise<void> promise;
    auto outcome = promise.get_future();
    asio::co_spawn(state_->context, std::move(work),
                   [promise = std::move(promise)](std::exception_ptr failure) mutable {
                       if (failure) {
                           promise.set_exception(failure);
                       } else {
                           promise.set_value();
                       }
                   });
    outcome.get();
}

void Runtime::stop() {
    state_->work.reset();
    state_->context.stop();
    for (auto& thread : state_->threads) {
        if (thread.joinable() && thread.get_id() != std::this_thread::get_id()) thread.join();
    }
}

Task<> sleep_for(std::chrono::steady_clock::duration delay) {
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(asio::use_awaitable);
}

// The timers of those who wait. A timer may be cancelled from any thread because both starting the
// wait and cancelling it happen under the mutex.
struct Signal::State {
    Mutex mutex;
    bool set FERRITE_GUARDED_BY(mutex) = false;
    std::vector<asio::steady_timer*> waiters FERRITE_GUARDED_BY(mutex);
};

Signal::Signal() : state_(std::make_shared<State>()) {}

Signal::~Signal() = default;

void Signal::set() {
    MutexLock lock(state_->mutex);
    state_->set = true;
    for (auto* timer : state_->waiters) timer->cancel();
    state_->waiters.clear();
}

bool Signal::is_set() const {
    MutexLock lock(state_->mutex);
    return state_->set;
}

Task<bool> Signal::wait_for(std::chrono::steady_clock::duration timeout) {
    auto state = state_;  // outlives the Signal
    asio::steady_timer timer(co_await asio::this_coro::executor, timeout);

    // Takes the timer out of the list however this coroutine ends, even when it is dropped.
    struct Registration {
        State& state;
        asio::steady_timer* timer;
        ~Registration() {
            MutexLock lock(state.mutex);
            std::erase(state.waiters, timer);
        }
    } registration{*state, &timer};

    auto start = [&state, &timer](auto handler) {
        MutexLock lock(state->mutex);
        if (state->set) {
            timer.expires_at(asio::steady_timer::time_point::min());
        } else {
            state->waiters.push_back(&timer);
        }
        timer.async_wait(std::move(handler));
    };
    boost::system::error_code ignored;  // a cancelled timer is how set() wakes us
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(start, token);
    MutexLock lock(state->mutex);
    co_return state->set;
}

}  // namespace ferrite
