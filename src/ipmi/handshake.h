#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "ipmi/crypto.h"
#include "ipmi/error.h"
#include "ipmi/link.h"
#include "ipmi/packet.h"
#include "ipmi/session_options.h"

namespace ferrite::ipmi {

/// What a packet did to a handshake.
struct Ignored {};  ///< Not for us, or not now.
struct SendNext {
    Bytes datagram;
};  ///< The next message; retransmit it as it is.
struct Established {
    std::unique_ptr<Link> link;
};  ///< Done.
struct NextSuite {
    Failure failure;
};  ///< Not with this cipher suite.
struct TryLater {
    Failure failure;
};  ///< No session is free just now.
struct StartOver {
    Failure failure;
};  ///< The two sides lost each other.
/// It cannot work; `parting`, when not empty, tells the BMC to forget the half-open session.
struct Refused {
    Failure failure;
    Bytes parting;
};

using Progress =
    std::variant<Ignored, SendNext, Established, NextSuite, TryLater, StartOver, Refused>;

/// The client's side of setting one session up: from the first packet after discovery to a Link.
/// Knows no time: whoever drives it retransmits.
class Handshake {
public:
    virtual ~Handshake() = default;

    /// The first datagram. Call once.
    virtual Bytes begin() = 0;

    virtual Progress on_packet(const Packet& packet) = 0;

    /// Called before the last datagram is sent again; `times` counts its transmissions so far.
    /// Ignored: go on.
    virtual Progress on_silence(unsigned times) = 0;

    /// The message whose answer is awaited, for error texts.
    virtual std::string_view stage() const = 0;
};

/// Open Session and RAKP messages 1 to 4. `console_id` must be unique among the sessions that share
/// a socket.
std::unique_ptr<Handshake> make_handshake_v20(const SessionOptions& options,
                                              const CipherSuite& suite, std::uint32_t console_id,
                                              std::uint8_t first_tag, RandomSource random);

/// Get Session Challenge and Activate Session. `offered` are the authentication types of the
/// channel (bit n: type n); null when we speak none of them. `first_sequence` is the IPMI sequence
/// number to begin with.
std::unique_ptr<Handshake> make_handshake_v15(const SessionOptions& options, std::uint8_t offered,
                                              std::uint8_t first_sequence);

/// After so many transmissions without an answer a handshake thinks that its message is being
/// ignored rather than lost.
inline constexpr unsigned kPatience = 4;

}  // namespace ferrite::ipmi
