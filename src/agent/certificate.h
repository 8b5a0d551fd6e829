#pragma once

#include <chrono>
#include <string>

#include "base/ip_address.h"
#include "base/secret.h"

namespace ferrite::agent {

/// A certificate that the agent made for itself and the key to it.
struct SelfSigned {
    std::string certificate_pem;
    Secret key_pem;
};

/// Makes an ECDSA P-256 key and a self-signed certificate for `address`: common name `host_name`,
/// the address as the only (critical) alternative name, valid from an hour before `now`, because
/// clocks of fresh machines are off, for 30 days. Throws Error when OpenSSL cannot.
SelfSigned make_certificate(const std::string& host_name, const IpAddress& address,
                            std::chrono::system_clock::time_point now);

}  // namespace ferrite::agent
