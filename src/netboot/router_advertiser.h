#pragma once

#include <memory>
#include <string>

#include "base/runtime.h"

namespace ferrite::netboot {

/// Answers IPv6 router solicitations on one interface with an advertisement that says "no router,
/// no prefix, no DHCPv6" (RFC 4861 section 4.2), and repeats it now and then.
///
/// iPXE waits 12 s for a router advertisement before it goes on with IPv4; on a network without
/// IPv6 routers this saves those seconds of every boot. A lifetime of 0 keeps every machine from
/// taking us for its router. Do not use it on a network that has IPv6 routers.
class RouterAdvertiser {
public:
    /// `runtime` must outlive this object.
    RouterAdvertiser(Runtime& runtime, std::string device);
    ~RouterAdvertiser();
    RouterAdvertiser(const RouterAdvertiser&) = delete;
    RouterAdvertiser& operator=(const RouterAdvertiser&) = delete;

    /// Opens a raw socket, which needs CAP_NET_RAW, and begins. Throws Error that names interface
    /// and cause.
    void start();

    /// Ends within a fraction of a second. Any executor.
    Task<> stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::netboot
