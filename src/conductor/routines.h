#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conductor/deadlines.h"
#include "conductor/services.h"

namespace ferrite::conductor {

/// What is looked at of every node now and then although nobody asked: its power state and its
/// sensors (reference: conductor.md section 3). A table of looks, each with its interval and its
/// places (see PollQueue); a node's moments are its own, spread over the interval.
class Routines {
public:
    /// Sets the moment of the next look at a node.
    using Again = std::function<void(Deadlines::Kind kind, const std::string& uuid,
                                     std::chrono::milliseconds from_now)>;

    /// `services` must outlive it; `again` may be called until its runtime has stopped.
    Routines(Services& services, Again again);
    ~Routines();
    Routines(const Routines&) = delete;
    Routines& operator=(const Routines&) = delete;

    /// Begins to look at a node. Any thread, as all of these.
    void watch(const std::string& uuid);

    /// A moment that `watch` or a look has set has come. False when `kind` is none of these.
    bool take(Deadlines::Kind kind, const std::string& uuid);

    /// Begins no look any more.
    void stop();

    /// The kinds of moment that there may be of a node.
    static std::vector<Deadlines::Kind> kinds();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
