#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"
#include "ipmi/cipher_suite.h"

namespace ferrite::ipmi {

/// The six messages that set an IPMI 2.0 session up (sections 13.17 to 13.23) and the codes in
/// them. Both sides use this file. Parsers give nothing for a message that is too short.

using Nonce = std::array<std::uint8_t, 16>;

struct OpenSessionRequest {
    std::uint8_t tag = 0;
    std::uint8_t max_privilege = 0;  ///< 0: the highest the suite allows.
    std::uint32_t console_id = 0;
    std::uint8_t authentication = 0, integrity = 0, confidentiality = 0;
};

struct OpenSessionResponse {
    std::uint8_t tag = 0;
    std::uint8_t status = 0;
    std::uint8_t max_privilege = 0;
    std::uint32_t console_id = 0;
    std::uint32_t bmc_id = 0;
    std::uint8_t authentication = 0, integrity = 0, confidentiality = 0;
};

struct Rakp1 {
    std::uint8_t tag = 0;
    std::uint32_t bmc_id = 0;
    Nonce console_random{};
    std::uint8_t role = 0;  ///< Privilege, and kNameOnlyLookup.
    std::string user;
};

struct Rakp2 {
    std::uint8_t tag = 0;
    std::uint8_t status = 0;
    std::uint32_t console_id = 0;
    Nonce bmc_random{};
    Nonce guid{};
    Bytes auth_code;
};

struct Rakp3 {
    std::uint8_t tag = 0;
    std::uint8_t status = 0;
    std::uint32_t bmc_id = 0;
    Bytes auth_code;
};

struct Rakp4 {
    std::uint8_t tag = 0;
    std::uint8_t status = 0;
    std::uint32_t console_id = 0;
    Bytes check;
};

/// In Rakp1::role: look the user up by name alone, not by name and privilege.
inline constexpr std::uint8_t kNameOnlyLookup = 0x10;

Bytes encode(const OpenSessionRequest& message);
Bytes encode(const OpenSessionResponse& message);
Bytes encode(const Rakp1& message);
Bytes encode(const Rakp2& message);
Bytes encode(const Rakp3& message);
Bytes encode(const Rakp4& message);

std::optional<OpenSessionRequest> parse_open_session_request(ByteView payload);
std::optional<OpenSessionResponse> parse_open_session_response(ByteView payload);
std::optional<Rakp1> parse_rakp1(ByteView payload);
std::optional<Rakp2> parse_rakp2(ByteView payload);
std::optional<Rakp3> parse_rakp3(ByteView payload);
std::optional<Rakp4> parse_rakp4(ByteView payload);

/// What both sides know after RAKP message 2, and the codes computed from it (section 13.31).
struct RakpExchange {
    Hash hash = Hash::none;
    std::uint32_t console_id = 0;
    std::uint32_t bmc_id = 0;
    Nonce console_random{};
    Nonce bmc_random{};
    Nonce guid{};
    std::uint8_t role = 0;
    std::string user;

    /// The BMC's proof in message 2 and the console's in message 3 that they know the password.
    Bytes rakp2_code(const Secret& password) const;
    Bytes rakp3_code(const Secret& password) const;
    /// The session integrity key. `kg` is the BMC's key, or the password when it has none.
    Bytes session_key(const Secret& kg) const;
    /// The BMC's proof in message 4 that it has the same session key.
    Bytes rakp4_check(ByteView session_key, const CipherSuite& suite) const;
};

}  // namespace ferrite::ipmi
