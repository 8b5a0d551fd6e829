#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/circuit_breaker.h"
#include "base/secret.h"

namespace ferrite::ipmi {

enum class Protocol { v2_0, v1_5 };

/// What a session may do, as IPMI numbers it.
enum class Privilege : std::uint8_t { callback = 1, user = 2, operator_ = 3, administrator = 4 };

/// How to reach a BMC and how patient to be with it.
struct SessionOptions {
    std::string host;  ///< Name or numeric address, IPv4 or IPv6.
    std::uint16_t port = 623;
    std::string user;  ///< At most 16 bytes; empty: the null user.
    Secret password;   ///< At most 20 bytes (16 with IPMI 1.5).
    Privilege privilege = Privilege::administrator;

    Protocol protocol = Protocol::v2_0;
    bool allow_v1_5 = false;                   ///< Fall back when the BMC says it has no IPMI 2.0.
    std::optional<std::uint8_t> cipher_suite;  ///< Only this one.
    std::vector<std::uint8_t> cipher_suites_to_try{17, 3};  ///< Best first, without cipher_suite.
    Secret kg_key;  ///< The BMC's key, at most 20 bytes, may be binary; empty: it has none.

    std::chrono::milliseconds timeout{60'000};  ///< For a command, with opening the session.
    std::chrono::milliseconds retry_interval{
        1'000};  ///< Before the first retransmission; then grows.
    std::chrono::milliseconds min_command_interval{0};  ///< From an answer to the next command.
    std::chrono::milliseconds idle_timeout{15'000};  ///< Then the session is closed; BMCs have few.
    CircuitBreaker::Settings breaker;                ///< When polls of a silent BMC are left out.
};

/// Throws InvalidValue that names the option when one cannot be: a password too long for the
/// protocol, a cipher suite we do not speak, an interval that is not positive.
void validate(const SessionOptions& options);

}  // namespace ferrite::ipmi
