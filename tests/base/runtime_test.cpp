#include "base/runtime.h"

#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>
#include <pthread.h>

namespace ferrite {
namespace {

using namespace std::chrono_literals;

TEST(Runtime, RunGivesTheExceptionOfTheWork) {
    Runtime runtime({.threads = 1});
    auto failing = []() -> Task<> {
        co_await sleep_for(1ms);
        throw std::runtime_error("told you");
    };
    EXPECT_THROW(runtime.run(failing()), std::runtime_error);
}

TEST(Runtime, NamesItsThreads) {
    Runtime runtime({.threads = 1, .name = "conductor-pool"});
    runtime.run([]() -> Task<> {
        char name[16] = {};
        pthread_getname_np(pthread_self(), name, sizeof name);
        EXPECT_STREQ(name, "conductor-po-0");
        co_return;
    }());
}

Task<> count_on_strand(int* plain_counter, std::atomic<int>* left, Signal* done) {
    for (int i = 0; i < 100; ++i) {
        ++*plain_counter;  // no lock: the strand is the lock
        co_await sleep_for(0ms);
    }
    if (--*left == 0) done->set();
}

TEST(Runtime, StrandRunsOneAtATime) {
    Runtime runtime({.threads = 4});
    auto strand = runtime.strand();
    int counter = 0;
    std::atomic<int> left = 50;
    Signal done;
    for (int i = 0; i < 50; ++i)
        runtime.spawn("count", strand, count_on_strand(&counter, &left, &done));
    runtime.run(
        [](Signal* signal) -> Task<> { EXPECT_TRUE(co_await signal->wait_for(60s)); }(&done));
    EXPECT_EQ(counter, 5000);
}

TEST(Runtime, SpawnSurvivesAnException) {
    Runtime runtime({.threads = 1});
    runtime.spawn("bad work", []() -> Task<> {
        throw std::runtime_error("no");
        co_return;
    }());
    runtime.run([]() -> Task<> { co_return; }());
}

TEST(Runtime, StopDropsWhatWaits) {
    Runtime runtime({.threads = 2});
    auto held = std::make_shared<int>(1);
    runtime.spawn("sleeper", [](std::shared_ptr<int>) -> Task<> { co_await sleep_for(1h); }(held));
    runtime.run([]() -> Task<> { co_return; }());
    runtime.stop();
}

TEST(Signal, TimesOutAndStaysSet) {
    Runtime runtime({.threads = 2});
    runtime.run([]() -> Task<> {
        Signal signal;
        EXPECT_FALSE(co_await signal.wait_for(1ms));
        signal.set();
        EXPECT_TRUE(signal.is_set());
        EXPECT_TRUE(co_await signal.wait_for(0ms));
        EXPECT_TRUE(co_await signal.wait_for(1h));
    }());
}

Task<> wait_and_count(std::shared_ptr<Signal> signal, std::atomic<int>* woken) {
    if (co_await signal->wait_for(60s)) ++*woken;
}

Task<> set(std::shared_ptr<Signal> signal) {
    signal->set();
    co_return;
}

TEST(Signal, WakesAllFromAnyThread) {
    Runtime runtime({.threads = 4});
    for (int round = 0; round < 200; ++round) {
        auto signal = std::make_shared<Signal>();
        std::atomic<int> woken = 0;
        for (int i = 0; i < 4; ++i) runtime.spawn("waiter", wait_and_count(signal, &woken));
        runtime.spawn("setter", set(signal));
        runtime.run(wait_and_count(signal, &woken));
        runtime.run([](std::atomic<int>* count) -> Task<> {
            while (*count < 5) co_await sleep_for(1ms);
        }(&woken));
    }
}

}  // namespace
}  // namespace ferrite
