#include "conductor/poll_queue.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

namespace ferrite::conductor {
namespace {

using namespace std::chrono_literals;

/// Looks that last until they are let go.
struct Looks {
    std::mutex mutex;
    std::vector<std::string> begun;
    std::map<std::string, std::shared_ptr<Signal>> ends;

    static Task<> look(Looks* self, std::string uuid) {
        std::shared_ptr<Signal> end;
        {
            std::lock_guard lock(self->mutex);
            self->begun.push_back(uuid);
            auto& known = self->ends[uuid];
            if (!known) known = std::make_shared<Signal>();
            end = known;
        }
        co_await end->wait_for(60s);
        if (uuid == "bad") throw std::runtime_error("no such thing");
    }
    void let_go(const std::string& uuid) {
        std::lock_guard lock(mutex);
        auto& end = ends[uuid];
        if (!end) end = std::make_shared<Signal>();
        end->set();
    }
    std::size_t count() {
        std::lock_guard lock(mutex);
        return begun.size();
    }
    bool reaches(std::size_t wanted) {
        for (auto end = std::chrono::steady_clock::now() + 60s;
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms))
            if (count() >= wanted) return count() == wanted;
        return false;
    }
};

struct PollQueueTest : testing::Test {
    PollQueue make(PollQueue::Options options) {
        return PollQueue(runtime, options,
                         [this](std::string uuid) { return Looks::look(&looks, uuid); });
    }
    ~PollQueueTest() override { runtime.stop(); }

    Looks looks;
    Runtime runtime{{.threads = 2, .name = "test"}};
};

TEST_F(PollQueueTest, RunsSoManyAtATimeInOrder) {
    auto polls = make({.places = 2, .patience = 1h});
    for (auto uuid : {"1", "2", "3", "4"}) polls.push(uuid);
    ASSERT_TRUE(looks.reaches(2));
    looks.let_go("2");
    ASSERT_TRUE(looks.reaches(3));
    looks.let_go("1");
    looks.let_go("3");
    ASSERT_TRUE(looks.reaches(4));
    std::lock_guard lock(looks.mutex);
    EXPECT_EQ(looks.begun[2], "3");
    EXPECT_EQ(looks.begun[3], "4");
}

TEST_F(PollQueueTest, OneThatThrowsGivesItsPlaceBack) {
    auto polls = make({.places = 1, .patience = 1h});
    looks.let_go("bad");
    polls.push("bad");
    polls.push("good");
    EXPECT_TRUE(looks.reaches(2));
}

TEST_F(PollQueueTest, ThoseThatLastGiveTheirPlacesToOthers) {
    auto polls = make({.places = 2, .slow_places = 3, .patience = 20ms});
    for (auto uuid : {"dead 1", "dead 2", "dead 3", "dead 4", "dead 5", "live"}) polls.push(uuid);
    ASSERT_TRUE(looks.reaches(5)) << "three slow ones, and two that keep their places";
    looks.let_go("dead 1");
    EXPECT_TRUE(looks.reaches(6));
}

TEST_F(PollQueueTest, BeginsNothingOnceStopped) {
    auto polls = make({.places = 1, .patience = 1h});
    polls.push("1");
    ASSERT_TRUE(looks.reaches(1));
    polls.push("2");
    polls.stop();
    polls.push("3");
    looks.let_go("1");
    runtime.run(sleep_for(20ms));
    EXPECT_EQ(looks.count(), 1u);
}

}  // namespace
}  // namespace ferrite::conductor
