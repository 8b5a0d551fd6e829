#pragma once

#include <chrono>

namespace ferrite::agent {

/// When to send the next heartbeat and the next lookup: plain arithmetic on a random number in
/// [0, 1), so that it can be tested (reference: agent.md sections 2.3 and 2.6).
///
/// A command's end sends a heartbeat at once. The service may drop it silently when it still holds
/// the node, and would then learn of the result a whole interval later; so until somebody has
/// looked at the result, it is repeated after 2, 4, 8, … seconds.
class HeartbeatPace {
public:
    using Milliseconds = std::chrono::milliseconds;

    explicit HeartbeatPace(std::chrono::seconds timeout) : timeout_(timeout) {}

    /// After an accepted heartbeat: 30 to 60 % of the timeout, less while a result is unread.
    Milliseconds after_success(bool unread_result, double random);

    /// After a refused or lost one: 5 to 10 s.
    Milliseconds after_failure(double random) const;

private:
    static constexpr Milliseconds kFirstRepeat{2000};
    Milliseconds timeout_;
    Milliseconds next_repeat_ = kFirstRepeat;
};

/// The pause after the n-th failed lookup (from 1): random up to 2^(n-1) s, at least `interval`, at
/// most a minute; a service that answered 409 (the node is locked) is given 5, 10, then 30 s more.
std::chrono::milliseconds lookup_pause(unsigned failures, unsigned conflicts, bool was_conflict,
                                       std::chrono::seconds interval, double random);

}  // namespace ferrite::agent
