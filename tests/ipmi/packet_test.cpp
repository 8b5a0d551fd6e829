#include "ipmi/packet.h"

#include <gtest/gtest.h>

#include "ipmi/message.h"
#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

TEST(Message, RequestHasTheBytesOfTheSpecification) {
    Request request{kNetFnApp, kGetChannelAuthCapabilities, {0x8E, 0x04}};
    EXPECT_EQ(encode_request(request, 0), from_hex("20 18 c8 81 00 38 8e 04 b5"));
}

TEST(Message, ResponseAnswersItsRequestOnly) {
    Request request{kNetFnChassis, 0x01, {}};
    auto wire = encode_request(request, 9);
    auto seen = parse_request(wire);
    ASSERT_TRUE(seen);
    auto reply = encode_response(*seen, 0xC1, Bytes{7, 8});
    auto response = parse_response(reply);
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->answers(request, 9));
    EXPECT_FALSE(response->answers(request, 10));
    EXPECT_FALSE(response->answers({kNetFnApp, 0x01, {}}, 9));
    EXPECT_EQ(response->completion_code, 0xC1);
    EXPECT_EQ(Bytes(response->data.begin(), response->data.end()), (Bytes{7, 8}));
}

TEST(Message, DamageAndTheWrongDirectionAreRefused) {
    auto wire = encode_request({kNetFnChassis, 0x01, {}}, 9);
    EXPECT_FALSE(parse_response(wire));
    for (std::size_t i = 0; i < wire.size(); ++i) {
        auto damaged = wire;
        damaged[i] ^= 0x10;
        EXPECT_FALSE(parse_request(damaged)) << i;
        EXPECT_FALSE(parse_request(ByteView(wire).first(i))) << i;
    }
}

TEST(Packet, DiscoveryHasTheBytesThatIpmitoolSends) {
    auto message = encode_request({kNetFnApp, kGetChannelAuthCapabilities, {0x8E, 0x04}}, 0);
    EXPECT_EQ(encode_v15(AuthType::none, 0, 0, {}, message),
              from_hex("06 00 ff 07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5"));
}

TEST(Packet, EveryTruncationIsRefusedAndNothingElseChanges) {
    auto code = Bytes(16, 0xAB);
    auto whole = encode_v15(AuthType::md5, 7, 0x01020304, code, Bytes{1, 2, 3});
    auto packet = parse_packet(whole);
    ASSERT_TRUE(packet);
    const auto& v15 = std::get<PacketV15>(*packet);
    EXPECT_EQ(v15.sequence, 7u);
    EXPECT_EQ(v15.session_id, 0x01020304u);
    EXPECT_EQ(v15.message.size(), 3u);
    for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_FALSE(parse_packet(ByteView(whole).first(i))) << i;
}

TEST(Packet, OtherClassesVersionsAndAuthenticationTypesAreRefused) {
    auto whole = encode_v15(AuthType::none, 0, 0, {}, Bytes{1});
    for (auto [at, value] : {std::pair{0, 0x05}, {3, 0x06}, {3, 0x87}, {4, 0x03}, {4, 0x07}}) {
        auto changed = whole;
        changed[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
        EXPECT_FALSE(parse_packet(changed)) << at << " " << value;
    }
}

TEST(Packet, SetupRepliesNameTheConsoleSession) {
    auto reply = encode(Rakp2{.tag = 1, .status = 0x0D, .console_id = 0xA1B2C3D4});
    auto datagram = encode_setup(PayloadType::rakp2, reply);
    EXPECT_EQ(console_session_id(*parse_packet(datagram)), 0xA1B2C3D4u);
    auto request = encode_setup(PayloadType::rakp1, reply);
    EXPECT_FALSE(console_session_id(*parse_packet(request)));
    auto in_session = begin_v20(0xC0, 99, 1, Bytes{1}).take();
    EXPECT_EQ(console_session_id(*parse_packet(in_session)), 99u);
}

TEST(Packet, PresencePingGetsAPong) {
    auto pong = answer_presence_ping(from_hex("06 00 ff 06 000011be 80 5a 00 00"));
    ASSERT_TRUE(pong);
    EXPECT_EQ(*pong, from_hex("06 00 ff 06 000011be 40 5a 00 10 000011be 00000000 81 00 0000 "
                              "00000000"));
    EXPECT_FALSE(answer_presence_ping(from_hex("06 00 ff 06 000011be 40 5a 00 00")));
    EXPECT_FALSE(answer_presence_ping(from_hex("06 00 ff 06 0000")));
}

}  // namespace
}  // namespace ferrite::ipmi
