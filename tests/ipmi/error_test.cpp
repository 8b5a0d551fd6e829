#include "ipmi/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ipmi/session_options.h"
#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What the operator reads when a command fails with this client against this BMC.
std::string message_of(Wire& wire, Reason expected) {
    auto outcome = wire.power_state();
    if (outcome) return "no failure";
    EXPECT_EQ(outcome.error().reason, expected);
    Error error(outcome.error(), {"10.0.0.7", 623, "admin"});
    EXPECT_EQ(error.code(), "ipmi_" + std::string(to_text(expected)));
    EXPECT_EQ(error.http_status(), 500);
    EXPECT_THAT(error.message(), HasSubstr("BMC 10.0.0.7:623 (user \"admin\")"));
    EXPECT_THAT(error.message(), Not(HasSubstr("pa55word")));
    return error.message();
}

TEST(ErrorText, NoAnswerNamesThePortAndTheWaiting) {
    Wire wire;
    wire.lose = [](auto, const auto&) { return true; };
    auto text = message_of(wire, Reason::no_answer);
    EXPECT_THAT(text, HasSubstr("did not answer: for 60 s"));
    EXPECT_THAT(text, HasSubstr("UDP port"));
    EXPECT_EQ(wire.now - Wire::TimePoint(1h), 60s);
}

TEST(ErrorText, SilenceAtTheUserNameSaysSo) {
    Wire wire;
    wire.lose = [](auto, const Bytes& datagram) {
        return datagram[5] == static_cast<std::uint8_t>(PayloadType::rakp1);
    };
    EXPECT_THAT(message_of(wire, Reason::no_answer), HasSubstr("check the user name"));
}

TEST(ErrorText, WrongPasswordSaysSo) {
    for (std::uint8_t suite : {3, 17}) {
        auto options = client_options();
        options.password = Secret("wrong");
        options.cipher_suite = suite;
        Wire wire(options);
        auto text = message_of(wire, Reason::bad_password);
        EXPECT_THAT(text, HasSubstr("the password is wrong; correct the password"));
        wire.idle(1s);
        EXPECT_EQ(wire.bmc.protocol.session_count(), 0u) << "the half-open session was given up";
    }
}

TEST(ErrorText, UnknownUserSaysSo) {
    auto options = client_options();
    options.user = "nobody";
    Wire wire(options);
    auto text = message_of(wire, Reason::bad_password);
    EXPECT_THAT(text, HasSubstr("does not know this user"));
    EXPECT_THAT(text, HasSubstr("unauthorized name"));
}

TEST(ErrorText, MissingPrivilegeSaysSo) {
    auto options = client_options();
    options.user = "viewer";
    options.password = Secret("look");
    Wire wire(options);
    auto text = message_of(wire, Reason::bad_password);
    EXPECT_THAT(text, HasSubstr("privilege level"));
    EXPECT_THAT(text, HasSubstr("ask for a lower privilege level"));
}

TEST(ErrorText, WrongKgKeySaysSo) {
    auto bmc = bmc_options();
    bmc.kg_key = Secret("0123456789");
    Wire wire(client_options(), bmc);
    EXPECT_THAT(message_of(wire, Reason::bad_password), HasSubstr("Kg key"));
}

TEST(ErrorText, NoLanplusOffersVersion15) {
    auto bmc = bmc_options();
    bmc.v2_0 = false;
    Wire wire(client_options(), bmc);
    EXPECT_THAT(message_of(wire, Reason::no_lanplus), HasSubstr("version 1.5"));
}

TEST(ErrorText, NoCommonCipherNamesTheSuites) {
    auto bmc = bmc_options();
    bmc.cipher_suites = {1};
    Wire wire(client_options(), bmc);
    auto text = message_of(wire, Reason::no_common_cipher);
    EXPECT_THAT(text, HasSubstr("tried 17, 3"));
    EXPECT_THAT(text, HasSubstr("no matching cipher suite"));
    EXPECT_THAT(text, HasSubstr("enable cipher suite 17 or 3"));
}

TEST(ErrorText, NoFreeSessionIsSaidOnlyAfterTheDeadline) {
    auto bmc = bmc_options();
    bmc.max_sessions = 0;
    Wire wire(client_options(), bmc);
    auto text = message_of(wire, Reason::no_free_session);
    EXPECT_THAT(text, HasSubstr("insufficient resources"));
    EXPECT_THAT(text, HasSubstr("close sessions"));
    EXPECT_EQ(wire.now - Wire::TimePoint(1h), 60s);
}

TEST(ErrorText, RefusalNamesTheCompletionCode) {
    Wire wire;
    wire.bmc.completion_codes = {0xD5};
    auto text = message_of(wire, Reason::refused);
    EXPECT_THAT(text, HasSubstr("completion code 0xd5 (not supported in the present state)"));
}

TEST(ErrorText, AddressesOfIpv6AreBracketed) {
    EXPECT_THAT(Error({.reason = Reason::no_answer}, {"fd00::7", 623, ""}).message(),
                HasSubstr("[fd00::7]:623"));
}

TEST(SessionOptionsTest, ImpossibleOnesAreNamed) {
    auto refused = [](auto change, std::string_view word) {
        auto options = client_options();
        change(options);
        try {
            validate(options);
            ADD_FAILURE() << word;
        } catch (const InvalidValue& error) {
            EXPECT_THAT(error.message(), HasSubstr(std::string(word)));
        }
    };
    refused([](auto& o) { o.cipher_suite = 0; }, "cipher suite 0");
    refused([](auto& o) { o.cipher_suites_to_try = {}; }, "empty");
    refused([](auto& o) { o.user = std::string(17, 'u'); }, "user name");
    refused([](auto& o) { o.password = Secret(std::string(21, 'p')); }, "password");
    refused([](auto& o) { o.kg_key = Secret(std::string(21, 'k')); }, "Kg key");
    refused([](auto& o) { o.host = ""; }, "address");
    refused([](auto& o) { o.port = 0; }, "port");
    refused([](auto& o) { o.timeout = 0ms; }, "timeout");
    refused(
        [](auto& o) {
            o.protocol = Protocol::v1_5;
            o.password = Secret(std::string(17, 'p'));
        },
        "password");
    EXPECT_NO_THROW(validate(client_options()));
}

}  // namespace
}  // namespace ferrite::ipmi
