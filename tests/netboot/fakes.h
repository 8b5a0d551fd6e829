#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "netboot/boot_directory.h"

namespace ferrite::netboot {

/// Plans by MAC, and the evidence that was seen. Any thread.
class FakeDirectory : public BootDirectory {
public:
    std::optional<BootPlan> plan_for(const BootClient& client) override {
        MutexLock lock(mutex_);
        asked_.push_back(client);
        auto plan = plans_.find(client.mac);
        return plan == plans_.end() ? std::nullopt : std::optional(plan->second);
    }
    void saw(const BootEvent& event) override {
        MutexLock lock(mutex_);
        events_.push_back(event);
    }

    void set_plan(const MacAddress& mac, BootPlan plan) {
        MutexLock lock(mutex_);
        plans_[mac] = std::move(plan);
    }
    std::vector<BootEvent> events() const {
        MutexLock lock(mutex_);
        return events_;
    }
    std::vector<BootClient> asked() const {
        MutexLock lock(mutex_);
        return asked_;
    }
    int count(BootEvent::Kind kind) const {
        int found = 0;
        for (auto& event : events()) found += event.kind == kind;
        return found;
    }

private:
    mutable Mutex mutex_;
    std::map<MacAddress, BootPlan> plans_ FERRITE_GUARDED_BY(mutex_);
    std::vector<BootEvent> events_ FERRITE_GUARDED_BY(mutex_);
    std::vector<BootClient> asked_ FERRITE_GUARDED_BY(mutex_);
};

inline IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}
inline MacAddress mac(std::string_view text) {
    return MacAddress::parse(text).value();
}
inline const MacAddress kMac = mac("52:54:00:77:00:01");

}  // namespace ferrite::netboot
