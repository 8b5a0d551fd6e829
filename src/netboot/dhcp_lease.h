#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "netboot/mac_address.h"

namespace ferrite::netboot {

/// An address that a machine holds until `expires`.
struct DhcpLease {
    MacAddress mac;
    IpAddress address;
    Timestamp expires;
    std::string hostname;
    bool operator==(const DhcpLease&) const = default;
};

/// Keeps leases over a restart. Called from one thread at a time.
class LeaseStore {
public:
    virtual ~LeaseStore() = default;

    /// Every lease that was saved and not erased, at most one per MAC; expired ones may be among
    /// them. Called once, at start.
    virtual std::vector<DhcpLease> load() = 0;

    /// Replaces the lease of that MAC. When it returns, the lease survives a crash. Throws Error.
    virtual void save(const DhcpLease& lease) = 0;

    /// Forgets the lease of that MAC, if any. Throws Error.
    virtual void erase(const MacAddress& mac) = 0;
};

/// Forgets everything with the process: for tests and for networks where that does not matter.
class NoLeaseStore : public LeaseStore {
public:
    std::vector<DhcpLease> load() override { return {}; }
    void save(const DhcpLease&) override {}
    void erase(const MacAddress&) override {}
};

}  // namespace ferrite::netboot
