#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "netboot/dhcp_lease.h"

namespace ferrite::netboot {

/// Who has which address: offers, leases, and addresses that somebody else was found to use.
///
/// Every operation costs O(log n), also when a pool is exhausted, so that a flood of requests
/// costs no more than its packets. One thread at a time. Time is a parameter.
class LeaseTable {
public:
    /// Addresses that may be given out, both ends included. A pool that holds more than 2^20
    /// addresses is cut there.
    struct Pool {
        IpAddress first;
        IpAddress last;
    };

    /// `reserved` addresses lie in a pool but are only given to a machine that is fixed to them.
    LeaseTable(const std::vector<Pool>& pools, const std::vector<IpAddress>& reserved);

    /// Takes over a stored lease; one that expired or whose address is taken is left out.
    void restore(const DhcpLease& lease, Timestamp now);

    /// Chooses an address of pool `pool` for `mac` and holds it until `until`: the one it has, or
    /// `fixed`, or `wanted` when that is free, or a free one that is usually the same for the same
    /// MAC. Nothing when the pool is exhausted, or there is no pool and no fixed address.
    /// A `fixed` address that somebody else holds is not given away; a pool address takes its
    /// place.
    struct Choice {
        std::optional<std::size_t> pool;
        std::optional<IpAddress> fixed;
        std::optional<IpAddress> wanted;
    };
    std::optional<IpAddress> hold(const MacAddress& mac, const Choice& choice, Timestamp now,
                                  Timestamp until);

    /// Turns what `mac` holds into a lease. It must hold `lease.address`.
    void bind(const DhcpLease& lease);

    /// The address that `mac` holds or leases at `now`.
    std::optional<IpAddress> address_of(const MacAddress& mac, Timestamp now) const;

    /// Gives back what `mac` has; true when it was a lease and not only an offer.
    bool release(const MacAddress& mac);

    /// Gives back what `mac` has, and keeps the address out of use until `until`.
    void quarantine(const MacAddress& mac, Timestamp until);

    std::size_t free_count(std::size_t pool) const { return pools_[pool].free.size(); }

private:
    enum class Use { offered, leased, quarantined };
    struct Entry {
        MacAddress mac;
        Timestamp expires;
        Use use = Use::offered;
    };
    struct PoolState {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::set<std::uint32_t> free;
    };

    void expire(Timestamp now);
    void put(std::uint32_t address, Entry entry);
    void remove(std::uint32_t address);
    bool is_usable(std::uint32_t address, const MacAddress& mac) const;
    std::optional<std::uint32_t> pick(const MacAddress& mac, const Choice& choice) const;
    bool suits(std::uint32_t address, const Choice& choice) const;

    std::vector<PoolState> pools_;
    std::set<std::uint32_t> reserved_;
    std::unordered_map<std::uint32_t, Entry> by_address_;
    std::unordered_map<MacAddress, std::uint32_t> by_mac_;
    std::set<std::pair<Timestamp, std::uint32_t>> by_expiry_;
};

}  // namespace ferrite::netboot
