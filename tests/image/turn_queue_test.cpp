#include "image/turn_queue.h"

#include <algorithm>
#include <atomic>

#include "image/flight_board.h"
#include "image_fixture.h"

namespace ferrite::image {
namespace {

using namespace std::chrono_literals;

class TurnQueueTest : public ::testing::Test {
protected:
    Runtime runtime_{{.threads = 2, .name = "turns"}};
};

struct Counted {
    TurnQueue queue{"a turn", 2};
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> left = 20;
    Signal done;
};

Task<> take_a_turn(Counted* counted) {
    {
        auto turn = co_await counted->queue.take(1min);
        int now = ++counted->inside;
        int seen = counted->most;
        while (seen < now && !counted->most.compare_exchange_weak(seen, now)) {
        }
        co_await sleep_for(1ms);
        --counted->inside;
    }
    if (--counted->left == 0) counted->done.set();
}

Task<> wait_for_signal(Signal* signal, bool* in_time) {
    *in_time = co_await signal->wait_for(1min);
}

TEST_F(TurnQueueTest, NoMoreThanTheLimitAtOnce) {
    Counted counted;
    for (int i = 0; i < 20; ++i) runtime_.spawn("turn", take_a_turn(&counted));
    bool in_time = false;
    runtime_.run(wait_for_signal(&counted.done, &in_time));
    EXPECT_TRUE(in_time);
    EXPECT_LE(counted.most, 2);
}

Task<> wait_in_vain(std::string* message) {
    TurnQueue queue("a turn", 1);
    {
        auto turn = co_await queue.take(1min);
        try {
            co_await queue.take(10ms);
        } catch (const Error& error) {
            *message = error.message();
        }
    }
    co_await queue.take(1min);  // Who gave up left the line: the turn is free.
}

TEST_F(TurnQueueTest, GivesUpInTime) {
    std::string message;
    runtime_.run(wait_in_vain(&message));
    EXPECT_NE(message.find("for a turn"), std::string::npos) << message;
}

Task<> fly(std::vector<std::string>* story) {
    FlightBoard board;
    auto leader = board.join("key", "wish");
    auto same = board.join("key", "wish");
    auto other = board.join("key", "another wish");
    if (leader->is_leader() && !same->is_leader() && !other->is_leader())
        story->push_back("one leads");
    leader->fail(NotFound("gone"));
    try {
        co_await same->wait(1min);
    } catch (const Error& error) {
        story->push_back(error.message());
    }
    if (!co_await other->wait(1min)) story->push_back("the other tries itself");

    auto second = board.join("key", "wish");
    auto passenger = board.join("key", "wish");
    if (second->is_leader()) story->push_back("the next one leads");
    if (board.is_in_flight("key")) story->push_back("in flight");
    try {
        co_await passenger->wait(10ms);
    } catch (const Error& error) {
        story->push_back(error.code());
    }
    second->land();
    if (co_await passenger->wait(1min)) story->push_back("landed");
    if (!board.is_in_flight("key")) story->push_back("over");
}

TEST_F(TurnQueueTest, PassengersShareTheFateOfTheirLeader) {
    std::vector<std::string> story;
    runtime_.run(fly(&story));
    EXPECT_EQ(story, (std::vector<std::string>{"one leads", "gone", "the other tries itself",
                                               "the next one leads", "in flight", "busy", "landed",
                                               "over"}));
}

}  // namespace
}  // namespace ferrite::image
