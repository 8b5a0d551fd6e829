#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// Keeps what is stored of a node's power in step with its hardware (reference: conductor.md
/// sections 3.1 and 4): compares, corrects, puts a node whose BMC stays silent into maintenance
/// with the fault "power failure", and takes it out again when the BMC is back.
class PowerSync {
public:
    /// `services` must outlive it.
    explicit PowerSync(Services& services);
    ~PowerSync();

    /// One look at one node. Returns after how long to look again; zero: it is gone.
    Task<std::chrono::milliseconds> look(std::string uuid);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::conductor
