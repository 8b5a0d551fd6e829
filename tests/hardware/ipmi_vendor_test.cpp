#include "hardware/ipmi_vendor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime.h"
#include "hardware/node_fixture.h"

namespace ferrite::hardware {
namespace {

TEST(RawBytes, TakesHexadecimalAndDecimal) {
    auto raw = parse_raw_bytes(" 0x06  0x34 255 0X1f ");
    EXPECT_EQ(raw.net_fn, 0x06);
    EXPECT_EQ(raw.command, 0x34);
    EXPECT_EQ(raw.data, (Bytes{255, 0x1F}));
    EXPECT_TRUE(parse_raw_bytes("6 1").data.empty());
}

TEST(RawBytes, RefusesWhatIsNoCommand) {
    std::string endless = "6 1";
    for (int i = 0; i < 1000; ++i) endless += " 0";
    for (const std::string& wrong :
         {std::string(""), std::string("0x06"), std::string("6 256"), std::string("6 -1"),
          std::string("6 0x"), std::string("0x06;reboot 1"), std::string("0x40 1"), endless})
        EXPECT_THROW(parse_raw_bytes(wrong), InvalidValue) << wrong.substr(0, 20);
}

TEST(IpmiVendor, OffersOneStepThatNeverRunsByItself) {
    Runtime runtime({.threads = 1, .name = "ipmi"});
    ipmi::Transport transport(runtime);
    Bmcs bmcs(transport, {});
    IpmiVendor vendor(bmcs);
    test::LooseNode node("ipmi");
    for (auto kind : {StepKind::clean, StepKind::deploy, StepKind::service}) {
        auto steps = vendor.steps(node, kind);
        ASSERT_EQ(steps.size(), 1U);
        EXPECT_EQ(steps[0].id(), "vendor.send_raw");
        EXPECT_EQ(steps[0].priority, 0);
        EXPECT_EQ(steps[0].requires_ramdisk, kind != StepKind::clean);
        EXPECT_EQ(member(member(steps[0].argsinfo, "raw_bytes"), "required"), Json(true));
    }
    EXPECT_THROW(vendor.validate(node), InvalidValue);
    node.set_info("ipmi_address", Json("10.0.0.7"));
    EXPECT_NO_THROW(vendor.validate(node));
    runtime.stop();
}

TEST(IpmiVendor, ChecksTheArgumentsOfItsMethods) {
    Runtime runtime({.threads = 1, .name = "ipmi"});
    ipmi::Transport transport(runtime);
    Bmcs bmcs(transport, {});
    IpmiVendor vendor(bmcs);
    test::LooseNode node("ipmi");
    node.set_info("ipmi_address", Json("10.0.0.7"));
    auto methods = vendor.methods();
    ASSERT_EQ(methods.size(), 2U);
    const auto& reset = methods[0];
    const auto& raw = methods[1];
    EXPECT_EQ(reset.name, "bmc_reset");
    EXPECT_EQ(raw.name, "send_raw");
    for (const char* good : {"{}", R"({"warm":null})", R"({"warm":false})", R"({"warm":"True"})"})
        EXPECT_NO_THROW(vendor.validate_call(node, reset, parse_json(good).get_object())) << good;
    for (const char* bad : {R"({"warm":5})", R"({"warm":"perhaps"})"})
        EXPECT_THROW(vendor.validate_call(node, reset, parse_json(bad).get_object()), InvalidValue);
    EXPECT_NO_THROW(vendor.validate_call(node, raw, {{"raw_bytes", "0x06 0x01"}}));
    for (const char* bad : {"{}", R"({"raw_bytes":"x"})", R"({"raw_bytes":6})"})
        EXPECT_THROW(vendor.validate_call(node, raw, parse_json(bad).get_object()), InvalidValue);
    node.node.driver_info = {};
    EXPECT_THROW(vendor.validate_call(node, reset, {}), InvalidValue);
    runtime.stop();
}

}  // namespace
}  // namespace ferrite::hardware
