#include "base/periodic.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace ferrite {
namespace {

using namespace std::chrono_literals;

Task<> count(std::atomic<int>* times, bool fail) {
    ++*times;
    if (fail) throw std::runtime_error("broken");
    co_return;
}

bool reaches(const std::atomic<int>& times, int wanted) {
    for (auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(1ms))
        if (times >= wanted) return true;
    return false;
}

TEST(Periodic, DoesItAgainAlsoWhenItFails) {
    std::atomic<int> times = 0, failures = 0, never = 0;
    Runtime runtime({.threads = 2, .name = "test"});
    {
        Periodic good(runtime, "good", 2ms, [&] { return count(&times, false); });
        Periodic bad(runtime, "bad", 2ms, [&] { return count(&failures, true); });
        Periodic off(runtime, "off", 0ms, [&] { return count(&never, false); });
        EXPECT_TRUE(reaches(times, 3));
        EXPECT_TRUE(reaches(failures, 3));
    }
    runtime.stop();
    EXPECT_EQ(never, 0);
}

TEST(Periodic, JitterIsATenthAndNeverLonger) {
    bool differs = false;
    auto first = jittered(100s);
    for (int i = 0; i < 100; ++i) {
        auto interval = jittered(100s);
        EXPECT_GE(interval, 90s);
        EXPECT_LE(interval, 100s);
        differs |= interval != first;
        EXPECT_LE(somewhere_in(100s), 100s);
    }
    EXPECT_TRUE(differs);
    EXPECT_EQ(somewhere_in(0s), 0s);
}

}  // namespace
}  // namespace ferrite
