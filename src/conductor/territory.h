#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "conductor/services.h"

namespace ferrite::conductor {

/// The nodes that this conductor is in charge of, and how it comes to them: those that another one
/// had, when that leaves or dies, and what was under way on them (reference: conductor.md section
/// 9).
///
/// A node that is at work and has no lock was interrupted: its work is begun again, or failed, as
/// `[conductor]resume_interrupted` says. One that somebody still holds is looked at again until it
/// is free or at rest.
class Territory {
public:
    struct Events {
        /// A node is ours from now on. Any worker.
        std::function<void(const store::nodes::Place& place)> taken;
        /// And no more.
        std::function<void(const std::string& uuid)> lost;
        /// Look at the node again then: look_at().
        std::function<void(const std::string& uuid, std::chrono::seconds from_now)> again;
    };

    Territory(Services& services, Events events);
    ~Territory();

    /// Goes through all nodes: at the start, and when conductors came or went.
    Task<> survey();
    /// Goes on with the node's work when it was interrupted. Returns after how long the node is to
    /// be looked at again; zero: never.
    Task<std::chrono::seconds> look_at(std::string uuid);

    bool has(const std::string& uuid) const;
    void add(const std::string& uuid);
    void remove(const std::string& uuid);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
