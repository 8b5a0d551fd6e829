#include "agent/boot_parameters.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ferrite::agent {
namespace {

TEST(BootParameters, SplitsAtWhiteSpaceAndKeepsTheLastOfEqualKeys) {
    auto in = BootParameters::parse("quiet ipa-debug=0 a=b=c\tipa-debug=1\n nofb");
    EXPECT_EQ(in.get("a"), "b=c");
    EXPECT_EQ(in.get("ipa-debug"), "1");
    EXPECT_EQ(in.get("quiet"), std::nullopt);
}

TEST(BootParameters, ValuesOfAnOverlayWin) {
    auto in = BootParameters::parse("x=1 y=2");
    in.overlay(BootParameters::parse("y=3"));
    EXPECT_EQ(in.get("x"), "1");
    EXPECT_EQ(in.get("y"), "3");
}

TEST(BootParameters, KnowsTheSpellingsOfABoolean) {
    auto in = BootParameters::parse("a=TRUE b=off c=perhaps");
    EXPECT_TRUE(in.flag("a", false));
    EXPECT_FALSE(in.flag("b", true));
    EXPECT_TRUE(in.flag("c", true));
    EXPECT_FALSE(in.flag("absent", false));
}

TEST(AgentOptions, HasTheDefaultsOfTheProtocol) {
    auto options = read_options(BootParameters::parse("root=/dev/ram0"));
    EXPECT_TRUE(options.api_urls.empty());
    EXPECT_EQ(options.listen_port, 9999);
    EXPECT_EQ(options.lookup_timeout, std::chrono::seconds(600));
    EXPECT_EQ(options.minimum_root_bytes, 4ull << 30);
    EXPECT_TRUE(options.auto_tls);
}

TEST(AgentOptions, ReadsSeveralUrlsWithoutTheirSlash) {
    auto options = read_options(
        BootParameters::parse("ipa-api-url=http://10.0.0.1:6385/,https://b ipa-insecure=1 "
                              "ipa-agent-token=t BOOTIF=01-52-54-00-aa-bb-01"));
    EXPECT_EQ(options.api_urls, (std::vector<std::string>{"http://10.0.0.1:6385", "https://b"}));
    EXPECT_TRUE(options.insecure);
    EXPECT_EQ(options.agent_token, Secret("t"));
    EXPECT_EQ(options.boot_interface, "01-52-54-00-aa-bb-01");
}

TEST(AgentOptions, RefusesWhatCannotBe) {
    EXPECT_THROW(read_options(BootParameters::parse("ipa-api-url=ftp://x")), InvalidValue);
    EXPECT_THROW(read_options(BootParameters::parse("ipa-tls-min-version=1.1")), InvalidValue);
}

TEST(AgentOptions, FallsBackForNumbersOutOfBounds) {
    auto options = read_options(
        BootParameters::parse("ipa-listen-port=99999 ipa-lookup-timeout=abc ipa-advertise-port=0"));
    EXPECT_EQ(options.listen_port, 9999);
    EXPECT_EQ(options.lookup_timeout, std::chrono::seconds(600));
    EXPECT_EQ(options.advertise_port, 9999);
}

TEST(BootInterface, BecomesAMacAddress) {
    EXPECT_EQ(boot_interface_mac("01-52-54-00-AA-bb-01"), "52:54:00:aa:bb:01");
    EXPECT_EQ(boot_interface_mac("52:54:00:aa:bb:01"), "52:54:00:aa:bb:01");
    EXPECT_EQ(boot_interface_mac("eth0"), "");
    EXPECT_EQ(boot_interface_mac("52:54:00:aa:bb:0g"), "");
}

}  // namespace
}  // namespace ferrite::agent
