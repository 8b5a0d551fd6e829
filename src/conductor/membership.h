#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "base/time.h"
#include "conductor/client.h"
#include "conductor/hash_ring.h"
#include "store/store.h"

namespace ferrite::conductor {

/// A live conductor as the database knows it.
struct Member {
    std::string host;
    std::string group;         ///< The conductor group whose nodes it serves.
    std::string rpc_endpoint;  ///< URL at which it takes calls; empty: it takes none.
    std::vector<DriverInfo> offers;

    bool operator==(const Member& other) const {
        return host == other.host && group == other.group && rpc_endpoint == other.rpc_endpoint;
    }
};

/// The live conductors at one moment, and which of them is in charge of what (reference:
/// conductor.md section 2.3). Immutable.
class ConductorSet {
public:
    /// `members` have distinct hosts.
    ConductorSet(std::vector<Member> members, const HashRing::Options& ring);

    /// The conductor in charge of such a node; null when none serves its driver in its group.
    const Member* in_charge_of(std::string_view uuid, std::string_view driver,
                               std::string_view group) const;
    /// One of all of them, always the same for the same `key` as long as they are the same; null
    /// when there is none.
    const Member* any(std::string_view key) const;
    /// Null when that host has no live conductor.
    const Member* find(std::string_view host) const;

    std::span<const Member> members() const { return members_; }
    /// Hardware types with the hosts that serve them, sorted by name. What is enabled on one of
    /// them is enabled; the defaults are those of the first host.
    const std::vector<DriverInfo>& drivers() const { return drivers_; }

private:
    std::vector<Member> members_;                         ///< Sorted by host.
    std::map<std::string, HashRing, std::less<>> rings_;  ///< By "group:driver".
    HashRing all_;
    std::vector<DriverInfo> drivers_;
};

/// Keeps the set of live conductors: those online in the database that have given a sign of life
/// within `heartbeat_timeout`. It is read again every `reset_interval` and when somebody has reason
/// to (`refresh`); everybody else reads what is kept.
///
///     Membership membership(store, options);
///     membership.on_change([&](const ConductorSet& now) { take_over(now); });
///     membership.start(runtime);
///     auto conductors = membership.now();
///     if (const auto* member = conductors->in_charge_of(uuid, driver, group)) ...
class Membership {
public:
    struct Options {
        std::chrono::seconds heartbeat_timeout{60};  ///< `[conductor]`
        std::chrono::seconds reset_interval{15};     ///< hash_ring_reset_interval; at least one.
        HashRing::Options ring;
        /// The host whose conductor runs in this process, which is alive to ask; or empty.
        std::string self;
        std::function<Timestamp()> clock = now_seconds;
    };

    /// Reads the set for the first time. `store` must outlive it. Throws InvalidValue for a hash
    /// algorithm that is not known.
    Membership(store::Store& store, Options options);
    ~Membership();
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

    /// Reads it again every `reset_interval` from now on. `runtime` is stopped before the store
    /// goes.
    void start(Runtime& runtime);

    /// What is kept. Any thread; costs no look at the database.
    std::shared_ptr<const ConductorSet> now() const;

    /// Reads the database, at most once in `min_age`. True when the set has changed. Any thread;
    /// blocks for milliseconds. Throws what the store throws.
    bool refresh(std::chrono::milliseconds min_age = std::chrono::milliseconds(0));

    /// The host in charge of such a node; when none is known the database is asked, at most once a
    /// second.
    std::optional<std::string> host_for(std::string_view uuid, std::string_view driver,
                                        std::string_view group);

    /// `listener` is called, on the thread that found out, after the set of hosts, their groups or
    /// endpoints has changed. To be called before start(); listeners may call anything but this.
    void on_change(std::function<void(const ConductorSet&)> listener);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::conductor
