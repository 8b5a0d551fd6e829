#include "api/policy.h"

#include <fmt/ranges.h>

#include "api/policy_file.h"
#include "base/error.h"
#include "base/log.h"

namespace ferrite::api {

Policy::Policy(PolicyOptions options, FileWatch::Interval interval)
    : options_(std::move(options)), sources_(options_.file, options_.directories, interval) {
    MutexLock lock(mutex_);
    sources_.has_changed();
    read();
}

const PolicyRules& Policy::rules() const {
    if (sources_.is_due()) look_again();
    return *current_.load(std::memory_order_acquire);
}

void Policy::read() const {
    std::vector<PolicyOverride> overrides;
    for (const auto& path : sources_.paths()) {
        auto more = parse_policy_file(sources_.text(path), path);
        overrides.insert(overrides.end(), more.begin(), more.end());
    }
    auto rules = std::make_unique<const PolicyRules>(options_, overrides);
    for (const auto& rule : rules->unknown())
        log_warning("POLICY_RULE_UNKNOWN",
                    "place={} rule={} no operation asks for this rule: correct its name or take it "
                    "out",
                    rule.place, rule.name);
    current_.store(rules.get(), std::memory_order_release);
    all_.push_back(std::move(rules));
}

void Policy::look_again() const {
    MutexLock lock(mutex_);
    if (!sources_.has_changed()) return;
    try {
        read();
        log_info("POLICY_READ", "files={}", fmt::join(sources_.paths(), ","));
    } catch (const InvalidValue& problem) {
        log_error("POLICY_FILE_BAD", "error=\"{}\" the rules stay as they were", problem.message());
    }
}

}  // namespace ferrite::api
