#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "api/file_watch.h"

namespace ferrite::api {

/// The files that policy rules come from: one, and those of some directories (see PolicyOptions).
/// Notices when one of them changes, comes or goes; they are looked at once in an `interval` at
/// most, whoever asks how often.
class PolicySources {
public:
    PolicySources(std::string file, std::vector<std::string> directories,
                  FileWatch::Interval interval = FileWatch::kUsual)
        : file_(std::move(file)), directories_(std::move(directories)), interval_(interval) {}

    /// Whether it is time to look; a clock reading and no more. Any thread.
    bool is_due() const;

    /// Looks, and remembers what it saw: true when something differs from the time before. One
    /// thread at a time.
    bool has_changed();

    /// The files that were there at the last look, the later ones overriding the earlier.
    const std::vector<std::string>& paths() const { return paths_; }

    /// What stands in one of them. Throws InvalidValue that names it.
    std::string text(const std::string& path) const { return watches_.at(path).text(); }

private:
    using Clock = std::chrono::steady_clock;

    std::vector<std::string> look() const;

    std::string file_;
    std::vector<std::string> directories_;
    FileWatch::Interval interval_;
    std::vector<std::string> paths_;
    std::map<std::string, FileWatch> watches_;
    std::atomic<Clock::rep> next_look_ = 0;
};

}  // namespace ferrite::api
