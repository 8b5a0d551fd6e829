#include "api/policy.h"

#include <fstream>
#include <iterator>

#include <fmt/core.h>
#include <sys/stat.h>

#include "api/policy_file.h"
#include "base/error.h"
#include "base/log.h"

namespace ferrite::api {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        throw InvalidValue(
            fmt::format("{}: the policy file can not be read: is it there, and may "
                        "this service read it?",
                        path));
    return text;
}

}  // namespace

Policy::Policy(PolicyOptions options) : options_(std::move(options)) {
    MutexLock lock(mutex_);
    read(stamp());
}

const PolicyRules& Policy::rules() const {
    if (!options_.file.empty() &&
        Clock::now().time_since_epoch().count() >= next_look_.load(std::memory_order_relaxed))
        look_again();
    return *current_.load(std::memory_order_acquire);
}

Policy::Stamp Policy::stamp() const {
    struct stat status{};
    if (options_.file.empty() || stat(options_.file.c_str(), &status) != 0) return {};
    return {.modified = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
            .size = static_cast<std::uint64_t>(status.st_size),
            .inode = status.st_ino};
}

void Policy::read(Stamp found) const {
    read_ = found;
    next_look_ = (Clock::now() + kBetweenLooks).time_since_epoch().count();
    std::vector<PolicyOverride> overrides;
    if (found != Stamp{}) overrides = parse_policy_file(text_of(options_.file), options_.file);
    auto rules = std::make_unique<const PolicyRules>(options_, overrides);
    for (const auto& name : rules->unknown())
        log_warning("POLICY_RULE_UNKNOWN", "rule={} file={} no operation asks for this rule", name,
                    options_.file);
    current_.store(rules.get(), std::memory_order_release);
    all_.push_back(std::move(rules));
}

void Policy::look_again() const {
    MutexLock lock(mutex_);
    next_look_ = (Clock::now() + kBetweenLooks).time_since_epoch().count();
    auto found = stamp();
    if (found == read_) return;
    try {
        read(found);
        log_info("POLICY_READ", "file={}", options_.file);
    } catch (const InvalidValue& problem) {
        log_error("POLICY_FILE_BAD", "error=\"{}\" the rules stay as they were", problem.message());
    }
}

}  // namespace ferrite::api
