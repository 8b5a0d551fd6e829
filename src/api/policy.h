#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "api/policy_rules.h"
#include "api/policy_sources.h"
#include "base/mutex.h"

namespace ferrite::api {

/// The rules in force: those of the files as they are now. When one was changed, all are read again
/// within a second; a mistake is reported in the log, and the rules stay as they were.
///
///     Policy policy({.file = "/etc/ferrite/policy.yaml"});
///     policy.rules().decide(...);
class Policy {
public:
    /// Throws InvalidValue that names file and line when one is bad.
    explicit Policy(PolicyOptions options, FileWatch::Interval interval = FileWatch::kUsual);

    /// Any thread. The reference stays good as long as the Policy lives: rules that were replaced
    /// are kept, some kilobytes for each time that a file was edited, so that who asks needs no
    /// lock.
    const PolicyRules& rules() const;

private:
    void read() const FERRITE_REQUIRES(mutex_);
    void look_again() const;

    const PolicyOptions options_;
    mutable Mutex mutex_;
    mutable PolicySources sources_;  ///< Looked at under `mutex_`.
    mutable std::vector<std::unique_ptr<const PolicyRules>> all_ FERRITE_GUARDED_BY(mutex_);
    mutable std::atomic<const PolicyRules*> current_ = nullptr;
};

}  // namespace ferrite::api
