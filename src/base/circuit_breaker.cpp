#include "base/circuit_breaker.h"

#include <algorithm>
#include <random>

#include <fmt/core.h>

namespace ferrite {
namespace {

/// Beyond this many doublings every rest is the longest.
constexpr unsigned kMostDoublings = 16;

std::chrono::milliseconds with_jitter(std::chrono::milliseconds rest, double jitter) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> more(0.0, jitter);
    auto longer = static_cast<double>(rest.count()) * (1.0 + more(random));
    return std::chrono::milliseconds(static_cast<std::int64_t>(longer));
}

}  // namespace

CircuitOpen::CircuitOpen(std::string_view device, std::chrono::milliseconds retry_after)
    : Error(503, "device_silent",
            fmt::format("{} did not answer the last times it was asked; it is not polled again for "
                        "{} s. Ask it for its power state, or change it, to try at once.",
                        device, retry_after.count() / 1000)),
      retry_after_(retry_after) {}

void CircuitBreaker::admit(Urgency urgency, std::string_view device, Clock::time_point now) {
    if (urgency == Urgency::user) return;
    std::lock_guard lock(mutex_);
    if (silences_ < settings_.silences) return;
    if (now >= next_trial_) return rest(now);
    auto left = std::chrono::ceil<std::chrono::milliseconds>(next_trial_ - now);
    throw CircuitOpen(device, std::max(left, std::chrono::milliseconds(1)));
}

void CircuitBreaker::answered() {
    std::lock_guard lock(mutex_);
    silences_ = 0;
}

void CircuitBreaker::silent(Clock::time_point now) {
    std::lock_guard lock(mutex_);
    ++silences_;
    if (silences_ >= settings_.silences) rest(now);
}

bool CircuitBreaker::is_open() const {
    std::lock_guard lock(mutex_);
    return silences_ >= settings_.silences;
}

void CircuitBreaker::rest(Clock::time_point now) {
    auto doublings = std::min(silences_ - settings_.silences, kMostDoublings);
    auto rest = std::min(settings_.first_rest * (1U << doublings), settings_.longest_rest);
    next_trial_ = now + with_jitter(rest, settings_.jitter);
}

}  // namespace ferrite
