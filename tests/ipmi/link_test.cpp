#include "ipmi/link.h"

#include <gtest/gtest.h>

#include "ipmi/rakp.h"
#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

struct Pair {
    explicit Pair(std::uint8_t suite)
        : console(*find_cipher_suite(suite), key, {.own = 1, .peer = 2, .bmc = 2},
                  counting_random(1)),
          bmc(*find_cipher_suite(suite), key, {.own = 2, .peer = 1, .bmc = 2}, counting_random(2)) {
    }
    Bytes key = Bytes(20, 0x42);
    LinkV20 console;
    LinkV20 bmc;
};

class EverySuite : public testing::TestWithParam<int> {};

TEST_P(EverySuite, CarriesMessagesOfAnyLength) {
    Pair pair(static_cast<std::uint8_t>(GetParam()));
    for (std::size_t size = 0; size < 70; ++size) {
        Bytes message(size, static_cast<std::uint8_t>(size));
        auto datagram = pair.console.wrap(message);
        auto packet = parse_packet(datagram);
        ASSERT_TRUE(packet);
        EXPECT_EQ(pair.bmc.unwrap(*packet), message) << size;
        EXPECT_FALSE(pair.bmc.unwrap(*packet)) << "a replay";
    }
}

INSTANTIATE_TEST_SUITE_P(Suites, EverySuite, testing::Values(1, 2, 3, 15, 16, 17));

TEST(LinkV20, NoChangedBitGetsThrough) {
    for (std::uint8_t suite : {2, 3, 16, 17}) {
        Pair pair(suite);
        auto datagram = pair.console.wrap(Bytes{1, 2, 3, 4, 5});
        for (std::size_t bit = 8 * kRmcpHeaderSize; bit < datagram.size() * 8; ++bit) {
            auto changed = datagram;
            changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
            if (auto packet = parse_packet(changed)) EXPECT_FALSE(pair.bmc.unwrap(*packet)) << bit;
        }
        EXPECT_TRUE(pair.bmc.unwrap(*parse_packet(datagram)));
    }
}

TEST(LinkV20, AWrongConfidentialityPadIsRefused) {
    // With the right codes: what a BMC with broken padding would send.
    auto key = Bytes(20, 0x42);
    auto iv = Bytes(16, 9);
    auto k1 = hmac(Hash::sha1, key, Bytes(20, 1));
    auto k2 = hmac(Hash::sha1, key, Bytes(20, 2));
    auto datagram_with = [&](Bytes plain) {
        auto body = aes_cbc_encrypt(ByteView(k2).first(16), iv, plain);
        auto payload = iv;
        payload.insert(payload.end(), body.begin(), body.end());
        auto out = begin_v20(0xC0, 2, 1, payload);
        out.u8(0xFF).u8(0xFF).u8(2).u8(7);
        auto code = hmac(Hash::sha1, k1, ByteView(out.bytes()).subspan(4));
        return out.raw(ByteView(code).first(12)).take();
    };
    auto good = from_hex("aa 0102030405060708090a0b0c0d0e 0e");
    auto bad_value = good;
    bad_value[3] = 7;
    auto bad_length = good;
    bad_length[15] = 16;
    EXPECT_EQ(Pair(3).bmc.unwrap(*parse_packet(datagram_with(good))), Bytes{0xAA});
    EXPECT_FALSE(Pair(3).bmc.unwrap(*parse_packet(datagram_with(bad_value))));
    EXPECT_FALSE(Pair(3).bmc.unwrap(*parse_packet(datagram_with(bad_length))));
}

TEST(LinkV15, CarriesAndChecksMessages) {
    for (auto type : {AuthType::none, AuthType::md5, AuthType::password}) {
        LinkV15 console(type, Secret("secret"), 77, 1);
        LinkV15 bmc(type, Secret("secret"), 77, 1);
        LinkV15 stranger(type, Secret("guess"), 77, 1);
        auto datagram = console.wrap(Bytes{1, 2, 3});
        EXPECT_EQ(bmc.unwrap(*parse_packet(datagram)), (Bytes{1, 2, 3}));
        if (type == AuthType::none) continue;
        EXPECT_FALSE(bmc.unwrap(*parse_packet(datagram))) << "a replay";
        EXPECT_FALSE(stranger.unwrap(*parse_packet(datagram)));
    }
}

TEST(SequenceWindow, TakesEachNumberOnceAndNoOldOnes) {
    SequenceWindow window(16);
    EXPECT_FALSE(window.accept(0));
    EXPECT_TRUE(window.accept(100));
    EXPECT_FALSE(window.accept(100));
    EXPECT_TRUE(window.accept(103));
    EXPECT_TRUE(window.accept(101));
    EXPECT_FALSE(window.accept(101));
    EXPECT_TRUE(window.accept(87));
    EXPECT_FALSE(window.accept(86));
    EXPECT_TRUE(window.accept(5000));
    EXPECT_FALSE(window.accept(103));
    EXPECT_TRUE(window.accept(4999));
}

TEST(Rakp, MessagesSurviveTheWireAndNoTruncation) {
    Rakp1 one{.tag = 3, .bmc_id = 9, .role = 0x14, .user = "admin"};
    auto wire = encode(one);
    EXPECT_EQ(wire.size(), 28u + 5);
    auto parsed = parse_rakp1(wire);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->user, "admin");
    for (std::size_t i = 0; i < wire.size(); ++i)
        EXPECT_FALSE(parse_rakp1(ByteView(wire).first(i))) << i;
    auto request = encode(OpenSessionRequest{.tag = 1,
                                             .max_privilege = 4,
                                             .console_id = 0x0A0B0C0D,
                                             .authentication = 3,
                                             .integrity = 4,
                                             .confidentiality = 1});
    EXPECT_EQ(request, from_hex("01 04 0000 0d0c0b0a 00 0000 08 03 000000 01 0000 08 04 000000 "
                                "02 0000 08 01 000000"));
}

TEST(Rakp, KgKeyAndPasswordGiveDifferentSessionKeys) {
    RakpExchange exchange{.hash = Hash::sha256, .role = 0x14, .user = "admin"};
    EXPECT_NE(exchange.session_key(Secret("a")), exchange.session_key(Secret("b")));
    EXPECT_EQ(exchange.rakp4_check(Bytes(32), *find_cipher_suite(17)).size(), 16u);
    EXPECT_EQ(exchange.rakp4_check(Bytes(32), *find_cipher_suite(3)).size(), 12u);
}

}  // namespace
}  // namespace ferrite::ipmi
