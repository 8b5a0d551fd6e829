#pragma once

#include <string>

#include "base/ip_address.h"

namespace ferrite::daemon {

/// The first IPv4 address of a network interface and the network behind it.
struct NetworkInterface {
    IpAddress address;
    unsigned prefix_length = 24;
};

/// Throws InvalidValue that names the interface when it does not exist or has no IPv4 address.
NetworkInterface network_interface(const std::string& name);

/// The interface that has `address`; its prefix is 24 when no interface of this host has it.
NetworkInterface interface_with(const IpAddress& address);

}  // namespace ferrite::daemon
