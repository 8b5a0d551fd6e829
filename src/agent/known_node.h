#pragma once

#include "base/json.h"
#include "base/mutex.h"

namespace ferrite::agent {

/// The node as the service last described it: first in the lookup, then in full with each step.
/// Any thread.
class KnownNode {
public:
    Json get() const {
        MutexLock lock(mutex_);
        return node_;
    }
    void set(Json node) {
        MutexLock lock(mutex_);
        node_ = std::move(node);
    }

private:
    mutable Mutex mutex_;
    Json node_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::agent
