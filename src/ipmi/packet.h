#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"

namespace ferrite::ipmi {

/// How the packets of a session prove where they come from (IPMI 2.0 section 13.6).
enum class AuthType : std::uint8_t { none = 0, md2 = 1, md5 = 2, password = 4, oem = 5, rmcpp = 6 };

/// What an IPMI 2.0 packet carries (section 13.27.3).
enum class PayloadType : std::uint8_t {
    ipmi = 0x00,
    sol = 0x01,
    oem = 0x02,
    open_session_request = 0x10,
    open_session_response = 0x11,
    rakp1 = 0x12,
    rakp2 = 0x13,
    rakp3 = 0x14,
    rakp4 = 0x15,
};

/// A packet of an IPMI 1.5 session, or outside any session. Views the datagram.
struct PacketV15 {
    AuthType auth_type = AuthType::none;
    std::uint32_t sequence = 0;
    std::uint32_t session_id = 0;
    ByteView auth_code;  ///< 16 bytes, or none with AuthType::none.
    ByteView message;
};

/// A packet of an IPMI 2.0 session (RMCP+) or of its set-up. Views the datagram; its integrity is
/// not checked yet.
struct PacketV20 {
    PayloadType type = PayloadType::ipmi;
    bool encrypted = false;
    bool authenticated = false;
    std::uint32_t session_id = 0;
    std::uint32_t sequence = 0;
    ByteView payload;
    ByteView session_part;  ///< From the authentication type to the datagram's end.
    ByteView trailer;       ///< What follows the payload: pad and authentication code.
};

using Packet = std::variant<PacketV15, PacketV20>;

/// Takes a datagram apart: RMCP header (ASF 2.0), then IPMI 1.5 or 2.0 session header. Nothing when
/// it is not an IPMI packet or does not fit together.
std::optional<Packet> parse_packet(ByteView datagram);

/// The session id chosen by the console to which an IPMI 2.0 packet belongs, also of the replies
/// that set a session up; nothing when the packet carries none. What a transport demultiplexes by.
std::optional<std::uint32_t> console_session_id(const Packet& packet);

/// `auth_code` must be 16 bytes unless `auth_type` is none.
Bytes encode_v15(AuthType auth_type, std::uint32_t sequence, std::uint32_t session_id,
                 ByteView auth_code, ByteView message);

/// A packet of session set-up: no session, neither authenticated nor encrypted.
Bytes encode_setup(PayloadType type, ByteView payload);

/// The start of an IPMI 2.0 packet up to and with its payload.
ByteWriter begin_v20(std::uint8_t type_and_flags, std::uint32_t session_id, std::uint32_t sequence,
                     ByteView payload);

inline constexpr std::uint8_t kEncryptedFlag = 0x80;
inline constexpr std::uint8_t kAuthenticatedFlag = 0x40;
inline constexpr std::size_t kRmcpHeaderSize = 4;

/// The pong for an ASF presence ping (DSP0136 section 3.2.4); nothing when it is not a ping.
std::optional<Bytes> answer_presence_ping(ByteView datagram);

}  // namespace ferrite::ipmi
