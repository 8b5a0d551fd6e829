#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "netboot/mac_address.h"

namespace ferrite::netboot {

/// DHCP option 53 (RFC 2132 section 9.6).
enum class DhcpType : std::uint8_t {
    discover = 1,
    offer = 2,
    request = 3,
    decline = 4,
    ack = 5,
    nak = 6,
    release = 7,
    inform = 8,
};

/// The DHCP options that the boot service reads or writes.
namespace option {
inline constexpr std::uint8_t kSubnetMask = 1, kRouter = 3, kDns = 6, kHostName = 12,
                              kDomainName = 15, kMtu = 26, kBroadcast = 28, kNtp = 42,
                              kVendorSpecific = 43, kRequestedAddress = 50, kLeaseTime = 51,
                              kOverload = 52, kMessageType = 53, kServerId = 54,
                              kParameterList = 55, kMessage = 56, kMaxMessageSize = 57,
                              kRenewalTime = 58, kRebindingTime = 59, kVendorClass = 60,
                              kClientId = 61, kTftpServer = 66, kBootFile = 67, kUserClass = 77,
                              kRelayInformation = 82, kArchitecture = 93, kClientUuid = 97,
                              kIpxe = 175, kPad = 0, kEnd = 255;
}  // namespace option

/// The options of one message in order; a repeated code is one value (RFC 3396).
class DhcpOptionSet {
public:
    bool has(std::uint8_t code) const;
    /// The value, or an empty view.
    ByteView get(std::uint8_t code) const;
    /// The value when it is exactly that long.
    std::optional<std::uint8_t> u8(std::uint8_t code) const;
    std::optional<std::uint16_t> u16(std::uint8_t code) const;
    std::optional<std::uint32_t> u32(std::uint8_t code) const;
    std::optional<IpAddress> address(std::uint8_t code) const;

    /// Replaces, or appends at the end.
    void set(std::uint8_t code, Bytes value);
    void set_u8(std::uint8_t code, std::uint8_t value);
    void set_u16(std::uint8_t code, std::uint16_t value);
    void set_u32(std::uint8_t code, std::uint32_t value);
    void set_text(std::uint8_t code, std::string_view value);
    void set_addresses(std::uint8_t code, const std::vector<IpAddress>& values);

    /// Adds to the value of `code`, as a parser meets it piece by piece.
    void append(std::uint8_t code, ByteView more);

    auto begin() const { return options_.begin(); }
    auto end() const { return options_.end(); }

private:
    std::vector<std::pair<std::uint8_t, Bytes>> options_;
};

/// One DHCP message (RFC 2131 section 2), decoded.
///
///     auto message = DhcpMessage::parse(packet);
///     if (!message) return drop(message.error());
struct DhcpMessage {
    static constexpr std::uint8_t kRequestOp = 1, kReplyOp = 2;
    static constexpr std::uint16_t kBroadcastFlag = 0x8000;

    std::uint8_t op = kRequestOp;
    std::uint8_t hops = 0;
    std::uint32_t xid = 0;
    std::uint16_t secs = 0;
    std::uint16_t flags = 0;
    IpAddress ciaddr, yiaddr, siaddr, giaddr;
    MacAddress mac;           ///< Ethernet only; anything else is no message for us.
    std::string server_name;  ///< At most 63 bytes.
    std::string file;         ///< At most 127 bytes.
    DhcpOptionSet options;

    /// Decodes a packet, also options that were moved into `file` and `sname` (option 52). The
    /// error is a short reason for the log.
    static std::expected<DhcpMessage, std::string_view> parse(ByteView packet);

    /// Encodes into at most `max_bytes` of UDP payload. Options that no longer fit are left out,
    /// the last ones first; relay information (82) is always kept and comes last (RFC 3046).
    Bytes encode(std::size_t max_bytes = 548) const;

    /// Option 53, nothing for plain BOOTP or a value that does not exist.
    std::optional<DhcpType> type() const;
};

}  // namespace ferrite::netboot
