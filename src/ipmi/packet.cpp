#include "ipmi/packet.h"

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kRmcpVersion = 0x06;
constexpr std::uint8_t kNoAcknowledge = 0xFF;
constexpr std::uint8_t kClassIpmi = 0x07;
constexpr std::uint8_t kClassAsf = 0x06;
constexpr std::uint32_t kAsfEnterprise = 4542;
constexpr std::uint8_t kPresencePong = 0x40;
constexpr std::uint8_t kPresencePing = 0x80;
constexpr std::size_t kV15AuthCode = 16;

std::optional<Packet> parse_v15(AuthType auth_type, ByteReader in) {
    PacketV15 packet{.auth_type = auth_type};
    packet.sequence = in.u32_le();
    packet.session_id = in.u32_le();
    if (auth_type != AuthType::none) packet.auth_code = in.take(kV15AuthCode);
    packet.message = in.take(in.u8());
    if (in.failed()) return {};
    return packet;  // One more byte may follow: the pad that old network chips need.
}

std::optional<Packet> parse_v20(ByteView session_part) {
    ByteReader in(session_part);
    in.skip(1);
    auto type = in.u8();
    PacketV20 packet{.type = static_cast<PayloadType>(type & 0x3F),
                     .encrypted = (type & kEncryptedFlag) != 0,
                     .authenticated = (type & kAuthenticatedFlag) != 0,
                     .session_part = session_part};
    if (packet.type == PayloadType::oem) in.skip(6);  // enterprise number and OEM payload id
    packet.session_id = in.u32_le();
    packet.sequence = in.u32_le();
    packet.payload = in.take(in.u16_le());
    packet.trailer = in.rest();
    if (in.failed()) return {};
    return packet;
}

ByteWriter begin_rmcp(std::uint8_t message_class) {
    ByteWriter out;
    out.u8(kRmcpVersion).u8(0).u8(kNoAcknowledge).u8(message_class);
    return out;
}

}  // namespace

std::optional<Packet> parse_packet(ByteView datagram) {
    ByteReader in(datagram);
    auto version = in.u8();
    in.skip(2);
    auto message_class = in.u8();
    if (in.failed() || version != kRmcpVersion || message_class != kClassIpmi) return {};
    auto session_part = in.rest();
    auto auth_type = in.u8();
    if (in.failed()) return {};
    switch (static_cast<AuthType>(auth_type)) {
        case AuthType::rmcpp:
            return parse_v20(session_part);
        case AuthType::none:
        case AuthType::md2:
        case AuthType::md5:
        case AuthType::password:
        case AuthType::oem:
            return parse_v15(static_cast<AuthType>(auth_type), in);
    }
    return {};
}

std::optional<std::uint32_t> console_session_id(const Packet& packet) {
    const auto* v20 = std::get_if<PacketV20>(&packet);
    if (v20 == nullptr) return {};
    if (v20->session_id != 0) return v20->session_id;
    switch (v20->type) {
        case PayloadType::open_session_response:
        case PayloadType::rakp2:
        case PayloadType::rakp4: {
            ByteReader in(v20->payload);
            in.skip(4);  // tag, status, two bytes that differ
            auto id = in.u32_le();
            if (in.failed() || id == 0) return {};
            return id;
        }
        default:
            return {};
    }
}

Bytes encode_v15(AuthType auth_type, std::uint32_t sequence, std::uint32_t session_id,
                 ByteView auth_code, ByteView message) {
    auto out = begin_rmcp(kClassIpmi);
    out.u8(static_cast<std::uint8_t>(auth_type)).u32_le(sequence).u32_le(session_id);
    if (auth_type != AuthType::none) out.raw(auth_code);
    out.u8(static_cast<std::uint8_t>(message.size())).raw(message);
    return out.take();
}

ByteWriter begin_v20(std::uint8_t type_and_flags, std::uint32_t session_id, std::uint32_t sequence,
                     ByteView payload) {
    auto out = begin_rmcp(kClassIpmi);
    out.u8(static_cast<std::uint8_t>(AuthType::rmcpp)).u8(type_and_flags);
    out.u32_le(session_id).u32_le(sequence);
    out.u16_le(static_cast<std::uint16_t>(payload.size())).raw(payload);
    return out;
}

Bytes encode_setup(PayloadType type, ByteView payload) {
    return begin_v20(static_cast<std::uint8_t>(type), 0, 0, payload).take();
}

std::optional<Bytes> answer_presence_ping(ByteView datagram) {
    ByteReader in(datagram);
    auto version = in.u8();
    in.skip(2);
    auto message_class = in.u8();
    auto enterprise = in.u32();
    auto type = in.u8();
    auto tag = in.u8();
    if (in.failed() || version != kRmcpVersion || message_class != kClassAsf ||
        enterprise != kAsfEnterprise || type != kPresencePing)
        return {};
    constexpr std::uint8_t kSupportsIpmi = 0x81;
    auto out = begin_rmcp(kClassAsf);
    out.u32(kAsfEnterprise).u8(kPresencePong).u8(tag).u8(0).u8(16);
    out.u32(kAsfEnterprise).u32(0).u8(kSupportsIpmi).u8(0).zeros(6);
    return out.take();
}

}  // namespace ferrite::ipmi
