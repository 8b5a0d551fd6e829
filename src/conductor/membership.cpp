#include "conductor/membership.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "conductor/offers.h"
#include "store/conductors.h"

namespace ferrite::conductor {
namespace {

constexpr std::chrono::seconds kShortestInterval{1};
/// Between two looks for a conductor that was missing.
constexpr std::chrono::milliseconds kMissingPause{1000};

std::string ring_key(std::string_view driver, std::string_view group) {
    return fmt::format("{}:{}", group, driver);
}

void add_new(std::vector<std::string>& names, const std::vector<std::string>& more) {
    for (const auto& name : more)
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// What one more host offers of a type that others serve as well.
void merge(DriverInfo& known, const DriverInfo& more, const std::string& host) {
    add_new(known.hosts, {host});
    for (const auto& [kind, names] : more.enabled) add_new(known.enabled[kind], names);
    known.defaults.insert(more.defaults.begin(), more.defaults.end());
    known.properties.insert(more.properties.begin(), more.properties.end());
    known.logical_disk_properties.insert(more.logical_disk_properties.begin(),
                                         more.logical_disk_properties.end());
}

std::vector<DriverInfo> merged(const std::vector<Member>& members) {
    std::map<std::string, DriverInfo> by_name;
    for (const auto& member : members)
        for (const auto& offer : member.offers) {
            auto& known = by_name[offer.name];
            known.name = offer.name;
            merge(known, offer, member.host);
        }
    std::vector<DriverInfo> drivers;
    for (auto& [name, driver] : by_name) drivers.push_back(std::move(driver));
    return drivers;
}

std::vector<std::string> hosts_of(const std::vector<Member>& members) {
    std::vector<std::string> hosts;
    for (const auto& member : members) hosts.push_back(member.host);
    return hosts;
}

std::vector<Member> sorted(std::vector<Member> members) {
    std::ranges::sort(members, {}, &Member::host);
    return members;
}

}  // namespace

ConductorSet::ConductorSet(std::vector<Member> members, const HashRing::Options& ring)
    : members_(sorted(std::move(members))),
      all_(hosts_of(members_), ring),
      drivers_(merged(members_)) {
    std::map<std::string, std::vector<std::string>> hosts;
    for (const auto& member : members_)
        for (const auto& offer : member.offers)
            hosts[ring_key(offer.name, member.group)].push_back(member.host);
    for (const auto& [key, names] : hosts) rings_.emplace(key, HashRing(names, ring));
}

const Member* ConductorSet::in_charge_of(std::string_view uuid, std::string_view driver,
                                         std::string_view group) const {
    auto ring = rings_.find(ring_key(driver, group));
    return ring == rings_.end() ? nullptr : find(ring->second.owner(uuid));
}

const Member* ConductorSet::any(std::string_view key) const {
    return members_.empty() ? nullptr : find(all_.owner(key));
}

const Member* ConductorSet::find(std::string_view host) const {
    auto found = std::ranges::lower_bound(members_, host, {}, &Member::host);
    return found != members_.end() && found->host == host ? &*found : nullptr;
}

struct Membership::State : std::enable_shared_from_this<State> {
    using Clock = std::chrono::steady_clock;

    store::Store& store;
    const Options options;
    std::vector<std::function<void(const ConductorSet&)>> listeners;

    Mutex reading;  ///< One look at the database at a time.
    Clock::time_point read_at FERRITE_GUARDED_BY(reading);
    std::string seen FERRITE_GUARDED_BY(reading);  ///< What the set was made of.

    Mutex mutex;
    std::shared_ptr<const ConductorSet> kept FERRITE_GUARDED_BY(mutex);

    State(store::Store& s, Options o) : store(s), options(std::move(o)) {}

    std::shared_ptr<const ConductorSet> now() {
        MutexLock lock(mutex);
        return kept;
    }

    std::shared_ptr<const ConductorSet> exchange(std::shared_ptr<const ConductorSet> fresh) {
        MutexLock lock(mutex);
        return std::exchange(kept, std::move(fresh));
    }

    /// The new set when it differs from the one before.
    std::shared_ptr<const ConductorSet> read(std::chrono::milliseconds min_age)
        FERRITE_REQUIRES(reading) {
        auto time = Clock::now();
        if (!seen.empty() && time - read_at < min_age) return nullptr;
        auto oldest = options.clock() - options.heartbeat_timeout;
        auto rows = store.read([&](store::Sql& db) {
            return store::conductors::live_since(db, oldest, options.self);
        });
        read_at = time;
        // Text that tells whether anything differs; never empty.
        std::string made_of = ";";
        for (const auto& row : rows)
            made_of += fmt::format("{}\n{}\n{}\n{}\n{};", row.hostname, row.conductor_group,
                                   row.rpc_endpoint, row.drivers.text(), row.offers.text());
        if (made_of == seen) return nullptr;
        seen = std::move(made_of);
        std::vector<Member> members;
        for (const auto& row : rows)
            members.push_back({.host = row.hostname,
                               .group = row.conductor_group,
                               .rpc_endpoint = row.rpc_endpoint,
                               .offers = offers_of(row)});
        return std::make_shared<const ConductorSet>(std::move(members), options.ring);
    }

    bool refresh(std::chrono::milliseconds min_age) {
        std::shared_ptr<const ConductorSet> fresh, before;
        {
            MutexLock lock(reading);
            fresh = read(min_age);
            if (!fresh) return false;
            before = exchange(fresh);
        }
        if (before && std::ranges::equal(before->members(), fresh->members())) return true;
        std::vector<std::string> hosts;
        for (const auto& member : fresh->members()) hosts.push_back(member.host);
        log_info("CONDUCTORS_CHANGED", "live=\"{}\"", fmt::join(hosts, ","));
        for (const auto& listener : listeners) listener(*fresh);
        return true;
    }

    static Task<> keep_fresh(std::weak_ptr<State> weak, std::chrono::seconds interval) {
        for (;;) {
            co_await sleep_for(interval);
            auto state = weak.lock();
            if (!state) co_return;
            try {
                state->refresh(std::chrono::milliseconds(0));
            } catch (const std::exception& error) {
                log_error("CONDUCTORS_UNREAD", "error=\"{}\" what was known before still counts",
                          error.what());
            }
        }
    }
};

Membership::Membership(store::Store& store, Options options)
    : state_(std::make_shared<State>(store, std::move(options))) {
    refresh();
}

Membership::~Membership() = default;

void Membership::start(Runtime& runtime) {
    runtime.spawn(
        "look at the conductors",
        State::keep_fresh(state_, std::max(kShortestInterval, state_->options.reset_interval)));
}

std::shared_ptr<const ConductorSet> Membership::now() const {
    return state_->now();
}

bool Membership::refresh(std::chrono::milliseconds min_age) {
    return state_->refresh(min_age);
}

std::optional<std::string> Membership::host_for(std::string_view uuid, std::string_view driver,
                                                std::string_view group) {
    for (bool again : {true, false}) {
        auto conductors = now();
        if (const auto* member = conductors->in_charge_of(uuid, driver, group)) return member->host;
        if (!again || !refresh(kMissingPause)) break;
    }
    return std::nullopt;
}

void Membership::on_change(std::function<void(const ConductorSet&)> listener) {
    state_->listeners.push_back(std::move(listener));
}

}  // namespace ferrite::conductor
