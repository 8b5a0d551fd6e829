#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/runtime.h"

namespace ferrite::conductor {

/// The one timer queue of the conductor: for each node at most one moment of each kind at which
/// somebody must look at it. Costs a map entry per node, and nothing while nothing is due.
class Deadlines {
public:
    enum class Kind { wait_timeout, power_sync, hand_over, agent, sensors, boot_retry };
    using OnDue = std::function<void(Kind kind, const std::string& uuid)>;

    explicit Deadlines(Runtime& runtime);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Sets or moves the moment of `kind` for a node. Any thread.
    void set(Kind kind, const std::string& uuid, std::chrono::steady_clock::duration from_now);
    void cancel(Kind kind, const std::string& uuid);

    /// Calls `on_due` on the runtime's pool, for one moment after the other, until stop(). A call
    /// may still be under way then, so it must not borrow from what goes with the caller.
    void start(OnDue on_due);
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
