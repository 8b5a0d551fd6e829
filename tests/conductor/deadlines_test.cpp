#include "conductor/deadlines.h"

#include <atomic>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferrite::conductor {
namespace {

using namespace std::chrono_literals;
using Kind = Deadlines::Kind;

/// What came due, in order.
struct Due {
    std::mutex mutex;
    std::vector<std::string> seen;

    Deadlines::OnDue notes() {
        return [this](Kind kind, const std::string& uuid) {
            std::lock_guard lock(mutex);
            seen.push_back((kind == Kind::power_sync ? "power " : "wait ") + uuid);
        };
    }
    std::vector<std::string> after(std::size_t count) {
        for (auto end = std::chrono::steady_clock::now() + 60s;
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms)) {
            std::lock_guard lock(mutex);
            if (seen.size() >= count) return seen;
        }
        std::lock_guard lock(mutex);
        return seen;
    }
};

TEST(Deadlines, ComeDueInOrderOncePerKind) {
    Runtime runtime({.threads = 2, .name = "test"});
    Due due;
    Deadlines deadlines(runtime);
    deadlines.set(Kind::wait_timeout, "b", 2ms);
    deadlines.set(Kind::wait_timeout, "a", 1ms);
    deadlines.set(Kind::power_sync, "a", 3ms);
    deadlines.set(Kind::wait_timeout, "never", 24h);
    deadlines.set(Kind::wait_timeout, "cancelled", 1ms);
    deadlines.cancel(Kind::wait_timeout, "cancelled");
    deadlines.cancel(Kind::power_sync, "nobody");
    deadlines.set(Kind::wait_timeout, "moved", 24h);
    deadlines.set(Kind::wait_timeout, "moved", 4ms);
    deadlines.start(due.notes());
    EXPECT_THAT(due.after(4), testing::ElementsAre("wait a", "wait b", "power a", "wait moved"));
    deadlines.set(Kind::wait_timeout, "a", 0ms);
    EXPECT_EQ(due.after(5).back(), "wait a") << "it can be set again";
    runtime.stop();
}

TEST(Deadlines, MayBeDestroyedWhileTheyRun) {
    Runtime runtime({.threads = 2, .name = "test"});
    auto calls = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 20; ++i) {
        Deadlines deadlines(runtime);
        deadlines.set(Kind::wait_timeout, "a", 0ms);
        deadlines.start([calls](Kind, const std::string&) { ++*calls; });
    }
    runtime.stop();
    EXPECT_LE(*calls, 20);
}

}  // namespace
}  // namespace ferrite::conductor
