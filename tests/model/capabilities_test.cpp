#include "model/capabilities.h"

#include <gtest/gtest.h>

namespace ferrite::model {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

JsonText document(std::string_view text) {
    return JsonText(std::string(text));
}

TEST(Capabilities, ThreeSpellingsMeanTheSame) {
    Map expected{{"boot_mode", "uefi"}, {"disk_label", "gpt"}};
    EXPECT_EQ(capabilities(document(R"({"capabilities":{"boot_mode":"uefi","disk_label":"gpt"}})")),
              expected);
    EXPECT_EQ(capabilities(document(
                  R"({"capabilities":"{\"boot_mode\": \"uefi\", \"disk_label\": \"gpt\"}"})")),
              expected);
    EXPECT_EQ(capabilities(document(R"({"capabilities":"boot_mode:uefi,disk_label:gpt"})")),
              expected);
}

TEST(Capabilities, ValuesThatAreNoTextAreKeptAsJson) {
    EXPECT_EQ(capabilities(document(R"({"capabilities":{"secure_boot":true,"n":4,"l":[1]}})")),
              (Map{{"secure_boot", "true"}, {"n", "4"}, {"l", "[1]"}}));
}

TEST(Capabilities, PairsMayHaveColonsAndSpaces) {
    EXPECT_EQ(capabilities(document(R"({"capabilities":"a:b:c, boot_mode:bios ,empty:,,x"})")),
              (Map{{"a", "b:c"}, {"boot_mode", "bios"}, {"empty", ""}}));
    EXPECT_EQ(capabilities(document(R"({"capabilities":" {\"boot_mode\":\"bios\"} "})")),
              (Map{{"boot_mode", "bios"}}));
}

TEST(Capabilities, WhatCanNotBeReadIsAbsent) {
    for (std::string_view text :
         {"", "{}", "[]", "null", R"({"capabilities":null})", R"({"capabilities":7})",
          R"({"capabilities":[]})", R"({"capabilities":""})", R"({"capabilities":"words"})",
          R"({"capabilities":"{not json"})", R"({"capabilities":"{\"a\":"})"})
        EXPECT_TRUE(capabilities(document(text)).empty()) << text;
}

class BootMode : public testing::Test {
protected:
    std::string mode() const { return boot_mode_of(node_, "fallback"); }
    Node node_;
};

TEST_F(BootMode, FallsBack) {
    EXPECT_EQ(mode(), "fallback");
}

TEST_F(BootMode, FromTheLeastToTheMostImportantPlace) {
    node_.driver_internal_info = document(R"({"deploy_boot_mode":"last"})");
    EXPECT_EQ(mode(), "last");
    node_.properties = document(R"({"capabilities":"boot_mode:machine"})");
    EXPECT_EQ(mode(), "machine");
    node_.instance_info = document(R"({"deploy_boot_mode":"deprecated"})");
    EXPECT_EQ(mode(), "deprecated");
    node_.instance_info =
        document(R"({"capabilities":{"boot_mode":"instance"},"deploy_boot_mode":"deprecated"})");
    EXPECT_EQ(mode(), "instance");
    node_.instance_info =
        document(R"({"capabilities":{"boot_mode":"instance","secure_boot":"true"}})");
    EXPECT_EQ(mode(), "uefi");
}

TEST_F(BootMode, SecureBootInAnySpelling) {
    for (std::string_view yes : {R"("true")", R"("True")", R"("TRUE")", "true"}) {
        node_.instance_info = document(R"({"capabilities":{"boot_mode":"bios","secure_boot":)" +
                                       std::string(yes) + "}}");
        EXPECT_EQ(mode(), "uefi") << yes;
    }
    for (std::string_view no : {R"("false")", R"("")", "false", "null", R"("yes")"}) {
        node_.instance_info = document(R"({"capabilities":{"boot_mode":"bios","secure_boot":)" +
                                       std::string(no) + "}}");
        EXPECT_EQ(mode(), "bios") << no;
    }
}

TEST_F(BootMode, IsLowerCase) {
    node_.properties = document(R"({"capabilities":"boot_mode:UEFI"})");
    EXPECT_EQ(mode(), "uefi");
}

}  // namespace
}  // namespace ferrite::model
