#include "base/log_scope.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace ferrite {
namespace {

thread_local const std::string* present_words = nullptr;

/// Another executor, with the words in place while it runs something. A coroutine on it has them
/// each time it goes on, because it goes on through its executor.
class LoggingExecutor {
public:
    using Words = std::shared_ptr<const std::string>;

    LoggingExecutor(Executor inner, Words words)
        : inner_(std::move(inner)), words_(std::move(words)) {}

    template <typename Function>
    void execute(Function&& function) const {
        inner_.execute([words = words_, f = std::forward<Function>(function)]() mutable {
            LogScope scope(*words);
            std::move(f)();
        });
    }

    template <typename Property>
        requires asio::can_query_v<const Executor&, Property>
    decltype(auto) query(const Property& property) const {
        return asio::query(inner_, property);
    }
    template <typename Property>
        requires asio::can_require_v<const Executor&, Property>
    LoggingExecutor require(const Property& property) const {
        return {asio::require(inner_, property), words_};
    }
    template <typename Property>
        requires asio::can_prefer_v<const Executor&, Property>
    LoggingExecutor prefer(const Property& property) const {
        return {asio::prefer(inner_, property), words_};
    }

    bool operator==(const LoggingExecutor& other) const noexcept {
        return inner_ == other.inner_ && words_ == other.words_;
    }

private:
    Executor inner_;
    Words words_;
};

template <typename T>
Task<T> run_with(std::string words, Task<T> work) {
    if (words.empty()) co_return co_await std::move(work);
    LoggingExecutor executor(co_await asio::this_coro::executor,
                             std::make_shared<const std::string>(std::move(words)));
    co_return co_await asio::co_spawn(Executor(std::move(executor)), std::move(work),
                                      asio::use_awaitable);
}

}  // namespace

Task<> with_log_words(std::string words, Task<> work) {
    return run_with(std::move(words), std::move(work));
}

Task<HttpResponse> with_log_words(std::string words, Task<HttpResponse> work) {
    return run_with(std::move(words), std::move(work));
}

LogScope::LogScope(const std::string& words) : before_(std::exchange(present_words, &words)) {}

LogScope::~LogScope() {
    present_words = before_;
}

const std::string& log_words() {
    static const std::string kNone;
    return present_words ? *present_words : kNone;
}

}  // namespace ferrite
