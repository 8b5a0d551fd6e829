#pragma once

#include <mutex>

/// The field may only be touched while the mutex is held; clang checks it (-Wthread-safety).
#define FERRITE_GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
/// The function may only be called while the mutex is held.
#define FERRITE_REQUIRES(mutex) __attribute__((requires_capability(mutex)))

namespace ferrite {

/// std::mutex with the annotations that let the compiler prove its use.
///
///     Mutex mutex_;
///     int count_ FERRITE_GUARDED_BY(mutex_) = 0;
///     ...
///     MutexLock lock(mutex_);
///     ++count_;
class __attribute__((capability("mutex"))) Mutex {
public:
    void lock() __attribute__((acquire_capability())) { mutex_.lock(); }
    void unlock() __attribute__((release_capability())) { mutex_.unlock(); }

private:
    std::mutex mutex_;
};

/// Holds a Mutex for the length of a block. Never across a `co_await`.
class __attribute__((scoped_lockable)) MutexLock {
public:
    explicit MutexLock(Mutex& mutex) __attribute__((acquire_capability(mutex))) : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexLock() __attribute__((release_capability())) { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

}  // namespace ferrite
