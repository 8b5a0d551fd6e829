#include "ipmi/session_protocol.h"

#include <random>

#include <gtest/gtest.h>

#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

TEST(SessionProtocolTest, OpensAsksAndStaysOpen) {
    Wire wire;
    auto outcome = wire.power_state();
    ASSERT_TRUE(outcome) << outcome.error().detail;
    EXPECT_EQ(parse_power_state(*outcome), PowerState::off);
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 6)
        << "discovery, open, RAKP 1 and 3, privilege, command";
    ASSERT_TRUE(wire.call(chassis_control(PowerAction::on)));
    EXPECT_EQ(parse_power_state(*wire.power_state()), PowerState::on);
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 8);
    EXPECT_TRUE(wire.session.established());
    EXPECT_EQ(wire.bmc.protocol.session_count(), 1u);
}

TEST(SessionProtocolTest, SpeaksEachCipherSuite) {
    for (std::uint8_t suite : {1, 2, 3, 15, 16, 17}) {
        auto client = client_options();
        client.cipher_suite = suite;
        auto bmc = bmc_options();
        bmc.cipher_suites = {suite};
        Wire wire(client, bmc);
        EXPECT_TRUE(wire.power_state()) << int{suite};
    }
}

TEST(SessionProtocolTest, FallsBackToSuite3AndRemembersIt) {
    auto bmc = bmc_options();
    bmc.cipher_suites = {3};
    Wire wire(client_options(), bmc);
    ASSERT_TRUE(wire.power_state());
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 7);
    wire.idle(1min);
    EXPECT_FALSE(wire.session.established());
    wire.sent.clear();
    ASSERT_TRUE(wire.power_state());
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 6) << "without asking for suite 17 again";
}

TEST(SessionProtocolTest, NullUserAndKgKeyWork) {
    auto client = client_options();
    client.user = "";
    client.password = Secret("");
    client.kg_key = Secret(std::string("\0\x01\xFF", 3));
    auto bmc = bmc_options();
    bmc.kg_key = client.kg_key;
    Wire wire(client, bmc);
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, ClosesWhenIdle) {
    Wire wire;
    ASSERT_TRUE(wire.power_state());
    wire.idle(14s);
    EXPECT_TRUE(wire.session.established());
    wire.idle(2s);
    EXPECT_FALSE(wire.session.established());
    EXPECT_EQ(wire.bmc.protocol.session_count(), 0u);
    EXPECT_FALSE(wire.session.next_timer());
    EXPECT_TRUE(wire.power_state()) << "and opens again";
}

TEST(SessionProtocolTest, CloseEndsTheSessionAndTheCommand) {
    Wire wire;
    ASSERT_TRUE(wire.power_state());
    wire.session.start(get_chassis_status(), wire.now);
    auto out = wire.session.close();
    ASSERT_TRUE(out.outcome);
    EXPECT_EQ(out.outcome->error().reason, Reason::closed);
    wire.take(std::move(out));
    wire.idle(1s);
    EXPECT_EQ(wire.bmc.protocol.session_count(), 0u);
}

TEST(SessionProtocolTest, WaitsForABmcThatIsSlow) {
    Wire wire;
    wire.answer_delay = 3s;
    auto begin = wire.now;
    ASSERT_TRUE(wire.power_state());
    EXPECT_LT(wire.now - begin, 20s) << "six answers of three seconds";
    EXPECT_LE(wire.sent[Wire::Way::to_bmc], 8) << "only the first was sent again";

    wire.idle(1min);
    EXPECT_FALSE(wire.session.established());
    wire.sent.clear();
    ASSERT_TRUE(wire.power_state());
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 6) << "and it is known by now";

    wire.answer_delay = 1ms;
    ASSERT_TRUE(wire.power_state());
    bool lost = false;
    wire.lose = [&](Wire::Way, const Bytes&) { return !std::exchange(lost, true); };
    begin = wire.now;
    ASSERT_TRUE(wire.power_state());
    EXPECT_LT(wire.now - begin, 2s) << "nor is one waited for longer that is quick again";
}

TEST(SessionProtocolTest, ACommandTakesThePlaceOfAnother) {
    for (bool opened : {true, false}) {
        SCOPED_TRACE(opened);
        Wire wire;
        if (opened) {
            ASSERT_TRUE(wire.power_state());
        }
        bool mute = true;
        wire.lose = [&](Wire::Way way, const Bytes&) { return mute && way == Wire::Way::to_bmc; };
        wire.take(wire.session.start(get_chassis_status(), wire.now));
        wire.idle(900ms);
        mute = false;
        wire.take(wire.session.replace(chassis_control(PowerAction::on), wire.now));
        wire.idle(5s);
        EXPECT_FALSE(wire.session.busy());
        EXPECT_EQ(wire.bmc.chassis.power, PowerState::on);
        EXPECT_EQ(parse_power_state(*wire.power_state()), PowerState::on);
    }
}

TEST(SessionProtocolTest, ReopensWhenTheBmcForgotTheSession) {
    Wire wire;
    ASSERT_TRUE(wire.power_state());
    wire.bmc.protocol.forget_sessions();
    EXPECT_TRUE(wire.power_state());
    EXPECT_EQ(wire.bmc.protocol.session_count(), 1u);
}

TEST(SessionProtocolTest, LivesWithLostPackets) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 dice(seed);
        auto client = client_options();
        client.cipher_suite = 17;
        auto bmc = bmc_options();
        bmc.max_sessions = 63;  // a login whose answers got lost holds its slot for a while
        Wire wire(client, bmc);
        wire.lose = [&](auto, const auto&) { return dice() % 4 == 0; };
        for (int i = 0; i < 5; ++i) {
            auto outcome = wire.power_state();
            // 60 s are not enough for the unluckiest; no other reason is ever given.
            if (!outcome) EXPECT_EQ(outcome.error().reason, Reason::no_answer) << seed;
        }
    }
}

TEST(SessionProtocolTest, AnyOneLostPacketIsMadeUpFor) {
    for (auto way : {Wire::Way::to_bmc, Wire::Way::to_client}) {
        for (int lost = 1; lost <= 6; ++lost) {
            Wire wire;
            int count = 0;
            wire.lose = [&](auto which, const auto&) { return which == way && ++count == lost; };
            auto outcome = wire.power_state();
            EXPECT_TRUE(outcome) << lost << " " << outcome.error().detail;
            EXPECT_LT(wire.now - Wire::TimePoint(1h), 12s);
        }
    }
}

TEST(SessionProtocolTest, RetransmissionsComeAtGrowingIntervals) {
    Wire wire;
    std::vector<Wire::TimePoint> times;
    wire.lose = [&](auto, const auto&) {
        times.push_back(wire.now);
        return true;
    };
    EXPECT_FALSE(wire.power_state());
    ASSERT_GE(times.size(), 7u);
    std::vector<std::chrono::seconds> gaps;
    for (std::size_t i = 1; i < 7; ++i)
        gaps.push_back(std::chrono::duration_cast<std::chrono::seconds>(times[i] - times[i - 1]));
    EXPECT_EQ(gaps, (std::vector<std::chrono::seconds>{1s, 2s, 3s, 4s, 5s, 5s}));
}

TEST(SessionProtocolTest, DamagedPacketsAreIgnored) {
    Wire wire;
    int count = 0;
    wire.tamper = [&](Wire::Way way, Bytes& datagram) {
        bool in_session = datagram[4] == 6 && (datagram[5] & kAuthenticatedFlag) != 0;
        if (way == Wire::Way::to_client && in_session && ++count % 2 == 1) datagram.back() ^= 0x01;
    };
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, TransientCodesAreRetriedWithinTheTimeout) {
    Wire wire;
    wire.bmc.completion_codes = {0xC0, 0xC4, 0xD2};
    EXPECT_TRUE(wire.power_state());
    EXPECT_EQ(wire.bmc.commands.size(), 4u);

    wire.bmc.completion_codes.assign(100, 0xC0);
    auto outcome = wire.power_state();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().reason, Reason::refused);
    EXPECT_EQ(outcome.error().completion_code, 0xC0);
    wire.bmc.completion_codes.clear();
    EXPECT_TRUE(wire.session.established());
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, ARefusalKeepsTheSession) {
    Wire wire;
    wire.bmc.completion_codes = {0xC1};
    auto outcome = wire.call({0x2E, 0x01, {}});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().completion_code, 0xC1);
    EXPECT_TRUE(wire.session.established());
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, AFreedSlotIsTaken) {
    auto options = bmc_options();
    options.max_sessions = 1;
    options.setup_timeout = 20s;
    Wire wire(client_options(), options);
    Bytes request = encode_setup(
        PayloadType::open_session_request,
        encode(OpenSessionRequest{
            .console_id = 5, .authentication = 1, .integrity = 1, .confidentiality = 1}));
    wire.bmc.protocol.on_packet(request, wire.now);  // somebody who never goes on
    EXPECT_TRUE(wire.power_state());
    EXPECT_GT(wire.now - Wire::TimePoint(1h), 20s);
}

TEST(SessionProtocolTest, CommandsAreSpacedButNotTheFirst) {
    auto options = client_options();
    options.min_command_interval = 5s;
    Wire wire(options);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(wire.power_state());
    ASSERT_EQ(wire.command_times.size(), 3u);
    EXPECT_LT(wire.command_times[0] - Wire::TimePoint(1h), 1s);
    EXPECT_GE(wire.command_times[1] - wire.command_times[0], 5s);
    EXPECT_GE(wire.command_times[2] - wire.command_times[1], 5s);
    EXPECT_LT(wire.command_times[2] - wire.command_times[1], 6s);
}

TEST(SessionProtocolTest, PacingDoesNotEatTheTimeout) {
    auto options = client_options();
    options.min_command_interval = 30s;
    options.timeout = 10s;
    Wire wire(options);
    ASSERT_TRUE(wire.power_state());
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, Version15WorksWhenAskedFor) {
    auto client = client_options();
    client.protocol = Protocol::v1_5;
    Wire wire(client);
    ASSERT_TRUE(wire.power_state());
    EXPECT_EQ(wire.sent[Wire::Way::to_bmc], 5);
    ASSERT_TRUE(wire.call(chassis_control(PowerAction::on)));
    wire.idle(1min);
    EXPECT_EQ(wire.bmc.protocol.session_count(), 0u);
}

TEST(SessionProtocolTest, Version15IsTheFallbackWhenAllowed) {
    auto client = client_options();
    client.allow_v1_5 = true;
    auto bmc = bmc_options();
    bmc.v2_0 = false;
    Wire wire(client, bmc);
    EXPECT_TRUE(wire.power_state());
}

TEST(SessionProtocolTest, Version15TakesSilenceForAWrongPassword) {
    auto client = client_options();
    client.protocol = Protocol::v1_5;
    client.password = Secret("wrong");
    Wire wire(client);
    auto outcome = wire.power_state();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().reason, Reason::bad_password);
}

TEST(SessionProtocolTest, Version15NamesAnUnknownUser) {
    auto client = client_options();
    client.protocol = Protocol::v1_5;
    client.user = "nobody";
    Wire wire(client);
    auto outcome = wire.power_state();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().reason, Reason::bad_password);
    EXPECT_NE(outcome.error().detail.find("does not know this user"), std::string::npos);
}

TEST(SessionProtocolTest, SilenceAfterAnAnswerNamesTheStage) {
    Wire wire;
    wire.lose = [](Wire::Way way, const Bytes& datagram) {
        return way == Wire::Way::to_client && datagram[4] == 6;  // answers discovery only
    };
    auto outcome = wire.power_state();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().reason, Reason::no_answer);
    EXPECT_NE(outcome.error().detail.find("Open Session"), std::string::npos);
}

}  // namespace
}  // namespace ferrite::ipmi
