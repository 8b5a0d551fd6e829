#include "api/policy.h"

#include "api/policy_file.h"
#include "base/error.h"
#include "base/log.h"

namespace ferrite::api {

Policy::Policy(PolicyOptions options, FileWatch::Interval interval)
    : options_(std::move(options)), file_(options_.file, interval) {
    MutexLock lock(mutex_);
    file_.has_changed();
    read();
}

const PolicyRules& Policy::rules() const {
    if (file_.is_due()) look_again();
    return *current_.load(std::memory_order_acquire);
}

void Policy::read() const {
    std::vector<PolicyOverride> overrides;
    if (file_.exists()) overrides = parse_policy_file(file_.text(), file_.path());
    auto rules = std::make_unique<const PolicyRules>(options_, overrides);
    for (const auto& name : rules->unknown())
        log_warning("POLICY_RULE_UNKNOWN", "rule={} file={} no operation asks for this rule", name,
                    file_.path());
    current_.store(rules.get(), std::memory_order_release);
    all_.push_back(std::move(rules));
}

void Policy::look_again() const {
    MutexLock lock(mutex_);
    if (!file_.has_changed()) return;
    try {
        read();
        log_info("POLICY_READ", "file={}", file_.path());
    } catch (const InvalidValue& problem) {
        log_error("POLICY_FILE_BAD", "error=\"{}\" the rules stay as they were", problem.message());
    }
}

}  // namespace ferrite::api
