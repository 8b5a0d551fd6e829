#include "base/circuit_breaker.h"

#include <optional>

#include <gtest/gtest.h>

namespace ferrite {
namespace {

using namespace std::chrono_literals;
using Clock = CircuitBreaker::Clock;

struct CircuitBreakerTest : testing::Test {
    /// How long a poll is put off; nothing when it is admitted.
    std::optional<std::chrono::milliseconds> put_off() {
        try {
            breaker.admit(Urgency::poll, "BMC 10.0.0.7", now);
        } catch (const CircuitOpen& open) {
            return open.retry_after();
        }
        return std::nullopt;
    }
    void fall_silent(int times) {
        for (int i = 0; i < times; ++i) breaker.silent(now);
    }

    Clock::time_point now{1h};
    CircuitBreaker breaker{{.silences = 3, .first_rest = 30s, .longest_rest = 100s, .jitter = 0.0}};
};

TEST_F(CircuitBreakerTest, SomeSilencesInARowOpenIt) {
    fall_silent(2);
    EXPECT_FALSE(put_off());
    breaker.answered();
    fall_silent(2);
    EXPECT_FALSE(put_off()) << "not in a row";
    fall_silent(1);
    EXPECT_EQ(put_off(), 30s);
    EXPECT_TRUE(breaker.is_open());
}

TEST_F(CircuitBreakerTest, TrialsBecomeMoreAndMoreSeldom) {
    fall_silent(3);
    for (auto rest : {30s, 60s, 100s, 100s}) {
        EXPECT_EQ(put_off(), rest);
        now += rest;
        EXPECT_FALSE(put_off()) << "the trial";
        EXPECT_TRUE(put_off()) << "and only one";
        fall_silent(1);
    }
}

TEST_F(CircuitBreakerTest, AUserAlwaysGetsThroughAndAnAnswerEndsTheRest) {
    fall_silent(10);
    EXPECT_NO_THROW(breaker.admit(Urgency::user, "BMC", now));
    breaker.answered();
    EXPECT_FALSE(put_off());
    EXPECT_FALSE(breaker.is_open());
}

TEST_F(CircuitBreakerTest, ManySilencesDoNotOverflowTheRest) {
    fall_silent(100'000);
    EXPECT_EQ(put_off(), 100s);
}

TEST(CircuitOpenTest, SaysWhomItIsAboutAndWhatToDo) {
    CircuitOpen open("BMC 10.0.0.7", 45s);
    EXPECT_EQ(open.http_status(), 503);
    EXPECT_NE(open.message().find("BMC 10.0.0.7"), std::string::npos);
    EXPECT_NE(open.message().find("45 s"), std::string::npos);
}

}  // namespace
}  // namespace ferrite
