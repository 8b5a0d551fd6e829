#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace ferrite::api {

/// Notices that a file is no longer what it was. It is looked at once a second at most (or in
/// another `interval`), whoever asks how often.
///
///     if (watch.is_due()) {
///         MutexLock lock(mutex_);
///         if (watch.has_changed()) read_again(watch.text());
///     }
class FileWatch {
public:
    using Interval = std::chrono::milliseconds;
    static constexpr Interval kUsual{1000};

    /// An empty path is a file that never exists.
    explicit FileWatch(std::string path, Interval interval = kUsual)
        : path_(std::move(path)), interval_(interval) {}

    const std::string& path() const { return path_; }

    /// Whether it is time to look; a clock reading and no more. Any thread.
    bool is_due() const;

    /// Looks, and remembers what it saw: true when the file differs from the time before. The first
    /// time true if there is such a file. One thread at a time.
    bool has_changed();

    /// Whether there was such a file at the last look.
    bool exists() const { return seen_ != Stamp{}; }

    /// What stands in the file. Throws InvalidValue that names it.
    std::string text() const;

private:
    using Clock = std::chrono::steady_clock;
    struct Stamp {
        std::int64_t modified = 0;  ///< Nanoseconds.
        std::int64_t size = 0;
        std::uint64_t inode = 0;
        bool operator==(const Stamp&) const = default;
    };

    Stamp look() const;

    std::string path_;
    Interval interval_;
    Stamp seen_;
    std::atomic<Clock::rep> next_look_ = 0;
};

}  // namespace ferrite::api
