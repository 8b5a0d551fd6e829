#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// What the conductor does unasked: its registration and heartbeat, time-outs of waiting nodes, the
/// power state of every node, and at the start what was interrupted by the end of its last life.
class Background {
public:
    explicit Background(Services& services);
    /// The runtime must be stopped, or what was started drained.
    ~Background();

    void start();
    /// See Conductor::leave().
    Task<> leave();
    /// Waits until what is under way has come to rest, at most `timeout`; then signs this host off.
    /// False when something still runs.
    Task<bool> depart(std::chrono::seconds timeout);

    /// A node that is new; its power state is looked at from now on. Any thread.
    void watch(const std::string& uuid);
    void forget(const std::string& uuid);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
