#include "netboot/dhcp_message.h"

#include <gtest/gtest.h>

#include "netboot/fakes.h"

namespace ferrite::netboot {
namespace {

/// A DISCOVER made by hand, byte by byte, with `options` behind the cookie.
Bytes discover(ByteView options) {
    ByteWriter out;
    out.u8(1).u8(1).u8(6).u8(0).u32(0xcafe0001).u16(3).u16(0x8000).zeros(16);
    out.raw(kMac.octets()).zeros(10).zeros(64).zeros(128).u32(0x63825363).raw(options);
    return out.take();
}

TEST(DhcpMessage, ReadsHeaderAndOptions) {
    auto message = DhcpMessage::parse(discover(Bytes{53, 1, 1, 0, 0, 57, 2, 5, 220, 255, 99}));
    ASSERT_TRUE(message) << message.error();
    EXPECT_EQ(message->type(), DhcpType::discover);
    EXPECT_EQ(message->xid, 0xcafe0001u);
    EXPECT_EQ(message->secs, 3);
    EXPECT_EQ(message->flags, DhcpMessage::kBroadcastFlag);
    EXPECT_EQ(message->mac, kMac);
    EXPECT_EQ(message->options.u16(option::kMaxMessageSize), 1500);
    EXPECT_FALSE(message->options.u32(option::kMaxMessageSize)) << "wrong length is no value";
    EXPECT_FALSE(message->options.has(99)) << "behind the end mark";
}

TEST(DhcpMessage, JoinsPiecesOfOneOption) {
    auto message = DhcpMessage::parse(discover(Bytes{12, 2, 'a', 'b', 53, 1, 1, 12, 1, 'c', 255}));
    ASSERT_TRUE(message);
    EXPECT_EQ(as_text(message->options.get(option::kHostName)), "abc");
}

TEST(DhcpMessage, ReadsOptionsMovedIntoFileAndServerName) {
    auto packet = discover(Bytes{52, 1, 3, 53, 1, 1, 255});
    Bytes in_file{67, 2, 'f', 'i', 255};
    Bytes in_name{12, 1, 'h', 255};
    std::ranges::copy(in_name, packet.begin() + 44);
    std::ranges::copy(in_file, packet.begin() + 108);
    auto message = DhcpMessage::parse(packet);
    ASSERT_TRUE(message);
    EXPECT_EQ(as_text(message->options.get(option::kBootFile)), "fi");
    EXPECT_EQ(as_text(message->options.get(option::kHostName)), "h");
    EXPECT_TRUE(message->file.empty());
}

TEST(DhcpMessage, RefusesWhatIsNoMessage) {
    auto good = discover(Bytes{53, 1, 1, 255});
    for (std::size_t size = 0; size < 240; ++size)
        EXPECT_FALSE(DhcpMessage::parse(ByteView(good).first(size))) << size;
    auto bad_cookie = good;
    bad_cookie[236] = 0;
    EXPECT_EQ(DhcpMessage::parse(bad_cookie).error(), "no DHCP magic cookie");
    auto token_ring = good;
    token_ring[1] = 6;
    EXPECT_EQ(DhcpMessage::parse(token_ring).error(), "not an Ethernet client");
    EXPECT_EQ(DhcpMessage::parse(discover(Bytes{53, 9, 1})).error(), "an option is cut off");
    EXPECT_EQ(DhcpMessage::parse(discover(Bytes{53})).error(), "an option is cut off");
}

TEST(DhcpMessage, SurvivesARoundTrip) {
    DhcpMessage message;
    message.op = DhcpMessage::kReplyOp;
    message.xid = 7;
    message.yiaddr = ip("10.0.0.9");
    message.siaddr = ip("10.0.0.1");
    message.mac = kMac;
    message.file = "undionly.kpxe";
    message.server_name = "boot";
    message.options.set_u8(option::kMessageType, 2);
    message.options.set_text(option::kBootFile, std::string(300, 'x'));
    auto again = DhcpMessage::parse(message.encode(1400));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->yiaddr, message.yiaddr);
    EXPECT_EQ(again->siaddr, message.siaddr);
    EXPECT_EQ(again->file, "undionly.kpxe");
    EXPECT_EQ(again->server_name, "boot");
    EXPECT_EQ(again->options.get(option::kBootFile).size(), 300u);
    EXPECT_EQ(again->type(), DhcpType::offer);
}

TEST(DhcpMessage, KeepsWithinTheClientsLimit) {
    DhcpMessage message;
    message.mac = kMac;
    message.options.set_u8(option::kMessageType, 5);
    message.options.set(option::kRelayInformation, Bytes(40, 1));
    message.options.set_text(option::kHostName, std::string(200, 'h'));
    message.options.set_text(option::kDomainName, std::string(200, 'd'));
    auto packet = message.encode(548);
    EXPECT_LE(packet.size(), 548u);
    auto again = DhcpMessage::parse(packet);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->options.has(option::kHostName));
    EXPECT_FALSE(again->options.has(option::kDomainName));
    std::vector<std::uint8_t> codes;
    for (auto& [code, value] : again->options) codes.push_back(code);
    EXPECT_EQ(codes.back(), option::kRelayInformation) << "RFC 3046: last";
}

TEST(DhcpMessage, IsNeverShorterThanBootp) {
    DhcpMessage message;
    message.mac = kMac;
    EXPECT_EQ(message.encode().size(), 300u);
}

TEST(MacAddress, ReadsBothSpellingsAndNothingElse) {
    EXPECT_EQ(MacAddress::parse("52-54-00-AB-cd-01")->to_text(), "52:54:00:ab:cd:01");
    EXPECT_EQ(kMac.to_dashes(), "52-54-00-77-00-01");
    for (auto* bad : {"", "52:54:00:77:00", "52:54:00:77:00:0g", "52:54-00:77:00:01",
                      "52.54.00.77.00.01", "52:54:00:77:00:011"})
        EXPECT_FALSE(MacAddress::parse(bad)) << bad;
}

}  // namespace
}  // namespace ferrite::netboot
