#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace ferrite::ipmi {

/// Network functions of requests (IPMI 2.0 table 5-1); a response has the lowest bit set.
inline constexpr std::uint8_t kNetFnChassis = 0x00;
inline constexpr std::uint8_t kNetFnApp = 0x06;

/// Commands of the session itself (network function App, IPMI 2.0 section 22).
inline constexpr std::uint8_t kGetChannelAuthCapabilities = 0x38;
inline constexpr std::uint8_t kGetSessionChallenge = 0x39;
inline constexpr std::uint8_t kActivateSession = 0x3A;
inline constexpr std::uint8_t kSetSessionPrivilege = 0x3B;
inline constexpr std::uint8_t kCloseSession = 0x3C;
inline constexpr std::uint8_t kGetChannelCipherSuites = 0x54;

/// A command for a BMC: what `ipmitool raw` takes.
struct Request {
    std::uint8_t net_fn = 0;
    std::uint8_t command = 0;
    Bytes data;  ///< At most kMostData bytes.
};

/// What fits into the one-byte length of an IPMI 1.5 packet beside the message's own seven bytes.
inline constexpr std::size_t kMostData = 248;

/// A response as it came from the wire; `data` views the bytes that were parsed.
struct ResponseMessage {
    std::uint8_t net_fn = 0;  ///< Of the response: odd.
    std::uint8_t command = 0;
    std::uint8_t sequence = 0;  ///< 6 bits, copied from the request.
    std::uint8_t completion_code = 0;
    ByteView data;

    bool answers(const Request& request, std::uint8_t request_sequence) const {
        return net_fn == (request.net_fn | 1) && command == request.command &&
               sequence == request_sequence;
    }
};

/// A request as it came from the wire, with what its response must carry back.
struct RequestMessage {
    std::uint8_t responder_address = 0;
    std::uint8_t net_fn = 0;
    std::uint8_t responder_lun = 0;
    std::uint8_t requester_address = 0;
    std::uint8_t requester_lun = 0;
    std::uint8_t sequence = 0;
    std::uint8_t command = 0;
    ByteView data;
};

/// The LAN message (section 13.8) that carries `request`; `sequence` has 6 bits.
Bytes encode_request(const Request& request, std::uint8_t sequence);
Bytes encode_response(const RequestMessage& request, std::uint8_t completion_code, ByteView data);

/// Nothing when it is too short, has a wrong checksum or goes the other way.
std::optional<ResponseMessage> parse_response(ByteView message);
std::optional<RequestMessage> parse_request(ByteView message);

}  // namespace ferrite::ipmi
