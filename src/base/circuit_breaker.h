#pragma once

#include <chrono>
#include <mutex>
#include <string_view>

#include "base/error.h"
#include "base/urgency.h"

namespace ferrite {

/// A poll was not sent: the device has not answered for some time, and its next trial is later.
class CircuitOpen : public Error {
public:
    CircuitOpen(std::string_view device, std::chrono::milliseconds retry_after);
    /// When the next poll will be sent; never zero.
    std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }

private:
    std::chrono::milliseconds retry_after_;
};

/// Spares a device that does not answer, and whoever would wait for it: after some silences in a
/// row, polls are refused at once, but for a trial now and then, more and more seldom. What a user
/// asks always goes through, and any answer ends the rest.
///
///     breaker.admit(urgency, "10.0.0.7");     // throws CircuitOpen
///     ... breaker.answered();  or  breaker.silent();
///
/// Any thread.
class CircuitBreaker {
public:
    using Clock = std::chrono::steady_clock;
    struct Settings {
        unsigned silences = 3;                         ///< In a row, until polls are refused.
        std::chrono::milliseconds first_rest{30'000};  ///< Doubles with each trial in vain.
        std::chrono::milliseconds longest_rest{300'000};
        double jitter = 0.2;  ///< Part of a rest by which it may be longer.
    };

    CircuitBreaker() : CircuitBreaker(Settings{}) {}
    explicit CircuitBreaker(Settings settings) : settings_(settings) {}

    /// Throws CircuitOpen for a poll while the device is to be left alone. A trial that is admitted
    /// puts off the next one.
    void admit(Urgency urgency, std::string_view device, Clock::time_point now = Clock::now());

    void answered();
    void silent(Clock::time_point now = Clock::now());

    /// Whether polls are refused as a rule.
    bool is_open() const;

private:
    void rest(Clock::time_point now);

    const Settings settings_;
    mutable std::mutex mutex_;
    unsigned silences_ = 0;
    Clock::time_point next_trial_{};
};

}  // namespace ferrite
