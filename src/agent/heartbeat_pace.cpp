#include "agent/heartbeat_pace.h"

#include <algorithm>

namespace ferrite::agent {

HeartbeatPace::Milliseconds HeartbeatPace::after_success(bool unread_result, double random) {
    auto regular = Milliseconds(
        static_cast<long>(static_cast<double>(timeout_.count()) * (0.3 + 0.3 * random)));
    if (!unread_result) {
        next_repeat_ = kFirstRepeat;
        return regular;
    }
    auto repeat = next_repeat_;
    next_repeat_ = std::min(next_repeat_ * 2, timeout_);
    return std::min(repeat, regular);
}

HeartbeatPace::Milliseconds HeartbeatPace::after_failure(double random) const {
    return Milliseconds(static_cast<long>(5000 * (1 + random)));
}

std::chrono::milliseconds lookup_pause(unsigned failures, unsigned conflicts, bool was_conflict,
                                       std::chrono::seconds interval, double random) {
    constexpr double kLongest = 60'000;
    double low = std::min(static_cast<double>(interval.count()) * 1000, kLongest);
    double limit =
        std::min(1000.0 * static_cast<double>(1ull << std::min(failures - 1, 16u)), kLongest);
    auto pause = static_cast<long>(std::max(low, limit * random));
    if (was_conflict) pause += conflicts <= 1 ? 5000 : conflicts == 2 ? 10'000 : 30'000;
    return std::chrono::milliseconds(pause);
}

}  // namespace ferrite::agent
