#include "netboot/lease_table.h"

#include <algorithm>

namespace ferrite::netboot {
namespace {

constexpr std::uint32_t kMaxPoolSize = 1u << 20;
// Enough to keep up with any rate at which leases can be made, and little per packet.
constexpr int kExpiredPerCall = 64;

}  // namespace

LeaseTable::LeaseTable(const std::vector<Pool>& pools, const std::vector<IpAddress>& reserved) {
    for (auto& address : reserved) reserved_.insert(address.to_v4());
    for (auto& pool : pools) {
        PoolState state{.first = pool.first.to_v4(), .last = pool.last.to_v4()};
        if (state.last >= state.first && state.last - state.first >= kMaxPoolSize)
            state.last = state.first + kMaxPoolSize - 1;
        for (std::uint64_t a = state.first; a <= state.last; ++a) {
            auto address = static_cast<std::uint32_t>(a);
            if (!reserved_.contains(address)) state.free.insert(state.free.end(), address);
        }
        pools_.push_back(std::move(state));
    }
}

void LeaseTable::restore(const DhcpLease& lease, Timestamp now) {
    auto address = lease.address.to_v4();
    if (lease.expires <= now || by_address_.contains(address) || by_mac_.contains(lease.mac))
        return;
    put(address, {.mac = lease.mac, .expires = lease.expires, .use = Use::leased});
}

std::optional<IpAddress> LeaseTable::hold(const MacAddress& mac, const Choice& choice,
                                          Timestamp now, Timestamp until) {
    expire(now);
    auto address = pick(mac, choice);
    if (!address) return {};
    Entry entry{.mac = mac, .expires = until, .use = Use::offered};
    auto present = by_address_.find(*address);
    if (present != by_address_.end() && present->second.use == Use::leased) {
        // An offer does not shorten the lease that the machine may still be using.
        entry.use = Use::leased;
        entry.expires = std::max(present->second.expires, until);
    }
    release(mac);
    put(*address, entry);
    return IpAddress::v4(*address);
}

std::optional<std::uint32_t> LeaseTable::pick(const MacAddress& mac, const Choice& choice) const {
    if (choice.fixed && is_usable(choice.fixed->to_v4(), mac)) return choice.fixed->to_v4();
    if (!choice.pool) return {};
    if (auto mine = by_mac_.find(mac); mine != by_mac_.end() && suits(mine->second, choice))
        return mine->second;
    auto& pool = pools_[*choice.pool];
    if (choice.wanted && pool.free.contains(choice.wanted->to_v4())) return choice.wanted->to_v4();
    if (pool.free.empty()) return {};
    auto size = std::uint64_t{pool.last} - pool.first + 1;
    auto start = pool.first + static_cast<std::uint32_t>(std::hash<MacAddress>{}(mac) % size);
    auto next = pool.free.lower_bound(start);
    return next != pool.free.end() ? *next : *pool.free.begin();
}

bool LeaseTable::suits(std::uint32_t address, const Choice& choice) const {
    auto& pool = pools_[*choice.pool];
    return address >= pool.first && address <= pool.last && !reserved_.contains(address);
}

bool LeaseTable::is_usable(std::uint32_t address, const MacAddress& mac) const {
    auto found = by_address_.find(address);
    return found == by_address_.end() ||
           (found->second.use != Use::quarantined && found->second.mac == mac);
}

void LeaseTable::bind(const DhcpLease& lease) {
    release(lease.mac);
    put(lease.address.to_v4(), {.mac = lease.mac, .expires = lease.expires, .use = Use::leased});
}

std::optional<IpAddress> LeaseTable::address_of(const MacAddress& mac, Timestamp now) const {
    auto mine = by_mac_.find(mac);
    if (mine == by_mac_.end() || by_address_.at(mine->second).expires <= now) return {};
    return IpAddress::v4(mine->second);
}

bool LeaseTable::release(const MacAddress& mac) {
    auto mine = by_mac_.find(mac);
    if (mine == by_mac_.end()) return false;
    bool was_leased = by_address_.at(mine->second).use == Use::leased;
    remove(mine->second);
    return was_leased;
}

void LeaseTable::quarantine(const MacAddress& mac, Timestamp until) {
    auto mine = by_mac_.find(mac);
    if (mine == by_mac_.end()) return;
    auto address = mine->second;
    remove(address);
    put(address, {.expires = until, .use = Use::quarantined});
}

void LeaseTable::expire(Timestamp now) {
    for (int i = 0; i < kExpiredPerCall && !by_expiry_.empty(); ++i) {
        auto [expires, address] = *by_expiry_.begin();
        if (expires > now) return;
        remove(address);
    }
}

void LeaseTable::put(std::uint32_t address, Entry entry) {
    remove(address);
    by_expiry_.emplace(entry.expires, address);
    if (entry.use != Use::quarantined) by_mac_[entry.mac] = address;
    by_address_[address] = entry;
    for (auto& pool : pools_) pool.free.erase(address);
}

void LeaseTable::remove(std::uint32_t address) {
    auto found = by_address_.find(address);
    if (found == by_address_.end()) return;
    by_expiry_.erase({found->second.expires, address});
    if (found->second.use != Use::quarantined) by_mac_.erase(found->second.mac);
    by_address_.erase(found);
    if (reserved_.contains(address)) return;
    for (auto& pool : pools_) {
        if (address >= pool.first && address <= pool.last) pool.free.insert(address);
    }
}

}  // namespace ferrite::netboot
